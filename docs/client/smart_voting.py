"""A command-line client of the API, made at run time from the server's own OpenAPI document and from nothing else.

    python smart_voting.py http://localhost:8000                              # the operations, a line each
    python smart_voting.py http://localhost:8000 link_ballot --help           # what one takes
    python smart_voting.py http://localhost:8000 link_cast --token … --choice 7

Every parameter and every field of a body is an option of its name. A field that is no text is JSON; one of a file is a
path; one that takes several files may come several times. @FILE instead of a value is the text of that file, and the
access token stands in SMART_VOTING_TOKEN, so that no process list shows a secret. An Idempotency-Key is drawn where an
operation asks for one, and printed first: to repeat a call whose answer was lost, give it again. Answers go to standard
output; a refusal to standard error, with exit code 1.
"""

from __future__ import annotations

import argparse
import json
import mimetypes
import os
import secrets
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

DESCRIPTION = "/api/v1/openapi.json"
ACCESS = "SMART_VOTING_TOKEN"
FORM = "multipart/form-data"
Json = dict[str, Any]
Send = Callable[[str, str, dict[str, str], bytes | None], tuple[int, str, bytes]]
"""(method, address, headers, body) to (status, media type, body)."""


def send(method: str, address: str, headers: dict[str, str], body: bytes | None) -> tuple[int, str, bytes]:
    """Ask the server; raises OSError without a line to it."""
    request = urllib.request.Request(address, body, headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers.get_content_type(), refused.read()


class Api:
    """The operations of an OpenAPI document, by their operationId."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self.operations = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if "operationId" in operation
        }

    def resolved(self, schema: Json) -> Json:
        """Return the schema that a reference into the document stands for."""
        if "$ref" not in schema:
            return schema
        found: Any = self.document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return self.resolved(found)

    def body(self, operation: Json) -> tuple[str, Json]:
        """Return the media type of the body and its fields; empty when it has none."""
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            return kind, self.resolved(content["schema"])
        return "", {}

    def is_file(self, schema: Json) -> bool:
        schema = self.resolved(schema)
        return "contentMediaType" in self.resolved(schema.get("items", schema))

    def is_text(self, schema: Json) -> bool:
        """Tell whether a field is text as typed, or nothing; every other one is JSON where it reads so."""
        kinds = [self.resolved(one).get("type") for one in self.resolved(schema).get("anyOf", [schema])]
        return set(kinds) <= {"string", "null"}


def parser_of(api: Api, name: str) -> argparse.ArgumentParser:
    """Return the options of an operation: its parameters, then the fields of its body."""
    _method, _path, operation = api.operations[name]
    parser = argparse.ArgumentParser(prog=name, description=operation.get("summary"))
    for parameter in operation.get("parameters", []):
        needed = parameter.get("required", False) and parameter["in"] != "header"
        parser.add_argument(f"--{parameter['name']}", required=needed, help=parameter.get("description"))
    _kind, schema = api.body(operation)
    for field, found in schema.get("properties", {}).items():
        many = "append" if api.is_file(found) and api.resolved(found).get("type") == "array" else "store"
        parser.add_argument(f"--{field}", required=field in schema.get("required", []), action=many,
                            help=api.resolved(found).get("description"))  # fmt: skip
    return parser


def call(api: Api, server: str, name: str, given: Json, ask: Send = send) -> tuple[int, str, bytes]:
    """Call an operation with the options that were given; returns status, media type and body of the answer."""
    method, path, operation = api.operations[name]
    headers = {"Accept": "application/json, */*"}
    if os.environ.get(ACCESS):
        headers["Authorization"] = f"Bearer {os.environ[ACCESS]}"
    query = {}
    for parameter in operation.get("parameters", []):
        key, where = parameter["name"], parameter["in"]
        value = given.get(key)
        if where == "header" and value is None and parameter.get("required"):
            value = secrets.token_urlsafe(24)
            print(f"{key}: {value}", file=sys.stderr)
        if value is None:
            continue
        if where == "path":
            path = path.replace(f"{{{key}}}", urllib.parse.quote(value, safe=""))
        else:
            (headers if where == "header" else query)[key] = value
    kind, schema = api.body(operation)
    body = None
    if kind:
        fields = {key: found for key, found in schema.get("properties", {}).items() if given.get(key) is not None}
        body, headers["Content-Type"] = (_form if kind == FORM else _json)(api, fields, given)
    address = server + path + (f"?{urllib.parse.urlencode(query)}" if query else "")
    return ask(method, address, headers, body)


def _json(api: Api, fields: Json, given: Json) -> tuple[bytes, str]:
    values = {key: given[key] if api.is_text(found) else _read(given[key]) for key, found in fields.items()}
    return json.dumps(values).encode(), "application/json"


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _form(api: Api, fields: Json, given: Json) -> tuple[bytes, str]:
    border = secrets.token_hex(16)
    parts = (part for key, found in fields.items() for part in _parts(api.is_file(found), key, given[key]))
    lines = b"".join(f"--{border}\r\n".encode() + part + b"\r\n" for part in parts)
    return lines + f"--{border}--\r\n".encode(), f"{FORM}; boundary={border}"


def _parts(is_file: bool, key: str, value: str | list[str]) -> Iterator[bytes]:
    for item in value if isinstance(value, list) else [value]:
        head = f'Content-Disposition: form-data; name="{key}"'
        if not is_file:
            yield f"{head}\r\n\r\n{item}".encode()
            continue
        kind = mimetypes.guess_type(item)[0] or "application/octet-stream"
        start = f'{head}; filename="{urllib.parse.quote(Path(item).name)}"\r\nContent-Type: {kind}\r\n\r\n'
        yield start.encode() + Path(item).read_bytes()


def main(arguments: list[str], ask: Send = send) -> int:
    """Run one command; returns the exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0
    server, *rest = arguments
    server = server.rstrip("/")
    if not server.startswith(("http://", "https://")):
        print("The address of the server begins with http:// or https://.", file=sys.stderr)
        return 1
    try:
        return run(server, rest, ask)
    except OSError as error:
        print(f"{error}. Look at the address of the server, and at the files that you named.", file=sys.stderr)
        return 1


def run(server: str, rest: list[str], ask: Send) -> int:
    """Read the server's document, then list its operations or call one; raises OSError."""
    status, kind, text = ask("GET", server + DESCRIPTION, {}, None)
    if status != HTTPStatus.OK:
        return shown(status, kind, text)
    api = Api(json.loads(text))
    if not rest or rest[0] not in api.operations:
        for name, (_method, _path, operation) in sorted(api.operations.items()):
            print(f"{name:32} {operation.get('summary', '')}")
        return int(bool(rest))
    return shown(*call(api, server, rest[0], options(api, rest[0], rest[1:]), ask))


def options(api: Api, name: str, arguments: list[str]) -> Json:
    """Return what was given for an operation, by the document's names; exits with a usage line when it is wrong."""
    given = {key: _from_file(value) for key, value in vars(parser_of(api, name).parse_args(arguments)).items()}
    # argparse writes Idempotency-Key as Idempotency_Key.
    return given | {key.replace("_", "-"): value for key, value in given.items()}


def _from_file(value: Any) -> Any:
    return Path(value[1:]).read_text().strip() if isinstance(value, str) and value.startswith("@") else value


def shown(status: int, kind: str, body: bytes) -> int:
    """Print an answer; returns the exit code."""
    if status < HTTPStatus.BAD_REQUEST:
        if kind.endswith("json"):
            print(body.decode())
        else:
            sys.stdout.buffer.write(body)
        return 0
    problem = json.loads(body) if kind.endswith("json") else {}
    print(f"{problem.get('title', status)}: {problem.get('detail', 'The answer is none of the API.')}", file=sys.stderr)
    for field, why in (problem.get("fields") or {}).items():
        print(f"  {field}: {why}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
