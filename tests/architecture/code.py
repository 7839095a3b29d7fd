"""Sizes, hints, docstrings and words in Python; contents of tracked files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.architecture.imports import calls, dotted
from tests.architecture.rooms import OURS
from tests.architecture.sources import Finding, Sources

FILE_LINES = 400
FUNCTION_LINES = 60
VIEW_LINES = 40
NAME_WORDS = 3
"""`test_`, then a sentence: fewer words than this cannot be one."""
MEASURED = (".py", ".js", ".html", ".sql")
Function = ast.FunctionDef | ast.AsyncFunctionDef
VERBS = ("route", "get", "post", "put", "delete", "patch")
# Written in two halves, so that this file does not find itself.
FORBIDDEN_TEXTS = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE " + "KEY-----",
    "an access token": r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|AKIA[0-9A-Z]{16}|xox[abpr]-[A-Za-z0-9-]{10,})",
    "a password in a URL": r"[a-z]+://[\w.-]+:(?!password@|\$|\{|%)[^\s:@/{}]{6,}@",
    "the host of a package registry": r"(?:pypi\.|files\.python" + r"hosted\.|registry\.npm" + r"js\.|-index" + "-url)",
    "a path of one machine": r"(?<![\w.~$}/])/(?:work|root|home|Users|tmp)" + r"/[\w.-]",
}


def files_are_short(sources: Sources) -> Iterator[Finding]:
    """No file has more than 400 lines."""
    for path, text in sources.texts.items():
        lines = text.count("\n")
        if path.endswith(MEASURED) and lines > FILE_LINES:
            yield Finding(path, lines, f"{lines} lines, the limit is {FILE_LINES}")


def functions_are_short(sources: Sources) -> Iterator[Finding]:
    """No function has more than 60 lines."""
    for path, tree in sources.python(*OURS, "tests/", "benchmarks/"):
        for node in _functions(tree):
            if (lines := _length(node)) > FUNCTION_LINES:
                yield Finding(path, node.lineno, f"{node.name} has {lines} lines, the limit is {FUNCTION_LINES}")


def views_are_short(sources: Sources) -> Iterator[Finding]:
    """No view has more than 40 lines."""
    for path, tree in sources.python("blueprints/"):
        for node in _functions(tree):
            if any(dotted(mark).split(".")[-1] in VERBS for mark in node.decorator_list):
                if (lines := _length(node)) > VIEW_LINES:
                    yield Finding(
                        path, node.lineno, f"the view {node.name} has {lines} lines, the limit is {VIEW_LINES}"
                    )


def everything_has_type_hints(sources: Sources) -> Iterator[Finding]:
    """Every function says the types of its arguments and of its result."""
    for path, tree in sources.python(*OURS):
        for node in _functions(tree):
            arguments = [
                *node.args.posonlyargs,
                *node.args.args,
                *node.args.kwonlyargs,
                node.args.vararg,
                node.args.kwarg,
            ]
            bare = [each.arg for each in arguments if each and not each.annotation and each.arg not in ("self", "cls")]
            if bare or node.returns is None:
                yield Finding(path, node.lineno, f"{node.name} lacks a type hint: {', '.join(bare) or 'its result'}")


def public_services_explain_themselves(sources: Sources) -> Iterator[Finding]:
    """Every public function and method in services has a docstring (properties and Protocols speak by their class)."""
    for path, tree in sources.python("services/"):
        for owner, node in _public_functions(tree.body):
            marks = {dotted(mark).split(".")[-1] for mark in node.decorator_list}
            if not ast.get_docstring(node) and not marks & {"property", "cached_property", "setter", "override"}:
                yield Finding(path, node.lineno, f"{owner}{node.name} has no docstring")


def nothing_prints(sources: Sources) -> Iterator[Finding]:
    """print() is for the command line; everything else logs."""
    for path, tree in sources.python(*OURS):
        for line, name, _call in calls(tree):
            if name == "print" and not path.startswith("blueprints/cli/"):
                yield Finding(path, line, "print() outside blueprints/cli")


def sentences_name_the_tests(sources: Sources) -> Iterator[Finding]:
    """A test's name says what must hold."""
    for path, tree in sources.python("tests/"):
        for node in _functions(tree):
            if path.split("/")[-1].startswith("test_") and node.name.startswith("test_"):
                if len(node.name.split("_")) <= NAME_WORDS:
                    yield Finding(path, node.lineno, f"{node.name} is no sentence")


def errors_speak_through_gettext(sources: Sources) -> Iterator[Finding]:
    """What is flashed, and what a domain error tells a person, goes through gettext."""
    domain = _domain_errors(sources)
    for path, tree in sources.python("services/", "blueprints/"):
        for line, name, call in calls(tree):
            told = [*call.args[:1], *(word.value for word in call.keywords if word.arg == "message")]
            plain = [each for each in told if isinstance(each, ast.JoinedStr) or _is_text(each)]
            if plain and (name.split(".")[-1] in domain or name in ("flash", "flask.flash")):
                yield Finding(path, line, f"{name}() with words outside gettext")


def settings_are_explained(sources: Sources) -> Iterator[Finding]:
    """.env.example has one line for each setting of config.py, under a comment, and no other."""
    example = sources.texts.get(".env.example", "").splitlines()
    lines = {line.split("=")[0]: number for number, line in enumerate(example, 1) if re.match(r"[A-Z0-9_]+=", line)}
    known = {
        node.target.id.upper(): node.lineno
        for _path, tree in sources.python("config.py")
        for kind in ast.walk(tree)
        if isinstance(kind, ast.ClassDef) and kind.name == "Settings"
        for node in kind.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    for name in known.keys() - lines.keys():
        yield Finding("config.py", known[name], f"{name} is not in .env.example")
    for name in lines.keys() - known.keys():
        yield Finding(".env.example", lines[name], f"{name} is no setting")
    for name in lines.keys() & known.keys():
        if not example[lines[name] - 2].startswith("#"):
            yield Finding(".env.example", lines[name], f"{name} has no comment above it")


def tracked_files_tell_nothing_private(sources: Sources) -> Iterator[Finding]:
    """No secret, no host of a package registry and no path of one machine is in a tracked file."""
    for path, text in sources.texts.items():
        for what, pattern in FORBIDDEN_TEXTS.items():
            for hit in re.finditer(pattern, text):
                yield Finding(path, text.count("\n", 0, hit.start()) + 1, f"{what}: {hit.group()}")
    for path in sources.paths:
        if path == ".env" or (path.startswith(("var/", "uploads/")) and not path.endswith(".gitkeep")):
            yield Finding(path, 1, "this must never be tracked")


def _functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def _length(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value


def _public_functions(body: list[ast.stmt], owner: str = "") -> Iterator[tuple[str, Function]]:
    for node in body:
        if isinstance(node, Function) and not node.name.startswith("_"):
            yield owner, node
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            if not any(dotted(base).split(".")[-1] == "Protocol" for base in node.bases):
                yield from _public_functions(node.body, f"{node.name}.")


def _domain_errors(sources: Sources) -> set[str]:
    found = {"DomainError"}
    while True:
        more = {
            node.name
            for _path, tree in sources.python("services/", "blueprints/")
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef) and any(dotted(base).split(".")[-1] in found for base in node.bases)
        }
        if more <= found:
            return found
        found |= more
