"""Static files under the name of their content: a browser keeps them for good, and a new version has new addresses.

The name covers all files together and stands in front of the path, `/static/<build>/js/main.js`, so that modules which
import each other by relative addresses stay within one build. The plain addresses work too; nobody keeps those.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, Response

from services.build_name import DIGITS, build_name

FOREVER = 365 * 24 * 3600
"""Seconds; a year is the longest that RFC 9111 caches are used to."""
BUILD = re.compile(rf"([0-9a-f]{{{DIGITS}}})/(.+)")


def init_app(app: Flask) -> None:
    """Put the build into every address of a static file, and serve such addresses."""
    build = build_name(str(app.static_folder))

    def add_build(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values["filename"] = f"{build}/{values['filename']}"

    def serve(filename: str) -> Response:
        named = BUILD.fullmatch(filename)
        response = app.send_static_file(named[2] if named else filename)
        # During an upgrade a page of the next version may ask a server of this one: answered, but not to be kept.
        if named and named[1] == build:
            response.cache_control.no_cache = None
            response.cache_control.public = True
            response.cache_control.max_age = FOREVER
            response.cache_control.immutable = True
        return response

    app.url_defaults(add_build)
    app.view_functions["static"] = serve
