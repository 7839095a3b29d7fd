"""The house rules (design section 2, docs/architecture.md) and the few exceptions, each with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.architecture import code, rooms, templates
from tests.architecture.sources import Finding, Sources

Rule = Callable[[Sources], Iterator[Finding]]

RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (
        rooms.models_know_only_the_database,
        rooms.services_never_see_http,
        rooms.services_know_no_view,
        rooms.services_keep_their_layers,
        rooms.siblings_use_public_names,
        rooms.blueprints_stay_apart,
        rooms.blueprints_hold_no_sql,
        rooms.blueprints_hold_no_crypto,
        rooms.blueprints_hold_no_file_paths,
        rooms.only_config_reads_the_environment,
        rooms.only_the_base_commits,
        rooms.only_the_engine_touches_dlib,
        rooms.only_storage_writes_uploads,
        rooms.only_the_clock_tells_the_time,
        rooms.the_top_level_is_fixed,
        code.files_are_short,
        code.functions_are_short,
        code.views_are_short,
        code.everything_has_type_hints,
        code.public_services_explain_themselves,
        code.nothing_prints,
        code.sentences_name_the_tests,
        code.errors_speak_through_gettext,
        code.settings_are_explained,
        code.tracked_files_tell_nothing_private,
        templates.every_page_has_a_title,
        templates.layouts_ask_for_a_title,
        templates.templates_hold_no_code,
        templates.templates_run_no_queries,
        templates.templates_speak_through_gettext,
        templates.scripts_keep_to_their_element,
    )
}

EXCEPTIONS: dict[tuple[str, str], str] = {
    ("blueprints_hold_no_file_paths", "blueprints/cli/serve.py"): "starts programs: it must say where they lie",
    ("blueprints_hold_no_file_paths", "blueprints/logs.py"): "makes the log folder, with the request id as its filter",
    (
        "templates_speak_through_gettext",
        "templates/errors/500.html",
    ): "reads nothing, so that it works when all is broken",
    (
        "templates_speak_through_gettext",
        "templates/errors/503.html",
    ): "reads nothing, so that it works when all is broken",
    (
        "templates_speak_through_gettext",
        "templates/errors/outcome_unknown.html",
    ): "reads nothing, so that it works when all is broken",
    (
        "templates_speak_through_gettext",
        "templates/errors/booth_500.html",
    ): "reads nothing, so that it works when all is broken",
    ("only_config_reads_the_environment", "services/first_run.py"): "writes the private .env, and reads what it wrote",
    ("files_are_short", "migrations/versions/0001_first_schema.py"): "a migration is one file and never changes again",
    (
        "files_are_short",
        "services/evidence/verify.py",
    ): "one file that a stranger runs with nothing beside it",
    ("tracked_files_tell_nothing_private", "tests/architecture/test_planted_violations.py"): "holds the planted ones",
}


def broken(name: str, sources: Sources) -> list[Finding]:
    """Return what breaks the rule, exceptions left out."""
    return sorted(found for found in RULES[name](sources) if (name, found.path) not in EXCEPTIONS)
