"""Each rule finds a violation planted in a tiny tree, and leaves the lawful neighbour alone."""

from __future__ import annotations

import pytest

from tests.architecture.code import FILE_LINES, FUNCTION_LINES, VIEW_LINES
from tests.architecture.rules import RULES
from tests.architecture.sources import Sources

LAYOUT = '{% extends "layouts/desk.html" %}{% block title %}{{ _("Voters") }}{% endblock %}'
BASE = "<title>{% block title required %}{% endblock %}</title>"
SETTINGS = "class Settings:\n    secret_key: str = ''\n    port: int = 8000\n"
KEY = "-----BEGIN RSA PRIVATE KEY-----"


def body(lines: int) -> str:
    return "\n".join(["    pass"] * lines)


PLANTED: list[tuple[str, str, str]] = [
    ("models_know_only_the_database", "models/voters.py", "from flask import request"),
    ("models_know_only_the_database", "models/voters.py", "from services import voters"),
    ("models_know_only_the_database", "models/voters.py", "from pathlib import Path"),
    ("models_know_only_the_database", "models/voters.py", "import smtplib"),
    ("services_never_see_http", "services/voters.py", "from flask import request"),
    ("services_never_see_http", "services/voters.py", "from flask import session, g"),
    ("services_never_see_http", "services/voters.py", "from flask import abort"),
    ("services_never_see_http", "services/voters.py", "def late():\n    from flask import flash"),
    ("services_never_see_http", "services/voters.py", "from flask import current_app"),
    ("services_never_see_http", "services/context.py", "from flask import g"),
    ("services_never_see_http", "services/voters.py", "import flask as anything"),
    ("services_know_no_view", "services/voters.py", "from blueprints.http import wants_json"),
    ("services_know_no_view", "models/voters.py", "import app"),
    ("services_keep_their_layers", "services/storage.py", "from services import voters"),
    ("services_keep_their_layers", "services/security/tokens.py", "from services.accounts import authenticate"),
    ("services_keep_their_layers", "services/voters/roll.py", "from services.jobs import run_worker"),
    ("services_keep_their_layers", "services/new_room.py", ""),
    ("siblings_use_public_names", "services/voters.py", "from services.elections import _roll"),
    ("siblings_use_public_names", "blueprints/poll/ballot.py", "from services._hidden import cast"),
    ("blueprints_stay_apart", "blueprints/poll/ballot.py", "from blueprints.admin import forms"),
    ("blueprints_stay_apart", "blueprints/http.py", "from blueprints import admin"),
    ("blueprints_hold_no_sql", "blueprints/poll/ballot.py", "from sqlalchemy import select"),
    ("blueprints_hold_no_sql", "blueprints/poll/ballot.py", "from models import db"),
    ("blueprints_hold_no_sql", "blueprints/poll/ballot.py", "import models\nmodels.db.session.get(1)"),
    ("blueprints_hold_no_crypto", "blueprints/poll/ballot.py", "import hashlib"),
    ("blueprints_hold_no_crypto", "blueprints/poll/ballot.py", "from nacl.public import SealedBox"),
    ("blueprints_hold_no_file_paths", "blueprints/media/__init__.py", "from pathlib import Path"),
    ("blueprints_hold_no_file_paths", "blueprints/media/__init__.py", "open('picture')"),
    ("blueprints_hold_no_file_paths", "blueprints/media/__init__.py", "def f(folder):\n    folder.read_bytes()"),
    ("only_config_reads_the_environment", "services/voters.py", "import os\nos.environ['PORT']"),
    ("only_config_reads_the_environment", "app.py", "import os\nos.getenv('PORT')"),
    ("only_config_reads_the_environment", "blueprints/cli/serve.py", "from os import environ\nenviron.get('PORT')"),
    ("only_the_base_commits", "services/voters.py", "db.session.commit()"),
    ("only_the_base_commits", "blueprints/poll/ballot.py", "transaction().rollback()"),
    ("only_the_base_commits", "models/voters.py", "with db.engine.begin() as connection:\n    pass"),
    ("only_the_engine_touches_dlib", "services/face_service/service.py", "import dlib"),
    ("only_the_engine_touches_dlib", "tests/services/test_face.py", "def f():\n    import face_recognition"),
    ("only_storage_writes_uploads", "services/exports/pdf.py", "def f(settings):\n    return settings.upload_folder"),
    ("only_storage_writes_uploads", "services/exports/pdf.py", "TARGET = 'uploads/result.pdf'"),
    ("only_the_clock_tells_the_time", "services/voters.py", "now = datetime.now(UTC)"),
    ("only_the_clock_tells_the_time", "models/voters.py", "import datetime\ntoday = datetime.date.today()"),
    ("the_top_level_is_fixed", "helpers/strings.py", ""),
    ("the_top_level_is_fixed", "notes.txt", ""),
    ("files_are_short", "services/voters.py", "\n" * (FILE_LINES + 1)),
    ("files_are_short", "static/js/modules/long.js", "\n" * (FILE_LINES + 1)),
    ("functions_are_short", "services/voters.py", f"def long():\n{body(FUNCTION_LINES)}"),
    ("functions_are_short", "tests/test_long.py", f"class A:\n  async def long():\n{body(FUNCTION_LINES)}"),
    ("views_are_short", "blueprints/poll/ballot.py", f"@bp.get('/')\n@public\ndef page():\n{body(VIEW_LINES)}"),
    ("everything_has_type_hints", "blueprints/http.py", "def text(values) -> str:\n    pass"),
    ("everything_has_type_hints", "services/voters.py", "def text(values: int):\n    pass"),
    ("public_services_explain_themselves", "services/voters.py", "def find() -> None:\n    pass"),
    ("public_services_explain_themselves", "services/voters.py", "class A:\n    def find(self) -> None:\n        pass"),
    ("nothing_prints", "services/voters.py", "print('found')"),
    ("sentences_name_the_tests", "tests/services/test_voters.py", "def test_voter():\n    pass"),
    ("errors_speak_through_gettext", "blueprints/poll/ballot.py", "flash('Your vote is cast.')"),
    ("errors_speak_through_gettext", "services/voters.py", "class Gone(DomainError): ...\nraise Gone('It is gone.')"),
    ("errors_speak_through_gettext", "services/voters.py", "class Gone(DomainError): ...\nraise Gone(f'{1} is gone.')"),
    ("settings_are_explained", "config.py", f"{SETTINGS}    host: str = ''\n"),
    ("settings_are_explained", ".env.example", "# Signs\nSECRET_KEY=\n# Port\nPORT=\n# Nobody knows it\nUNKNOWN=\n"),
    ("settings_are_explained", ".env.example", "# Signs\nSECRET_KEY=\nPORT=\n"),
    ("tracked_files_tell_nothing_private", "docs/note.md", KEY),
    ("tracked_files_tell_nothing_private", "docs/note.md", "token ghp_" + "a1" * 18),
    ("tracked_files_tell_nothing_private", ".env.example", "DB_URL=postgresql://web:dk3Jx92pQ@db/votes"),
    ("tracked_files_tell_nothing_private", "requirements.txt", "--extra-index-url=https://example.org/simple"),
    ("tracked_files_tell_nothing_private", "docs/note.md", "see https://pypi.org/project/x"),
    ("tracked_files_tell_nothing_private", "docs/note.md", "cd /home/somebody/project"),
    ("tracked_files_tell_nothing_private", ".env", "PORT=1"),
    ("tracked_files_tell_nothing_private", "uploads/private/face.enc", ""),
    ("every_page_has_a_title", "templates/admin/list.html", '{% extends "layouts/desk.html" %}'),
    ("every_page_has_a_title", "templates/admin/list.html", LAYOUT.replace('{{ _("Voters") }}', " ")),
    ("every_page_has_a_title", "templates/admin/list.html", LAYOUT.replace("layouts/desk", "admin/other")),
    ("every_page_has_a_title", "templates/admin/list.html", "<html><title></title></html>"),
    ("every_page_has_a_title", "templates/admin/list.html", "{% if %}"),
    ("layouts_ask_for_a_title", "templates/layouts/base.html", BASE.replace(" required", "")),
    ("layouts_ask_for_a_title", "templates/layouts/other.html", "<html></html>"),
    ("templates_hold_no_code", "templates/admin/list.html", "<script>alert(1)</script>"),
    ("templates_hold_no_code", "templates/admin/list.html", "<style>a{}</style>"),
    ("templates_hold_no_code", "templates/admin/list.html", '<p\nstyle="color:red">'),
    ("templates_hold_no_code", "templates/admin/list.html", '<button onclick="go()">'),
    ("templates_hold_no_code", "templates/email/x/body.html", '<a href="javascript:go()">'),
    ("templates_run_no_queries", "templates/admin/list.html", "{% for v in Voter.query.all() %}{% endfor %}"),
    ("templates_run_no_queries", "templates/admin/list.html", "{{ db.session }}"),
    ("templates_speak_through_gettext", "templates/admin/list.html", "<p>Voters</p>"),
    ("templates_speak_through_gettext", "templates/admin/list.html", '<p>{{ _("All") }} voters</p>'),
    ("templates_speak_through_gettext", "templates/admin/list.html", '<img src="{{ url }}" alt="A voter">'),
    ("templates_speak_through_gettext", "templates/admin/list.html", '{{ ui.button("Add a voter") }}'),
    ("scripts_keep_to_their_element", "static/js/modules/a.js", "window.secret = 1;"),
    ("scripts_keep_to_their_element", "static/js/modules/a.js", "row.innerHTML = text;"),
    ("scripts_keep_to_their_element", "static/js/modules/a.js", 'fetch("/poll/vote")'),
    ("scripts_keep_to_their_element", "static/js/lib/http.js", "eval(text)"),
]

LAWFUL: dict[str, str] = {
    "models/voters.py": "import enum\nfrom sqlalchemy import Text\nfrom models.base import Model\n",
    "services/context.py": "from flask import current_app\n",
    "services/clock.py": "from datetime import datetime\nnow = datetime.now()\n",
    "services/storage.py": "def f(settings: object) -> None:\n    '''Say where.'''\n    settings.upload_folder\n",
    "services/accounts.py": "from flask_babel import gettext as _\nfrom services.errors import NotFound\n"
    "class Gone(NotFound): ...\n"
    "def _find() -> None:\n    with db.session.begin_nested():\n        raise Gone(_('It is gone.'))\n",
    "services/face_service/engine.py": "import dlib\n",
    "services/jobs/worker.py": "from services import accounts, storage\nfrom services.jobs._own import x\n",
    "models/base.py": "def f() -> None:\n    db.session.commit()\n",
    "config.py": f"import os\nenv = os.environ\n{SETTINGS}",
    ".env.example": "# Signs\nSECRET_KEY=\n# Port\nPORT=8000\n",
    "blueprints/http.py": "from flask import request\n",
    "blueprints/admin/__init__.py": "from blueprints.http import body\nfrom blueprints.admin import forms\n"
    "from models import transaction\nfrom services import voters\n"
    "@bp.get('/')\ndef page(a: int) -> str:\n    return ''\n",
    "blueprints/cli/commands.py": "def f() -> None:\n    print('done')\n",
    "tests/test_voters.py": "def test_a_voter_has_a_number():\n    pass\n",
    "templates/layouts/base.html": BASE,
    "templates/layouts/desk.html": '{% extends "layouts/base.html" %}',
    "templates/admin/list.html": LAYOUT + '{# Say so #}<p title="{{ _("All voters") }}" data-module="list">'
    '{{ ui.button(_("Add a voter")) }} {{ when(at, "EEEE d MMMM") }} 50 %</p>'
    '<script type="module" src="/x.js"></script>',
    "templates/admin/parts.html": '{% macro row(v) %}<li aria-current="page">{{ v.name }}</li>{% endmacro %}',
    "templates/email/x/body.html": '<p style="margin:0">{{ _("Your vote is recorded.") }}</p>',
    "static/js/lib/http.js": "export const post = () => fetch('/');",
    "static/js/modules/a.js": "// fetch() is not ours\nif (window.isSecureContext === true) {}",
    "docs/note.md": "postgresql://username:password@localhost:5432/smart_voting, https://example.org/work/list\n",
    "uploads/.gitkeep": "",
    **dict.fromkeys(("app.py", "requirements.txt", "services/email_service/__init__.py"), ""),
    **dict.fromkeys(("services/audit_logger.py", "services/security/__init__.py"), ""),
    **dict.fromkeys((f"blueprints/{name}/__init__.py" for name in ("auth", "poll", "results")), ""),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_finds_nothing_in_a_lawful_tree(rule):
    assert list(map(str, RULES[rule](Sources(dict(LAWFUL))))) == []


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED)
def test_a_rule_finds_what_was_planted(rule, path, text):
    found = list(RULES[rule](Sources({**LAWFUL, path: text})))
    assert {finding.path for finding in found} & {path, path.split("/")[0], "config.py"}, found


def test_every_rule_has_something_planted():
    assert set(RULES) == {rule for rule, _path, _text in PLANTED}


def test_an_ordered_room_may_not_vanish():
    without = {path: text for path, text in LAWFUL.items() if not path.startswith("services/security")}
    assert [found.path for found in RULES["the_top_level_is_fixed"](Sources(without))] == ["services/security"]
