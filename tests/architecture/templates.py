"""Templates and scripts: titles, no inline code, no queries, every word through gettext."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from jinja2 import Environment, TemplateSyntaxError, nodes

from tests.architecture.sources import Finding, Sources

HOLE = "\N{REPLACEMENT CHARACTER}"
"""Stands for the value of an expression; lines are kept, so that a finding can name one."""
ATTRIBUTE = re.compile(r"[\w-]+=\"[^\"]*\"|\b(?:data|aria)-[\w-]+")
"""Macros and blocks may hold nothing but attributes of a tag."""
WORD = re.compile(r"[^\W\d_]{2,}")
SENTENCE = re.compile(r"[A-Z][a-z]+[ ’'][a-zA-Z]")
TOLD_ATTRIBUTES = frozenset({"alt", "aria-label", "aria-description", "placeholder", "title", "aria-roledescription"})
SILENT_TAGS = frozenset({"script", "style", "svg"})
UNTRANSLATED = frozenset({"Smart Voting", "UTC"})
GETTEXT = frozenset({"_", "gettext", "ngettext", "pgettext"})
NOT_PAGES = ("templates/components/", "templates/partials/", "templates/email/", "templates/layouts/")
INLINE = {
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)", re.I),
    "an inline handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.I),
    "a script as an address": re.compile(r"(?:href|src|action)\s*=\s*[\"']?\s*javascript:", re.I),
}
INLINE_STYLE = re.compile(r"<style\b|<[^>]*\sstyle\s*=", re.I)
QUERIES = re.compile(r"\bdb\.|\.query\b|\.filter_by\(|\.execute\(|\.scalars?\(")
ENVIRONMENT = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"], autoescape=True)


def every_page_has_a_title(sources: Sources) -> Iterator[Finding]:
    """Every page fills the title block of a layout, or brings a <title> of its own."""
    for path, text in sources.under("templates/", ends=".html"):
        tree = _parsed(path, text)
        if isinstance(tree, Finding):
            yield tree
            continue
        if path.startswith(NOT_PAGES) or _only_macros(tree):
            continue
        extends = tree.find(nodes.Extends)
        if extends is None:
            if not re.search(r"<title>[^<{]+</title>", text):
                yield Finding(path, 1, "a page without a layout and without a <title>")
        elif not str(getattr(extends.template, "value", "")).startswith("layouts/"):
            yield Finding(path, extends.lineno, "a page extends something that is no layout")
        elif not _fills(tree, "title"):
            yield Finding(path, 1, "a page without a title")


def layouts_ask_for_a_title(sources: Sources) -> Iterator[Finding]:
    """The base layout requires the title block, and the other layouts extend it."""
    for path, text in sources.under("templates/layouts/", ends=".html"):
        if path.endswith("/base.html"):
            if not re.search(r"<title>\{% block title required %\}", text):
                yield Finding(path, 1, "the base layout does not require a title")
        elif "{% extends" not in text:
            yield Finding(path, 1, "a layout that does not extend the base layout")


def templates_hold_no_code(sources: Sources) -> Iterator[Finding]:
    """No inline script, handler or style: the Content-Security-Policy refuses them. Mail needs inline styles."""
    for path, text in sources.under("templates/", ends=".html"):
        plain = _without_comments(text)
        checks = INLINE if path.startswith("templates/email/") else {**INLINE, "an inline style": INLINE_STYLE}
        for what, pattern in checks.items():
            for hit in pattern.finditer(plain):
                yield Finding(path, _line(plain, hit.start()), what)


def templates_run_no_queries(sources: Sources) -> Iterator[Finding]:
    """Templates show the values they are given."""
    for path, text in sources.under("templates/", ends=".html"):
        plain = _without_comments(text)
        for hit in QUERIES.finditer(plain):
            yield Finding(path, _line(plain, hit.start()), f"a query: {hit.group()}")


def templates_speak_through_gettext(sources: Sources) -> Iterator[Finding]:
    """Every word that a person sees or hears goes through _()."""
    for path, text in sources.under("templates/", ends=".html"):
        tree = _parsed(path, text)
        if isinstance(tree, Finding):
            continue  # every_page_has_a_title reports it
        page = _Words(_with_holes(text))
        for line, words in page.found:
            yield Finding(path, line, f"outside gettext: {words!r}")
        for line, words in _sentences_outside_gettext(tree):
            yield Finding(path, line, f"outside gettext: {words!r}")


def scripts_keep_to_their_element(sources: Sources) -> Iterator[Finding]:
    """Modules make no globals, run no text as code, write no HTML, and talk to the server through lib/http.js only."""
    traps = {
        "a global": r"\b(?:window|globalThis|self)\.\w+\s*=[^=]",
        "text run as code": r"\beval\(|new Function\(|document\.write",
        "HTML written as text": r"\.(?:inner|outer)HTML\s*=|insertAdjacentHTML",
        "a request outside lib/http.js": r"\bfetch\(|XMLHttpRequest|sendBeacon|WebSocket\(",
    }
    for path, text in sources.under("static/js/", ends=".js"):
        for what, pattern in traps.items():
            if what.endswith("lib/http.js") and path == "static/js/lib/http.js":
                continue
            for hit in re.finditer(pattern, re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)):
                yield Finding(path, _line(text, hit.start()), f"{what}: {hit.group()}")


class _Words(HTMLParser):
    """Collects the words a page says outside of expressions."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in SILENT_TAGS:
            self._open.append(tag)
        for name, value in attributes:
            if name in TOLD_ATTRIBUTES:
                self._note(value or "")

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        pass  # <path/>, <use/>: drawings

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            self._open.remove(tag)

    def handle_data(self, data: str) -> None:
        if not self._open:
            self._note(ATTRIBUTE.sub("", data))

    def _note(self, text: str) -> None:
        words = text.replace(HOLE, " ").strip()
        for name in UNTRANSLATED:
            words = words.replace(name, "")
        if WORD.search(words):
            self.found.append((self.getpos()[0], words.strip()[:60]))


def _with_holes(text: str) -> str:
    # Blocks vanish (their tags are not text), expressions leave a hole; both keep their line breaks.
    def keep_lines(match: re.Match[str]) -> str:
        return (HOLE if match.group().startswith("{{") else "") + "\n" * match.group().count("\n")

    return re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", keep_lines, text, flags=re.S)


def _sentences_outside_gettext(tree: nodes.Template) -> Iterator[tuple[int, str]]:
    translated = {
        id(constant)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in GETTEXT
        for constant in call.find_all(nodes.Const)
    }
    for constant in tree.find_all(nodes.Const):
        if id(constant) not in translated and isinstance(constant.value, str) and SENTENCE.match(constant.value):
            if constant.value not in UNTRANSLATED:
                yield constant.lineno, constant.value[:60]


def _parsed(path: str, text: str) -> nodes.Template | Finding:
    try:
        return ENVIRONMENT.parse(text)
    except TemplateSyntaxError as error:
        return Finding(path, error.lineno, f"cannot be read: {error.message}")


def _only_macros(tree: nodes.Template) -> bool:
    quiet = (nodes.Macro, nodes.Import, nodes.FromImport, nodes.Assign)
    for node in tree.body:
        blank = isinstance(node, nodes.Output) and all(
            isinstance(part, nodes.TemplateData) and not part.data.strip() for part in node.nodes
        )
        if not (blank or isinstance(node, quiet)):
            return False
    return True


def _fills(tree: nodes.Template, name: str) -> bool:
    for block in tree.find_all(nodes.Block):
        if block.name == name:
            data = "".join(part.data for part in block.find_all(nodes.TemplateData))
            return bool(data.strip()) or any(
                not isinstance(part, nodes.TemplateData)
                for output in block.find_all(nodes.Output)
                for part in output.nodes
            )
    return False


def _without_comments(text: str) -> str:
    return re.sub(r"\{#.*?#\}", lambda match: "\n" * match.group().count("\n"), text, flags=re.S)


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
