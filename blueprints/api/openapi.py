"""The OpenAPI 3.1 document, made out of the routes and what `@documented` says of each."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from blueprints.api.operations import KEY_HEADER, Operation
from blueprints.api.shapes import Nothing, Problem, Shape

REFERENCE = "#/components/schemas/{model}"
ALWAYS = (404, 405, 422, 429, 500, 503)
WITH_BODY = (400, 413, 415)
PROBLEMS = {
    400: "The request could not be read", 401: "Sign in first", 403: "Not for this role", 404: "Nothing is there",
    405: "Another method is needed", 409: "Not in the present state", 410: "Over", 413: "Too large",
    415: "Another kind of content is needed", 422: "Some entries need a change", 429: "Too many requests",
    500: "Something went wrong here", 503: "Not ready",
}  # fmt: skip
INTRODUCTION = (
    "What the pages of Smart Voting do, for programs. Sign in, send `Authorization: Bearer <access token>`, refresh "
    "the token when it ends. Every error is a problem document with a stable `code`."
)
GROUPS = (
    "Signing in", "Registering", "Elections", "Candidates", "Parties and pictures", "Voters", "Voters from a file",
    "Registrations", "Electoral roll", "Faces", "Voting links", "Voting by link", "Voting in the account",
    "Showing the own face", "Results", "Evidence", "Second person", "Audit log", "Analytics", "Meetings", "Attendance",
    "Reviews of check-ins", "Votes of a meeting", "Checking in", "Devices",
)  # fmt: skip
"""The order in which pages show the groups; those not named come last."""
Json = dict[str, Any]


def document(app: Flask, version: str = "1.0.0") -> Json:
    """Return the whole document; operations in the order of their paths."""
    found = sorted(_operations(app), key=lambda one: (one[0].rule, one[1]))
    shapes = {Problem, *(shape for _rule, _method, view in found for shape in _shapes(view.__operation__))}
    ordered = sorted(((shape, "validation") for shape in shapes), key=lambda one: one[0].__name__)
    _map, definitions = models_json_schema(ordered, ref_template=REFERENCE)  # type: ignore[arg-type]
    paths: Json = {}
    for rule, method, view in found:
        paths.setdefault(_path(rule), {})[method.lower()] = _operation(rule, view)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Smart Voting", "version": version, "description": INTRODUCTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in _groups(found)],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operations(app: Flask) -> list[tuple[Rule, str, Any]]:
    return [
        (rule, method, app.view_functions[rule.endpoint])
        for rule in app.url_map.iter_rules()
        if hasattr(app.view_functions[rule.endpoint], "__operation__")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]


def _groups(found: list[tuple[Rule, str, Any]]) -> list[str]:
    known = {view.__operation__.group for _rule, _method, view in found}
    return [name for name in GROUPS if name in known] + sorted(known - set(GROUPS))


def _shapes(said: Operation) -> list[type[Shape]]:
    return [shape for shape in (said.answer, said.body, said.query) if isinstance(shape, type) and shape is not Nothing]


def _operation(rule: Rule, view: Any) -> Json:
    said: Operation = view.__operation__
    summary, _stop, more = " ".join((view.__doc__ or "").split()).partition(". ")
    found: Json = {
        "operationId": rule.endpoint.removeprefix("api.").replace(".", "_"),
        "tags": [said.group],
        "summary": summary.rstrip("."),
        "parameters": [*_in_path(rule), *_in_query(said), *_in_header(said)],
        "responses": _responses(said, protected := view.__policy__ != "public"),
    }
    if more:
        found["description"] = more
    if said.body is not None:
        content = {"multipart/form-data" if said.multipart else "application/json": {"schema": _ref(said.body)}}
        found["requestBody"] = {"required": True, "content": content}
    if protected:
        found["security"] = [{"bearer": []}]
    return found


def _responses(said: Operation, protected: bool) -> Json:
    ok = {"description": "Done", "content": _answer(said.answer)}
    statuses = {*ALWAYS, *said.refuses, *(WITH_BODY if said.body else ()), *((401, 403) if protected else ())}
    refused = {"application/problem+json": {"schema": _ref(Problem)}}
    return {str(said.status): ok} | {
        str(status): {"description": PROBLEMS[status], "content": refused} for status in sorted(statuses)
    }


def _answer(answer: type[Shape] | str) -> Json:
    if isinstance(answer, str):
        return {answer: {"schema": {"type": "string"}}}
    return {"application/json": {"schema": _ref(answer)}}


def _path(rule: Rule) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)


def _in_path(rule: Rule) -> list[Json]:
    kinds = {"uuid": {"type": "string", "format": "uuid"}, "int": {"type": "integer", "minimum": 1}}
    found = re.findall(r"<(?:(\w+):)?(\w+)>", rule.rule)
    return [
        {"name": name, "in": "path", "required": True, "schema": kinds.get(kind, {"type": "string"})}
        for kind, name in found
    ]


def _in_query(said: Operation) -> list[Json]:
    schema = said.query.model_json_schema(ref_template=REFERENCE)
    needed = schema.get("required", [])
    properties: Json = schema.get("properties", {})
    return [
        {"name": name, "in": "query", "required": name in needed, "schema": _without_null(one)}
        for name, one in properties.items()
    ]


def _without_null(one: Json) -> Json:
    """Return the schema of a question that may be left out: in an address nothing is null."""
    kinds = [kind for kind in one.get("anyOf", []) if kind != {"type": "null"}]
    return kinds[0] if len(kinds) == 1 else one


def _in_header(said: Operation) -> list[Json]:
    if not (said.keyed or said.repeatable):
        return []
    words = "128 random bits or more of your own. Repeat with the same key: you get the first answer again."
    schema = {"type": "string", "minLength": 22, "maxLength": 128, "pattern": "^[A-Za-z0-9_-]+$"}
    return [{"name": KEY_HEADER, "in": "header", "required": said.keyed, "description": words, "schema": schema}]


def _ref(shape: type[Shape]) -> Json:
    return {"$ref": REFERENCE.format(model=shape.__name__)}
