"""Which names a Python file imports, and how its calls are spelled."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def imported_names(tree: ast.Module, typing_too: bool = True) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of all that is imported, `from a import b` as `a.b`.

    Without `typing_too` the imports that only a type checker runs are left out.
    """
    skipped = set() if typing_too else _lines_for_type_checkers(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names]
        else:
            continue
        if node.lineno not in skipped:
            for name in names:
                yield node.lineno, name


def starts_with(name: str, *modules: str) -> bool:
    """Tell whether a dotted name is one of the modules or lies in it."""
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def dotted(node: ast.AST) -> str:
    """Return `a.b.c` of a name or attribute; a call or subscript on the way is left out; '' for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return dotted(node.func)
    return dotted(node.value) if isinstance(node, ast.Subscript) else ""


def calls(tree: ast.AST) -> Iterator[tuple[int, str, ast.Call]]:
    """Yield (line, dotted name of what is called, the call)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, dotted(node.func), node


def _lines_for_type_checkers(tree: ast.Module) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and dotted(node.test).endswith("TYPE_CHECKING"):
            for inner in node.body:
                lines.update(range(inner.lineno, (inner.end_lineno or inner.lineno) + 1))
    return lines
