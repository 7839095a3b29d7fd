"""What a line may touch: the table of docs/architecture.md as checks on imports and calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.imports import calls, dotted, imported_names, starts_with
from tests.architecture.sources import Finding, Sources

OURS = ("app.py", "config.py", "models/", "services/", "blueprints/")
TOP_LEVEL = frozenset(
    "app.py config.py models blueprints services templates static uploads migrations tests requirements.txt"
    " .env.example README.md Makefile pyproject.toml requirements-dev.txt docs benchmarks deploy .ci vendor"
    " .gitignore".split()
)
ORDERED = (
    *("app.py", "config.py", "requirements.txt", ".env.example"),
    *("services/face_service", "services/email_service", "services/audit_logger", "services/security"),
    *("blueprints/auth", "blueprints/admin", "blueprints/poll", "blueprints/results"),
)
LAYERS = ("platform", "domain", "operation")
ROOM_OF: dict[str, str] = {
    **dict.fromkeys(
        "build_name"
        " actor audit_logger clock context counting database_errors disk email_service errors face_service geo hashing"
        " live log_files metrics person_name pictures portraits private_file rate_limit_storage savepoints sealed_file"
        " security settings_rules settings_values storage worker_beats redis_limits redis_server remembered"
        " replica partitions write_probe qr_code clock_skew database_clock pooled".split(),
        "platform",
    ),
    **dict.fromkeys(
        "accounts api_requests api_tokens approvals attendance audit_trail ballots booth_sheet box_keys candidates"
        " charts meeting_result motions presence result_rules"
        " confirmations desk desk_figures elections enrolment evidence exports face_comparison heads identification"
        " kiosks mailings membership result_report result_words results roll_fingerprint roll_import rolls"
        " rounds same_face second_step shown_result staff tie_act ties verdict voter_links verification"
        " voter_accounts voters voting_links".split(),
        "domain",
    ),
    **dict.fromkeys(
        "forking privacy production_check"
        " api_pages backup boot embedded_postgres face_erasure first_keys"
        " first_run health jobs key_rotation ops_figures retention"
        " secrecy_audit seed tls_certificate".split(),
        "operation",
    ),
}
CRYPTO = ("cryptography", "nacl", "hashlib", "hmac", "bcrypt", "services.security.encryption", "services.box_keys._")
FILES = ("pathlib", "os", "shutil", "tempfile", "glob")
FILE_METHODS = frozenset(
    "mkdir rmdir unlink touch rename iterdir rglob read_text read_bytes write_text write_bytes".split()
)


def models_know_only_the_database(sources: Sources) -> Iterator[Finding]:
    """Models import no Flask request names, services, mail or files."""
    forbidden = ("flask", "werkzeug", "services", "blueprints", "app", "config", "smtplib", "email", "flask_mail")
    for path, tree in sources.python("models/"):
        for line, name in imported_names(tree):
            if starts_with(name, *forbidden, *FILES):
                yield Finding(path, line, f"a model imports {name}")


def services_never_see_http(sources: Sources) -> Iterator[Finding]:
    """Services import nothing of Flask or Werkzeug; only services/context.py finds the application."""
    for path, tree in sources.python("services/"):
        for line, name in imported_names(tree):
            if name == "flask.current_app" and path == "services/context.py":
                continue
            if starts_with(name, "flask", "werkzeug", "flask_wtf", "flask_limiter", "flask_login"):
                yield Finding(path, line, f"a service imports {name}")


def services_know_no_view(sources: Sources) -> Iterator[Finding]:
    """Models and services import neither blueprints nor the application."""
    for path, tree in sources.python("services/", "models/"):
        for line, name in imported_names(tree):
            if starts_with(name, "blueprints", "app"):
                yield Finding(path, line, f"{name} is above")


def services_keep_their_layers(sources: Sources) -> Iterator[Finding]:
    """Platform imports platform; domain imports platform and domain; operation imports any service."""
    for path, tree in sources.python("services/"):
        own = path.removeprefix("services/").removesuffix(".py").split("/")[0]
        if own == "__init__":
            continue
        if own not in ROOM_OF:
            yield Finding(path, 1, f"services.{own} has no layer; give it one in ROOM_OF and docs/architecture.md")
            continue
        for line, name in imported_names(tree, typing_too=False):
            other = name.split(".")[1] if starts_with(name, "services") and "." in name else own
            if LAYERS.index(ROOM_OF.get(other, "platform")) > LAYERS.index(ROOM_OF[own]):
                yield Finding(path, line, f"{ROOM_OF[own]} {own} imports {ROOM_OF[other]} {other}")


def siblings_use_public_names(sources: Sources) -> Iterator[Finding]:
    """Nobody imports a name that starts with an underscore from another room."""
    for path, tree in sources.python(*OURS):
        own = ".".join(path.split("/")[:2]).removesuffix(".py")
        for line, name in imported_names(tree):
            private = any(part.startswith("_") and not part.startswith("__") for part in name.split("."))
            if private and starts_with(name, "models", "services", "blueprints") and not starts_with(name, own):
                yield Finding(path, line, f"{name} is private")


def blueprints_stay_apart(sources: Sources) -> Iterator[Finding]:
    """A blueprint (a folder) is imported by itself and app.py only; what is shared are files beside the folders."""
    folders = {path.split("/")[1] for path in sources.paths if path.startswith("blueprints/") and path.count("/") > 1}
    for path, tree in sources.python("blueprints/"):
        own = path.split("/")[1]
        for line, name in imported_names(tree):
            parts = name.split(".")
            if parts[0] == "blueprints" and len(parts) > 1 and parts[1] in folders - {own}:
                yield Finding(path, line, f"{own} imports the blueprint {parts[1]}")


def blueprints_hold_no_sql(sources: Sources) -> Iterator[Finding]:
    """Blueprints touch no SQL and no session of the database."""
    for path, tree in sources.python("blueprints/"):
        for line, name in imported_names(tree):
            if starts_with(name, "sqlalchemy", "psycopg2", "models.db", "models.base.db"):
                yield Finding(path, line, f"a blueprint imports {name}")
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr == "session" and dotted(node.value).split(".")[-1] == "db":
                yield Finding(path, node.lineno, "a blueprint uses db.session")


def blueprints_hold_no_crypto(sources: Sources) -> Iterator[Finding]:
    """Blueprints leave keys, hashes and ciphers to services."""
    for path, tree in sources.python("blueprints/"):
        for line, name in imported_names(tree):
            if starts_with(name, *CRYPTO):
                yield Finding(path, line, f"a blueprint imports {name}")


def blueprints_hold_no_file_paths(sources: Sources) -> Iterator[Finding]:
    """Blueprints leave files to services."""
    for path, tree in sources.python("blueprints/"):
        for line, name in imported_names(tree):
            if starts_with(name, *FILES):
                yield Finding(path, line, f"a blueprint imports {name}")
        for line, name, _call in calls(tree):
            if name == "open" or name.split(".")[-1] in FILE_METHODS:
                yield Finding(path, line, f"a blueprint calls {name}()")


def only_config_reads_the_environment(sources: Sources) -> Iterator[Finding]:
    """`os.environ` and `.env` are read in config.py and nowhere else."""
    for path, tree in sources.python(*OURS):
        if path == "config.py":
            continue
        for node in ast.walk(tree):
            name = dotted(node) if isinstance(node, ast.Attribute | ast.Name) else ""
            if starts_with(name, "os.environ", "os.getenv", "os.putenv", "environ", "dotenv_values", "load_dotenv"):
                yield Finding(path, getattr(node, "lineno", 1), f"{name} outside config.py")


def only_the_base_commits(sources: Sources) -> Iterator[Finding]:
    """commit() and rollback() are called in models/base.py only; engine.begin() would be a commit in disguise."""
    for path, tree in sources.python(*OURS):
        if path == "models/base.py":
            continue
        for line, name, _call in calls(tree):
            if name.split(".")[-1] in ("commit", "rollback") or name.endswith(("session.begin", "engine.begin")):
                yield Finding(path, line, f"{name}() outside models/base.py")


def only_the_engine_touches_dlib(sources: Sources) -> Iterator[Finding]:
    """dlib and face_recognition are imported by the face engine only: the detector is not thread-safe.

    The one benchmark that measures the plain way does what the plain way does.
    """
    for path, tree in sources.python(""):
        if path in ("services/face_service/engine.py", "benchmarks/naive_faces.py"):
            continue
        for line, name in imported_names(tree):
            if starts_with(name, "dlib", "face_recognition"):
                yield Finding(path, line, f"{name} outside services/face_service/engine.py")


def only_storage_writes_uploads(sources: Sources) -> Iterator[Finding]:
    """The upload folder is known to config.py, services/boot.py, which hands it over, and services/storage."""
    for path, tree in sources.python(*OURS):
        if path in ("config.py", "services/boot.py", "services/settings_rules.py") or path.startswith(
            "services/storage"
        ):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr == "upload_folder":
                yield Finding(path, node.lineno, "the upload folder outside services/storage")
            if isinstance(node, ast.Constant) and str(node.value).startswith(("uploads/", "uploads\\")):
                yield Finding(path, node.lineno, "a path into uploads/")


def only_the_clock_tells_the_time(sources: Sources) -> Iterator[Finding]:
    """Dates come from services/clock.py, so that tests can freeze them."""
    for path, tree in sources.python("models/", "services/", "blueprints/"):
        for line, name, _call in calls(tree):
            if name.endswith(("datetime.now", "datetime.utcnow", "date.today")) and path != "services/clock.py":
                yield Finding(path, line, f"{name}() outside services/clock.py")


def the_top_level_is_fixed(sources: Sources) -> Iterator[Finding]:
    """Only rooms that the design allows, and all that the order names."""
    for top in sorted({path.split("/")[0] for path in sources.paths} - TOP_LEVEL):
        yield Finding(top, 1, "no such room at the top level (design, section 2)")
    for room in ORDERED:
        if not any(path in (room, f"{room}.py") or path.startswith(f"{room}/") for path in sources.paths):
            yield Finding(room, 1, "ordered, but missing")
