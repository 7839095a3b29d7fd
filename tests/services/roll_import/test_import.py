"""The whole way of a file, with a worker that commits: preview, all or nothing, good rows only, crash, cancel."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from models import (
    AuditLog,
    ElectionStatus,
    GroupMember,
    ImportProblem,
    ImportRow,
    ImportStatus,
    RollEntry,
    RollImport,
    Voter,
    db,
    transaction,
    use_role,
)
from services import roll_import
from services.context import platform
from services.errors import Conflict, ValidationFailed
from services.roll_import import applying, queue, work
from tests import factories
from tests.support.voter_files import ADMIN, GOOD, MIXED, checked, imported, taken_in, worked

pytestmark = pytest.mark.commits


@pytest.fixture(scope="module")
def site(postgres, template, tmp_path_factory):
    """One committing application for the module: each test uses voters of its own."""
    from app import create_app
    from tests.support import database

    with database.cloned_database(postgres, template) as urls:
        app = create_app(settings=database.test_settings(urls, tmp_path_factory.mktemp("imports")))
        with app.app_context():
            yield app
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()


@pytest.fixture(autouse=True)
def empty(site):
    with use_role("owner"), transaction():
        tables = "voters, groups, group_members, elections, roll_entries, roll_imports, roll_import_rows"
        db.session.execute(db.text("SET session_replication_role = replica"))
        db.session.execute(db.text(f"TRUNCATE {tables} CASCADE"))
    for path in files_left():
        platform().storage.delete(path)
    yield
    db.session.rollback()


def count(table, *conditions) -> int:
    return db.session.scalar(select(func.count()).select_from(table).where(*conditions))


def files_left() -> list[str]:
    return [file.path for file in platform().storage.files()]


def test_preview_counts_and_names_every_bad_row_and_changes_nothing() -> None:
    factories.VoterFactory(email="ANA@union.example", name="Ana Kovač")
    factories.VoterFactory(email="ben@union.example", name="Benjamin Osei")
    job = checked(MIXED, factories.ElectionFactory())
    assert job.status is ImportStatus.CHECKED
    assert job.counts == {
        "rows": 9, "new": 0, "same": 0, "changed": 2, "bad": 7, "on_roll": 0, "new_groups": ["Board", "Branch North"],
    }  # fmt: skip
    assert [(problem.line, problem.why[:24]) for problem in roll_import.problems(job)] == [
        (4, "email: Write the whole a"), (5, "The e-mail address stand"), (6, "name: Enter the name."),
        (7, "Neither e-mail nor voter"), (8, "This row has fewer cells"), (9, "A quotation mark in this"),
        (10, "name: Write the name in "),
    ]  # fmt: skip
    assert (count(Voter), count(RollEntry), files_left()) == (2, 0, [])


def test_good_rows_become_voters_members_and_roll_entries_with_one_audit_row() -> None:
    election = factories.ElectionFactory()
    before = count(AuditLog, AuditLog.event_type == "staff:roll:imported")
    job = imported(MIXED, election)
    assert (job.status, job.counts["new"], job.counts["entered"], job.counts["joined"]) == (ImportStatus.DONE, 2, 2, 3)
    assert (count(Voter), count(RollEntry), count(GroupMember), count(ImportRow)) == (2, 2, 3, 0)
    rows = select(AuditLog).where(AuditLog.event_type == "staff:roll:imported").order_by(AuditLog.id.desc())
    audit = db.session.scalars(rows).first()
    assert count(AuditLog, AuditLog.event_type == "staff:roll:imported") == before + 1
    assert audit.details["fingerprint"] == hashlib.sha256(MIXED.encode()).hexdigest()
    assert (audit.details["count"], audit.details["after"]["bad"]) == (9, 7)
    assert "union.example" not in str(audit.details)


def test_same_file_once_more_adds_nobody() -> None:
    election = factories.ElectionFactory()
    imported(GOOD, election)
    again = imported(GOOD, election)
    assert (again.counts["same"], again.counts["new"], again.counts["entered"]) == (2, 0, 0)
    assert (count(Voter), count(RollEntry)) == (2, 2)


@pytest.mark.parametrize(("existing", "name", "phone"), [("keep", "Old Name", None), ("update", "Ana New", "12345678")])
def test_registered_voter_is_kept_or_updated_as_chosen_and_empty_cells_clear_nothing(existing, name, phone) -> None:
    voter_id = factories.VoterFactory(email="ana@union.example", name="Old Name").id
    job = imported("email,name,phone,dob\nANA@union.example,Ana New,12345678,\n", existing=existing)
    voter = db.session.get(Voter, voter_id)
    assert (voter.name, voter.phone, str(voter.dob)) == (name, phone, "1980-05-17")
    assert (job.counts["changed"], job.counts["updated"]) == (1, int(existing == "update"))


def test_voter_is_known_by_the_voter_id_first_and_contradictions_are_bad_rows() -> None:
    one, two = factories.VoterFactory(email="one@union.example"), factories.VoterFactory(email="two@union.example")
    known = two.voter_id
    stranger = voter_number()
    job = checked(
        "voter_id,email,name\n"
        f"{one.voter_id},new@union.example,{one.name}\n"
        f"{two.voter_id},one@union.example,Two\n"
        f"{stranger},two@union.example,Three\n"
        f"{one.voter_id[:4]} {one.voter_id[4:]},,Again\n"
    )
    assert (job.counts["changed"], job.counts["bad"]) == (1, 3)
    said = [problem.why for problem in roll_import.problems(job)]
    assert said == [
        "The voter ID belongs to one voter, the e-mail address to another.",
        f"The e-mail address belongs to the voter with the voter ID {known}.",
        "The voter ID stands in line 2 already.",
    ]


def test_two_rows_about_one_registered_voter_are_not_both_imported() -> None:
    one = factories.VoterFactory(email="one@union.example")
    job = checked(f"voter_id,email,name\n{one.voter_id},,One\n,one@union.example,Uno\n")
    assert [problem.why for problem in roll_import.problems(job)] == [
        "The same registered voter stands in line 2 already."
    ]


def test_all_or_nothing_with_bad_rows_is_refused_and_leaves_the_choice() -> None:
    job = checked(MIXED)
    with pytest.raises(ValidationFailed) as refused, transaction():
        roll_import.start(job.id, "keep", "refuse", ADMIN)
    assert set(refused.value.fields) == {"bad_rows"}
    with pytest.raises(ValidationFailed) as refused, transaction():
        roll_import.start(job.id, "perhaps", "", ADMIN)
    assert set(refused.value.fields) == {"bad_rows", "existing"}
    assert (worked(), count(Voter)) == (0, 0)


def test_all_or_nothing_is_nothing_when_the_register_changed_since_the_preview() -> None:
    text = f"voter_id,email,name\n,ana@union.example,Ana\n{voter_number()},ben@union.example,Ben\n"
    import_id = checked(text).id
    with transaction():
        roll_import.start(import_id, "keep", "refuse", ADMIN)
    factories.VoterFactory(email="ben@union.example")
    worked()
    job = roll_import.get_import(import_id)
    assert (job.status, count(Voter)) == (ImportStatus.REFUSED, 1)
    assert "Nothing" in job.message or "nothing" in job.message


@pytest.mark.parametrize("step", ["checking", "importing"])
def test_worker_that_dies_in_a_step_leaves_nothing_and_the_next_one_does_it_once(step, monkeypatch) -> None:
    election = factories.ElectionFactory()
    import_id = taken_in(GOOD, election).id if step == "checking" else checked(GOOD, election).id
    if step == "importing":
        with transaction():
            roll_import.start(import_id, "keep", "refuse", ADMIN)

    def dies(*arguments, **values):
        raise SystemExit("killed")

    monkeypatch.setattr(work, "finish", dies)
    monkeypatch.setattr("services.roll_import.checking.finish", dies)
    monkeypatch.setattr(applying, "finish", dies)
    with pytest.raises(SystemExit):
        worked()
    monkeypatch.undo()
    assert (count(Voter), count(RollEntry), count(ImportProblem)) == (0, 0, 0)
    assert worked() == 0  # The lease of the dead one still runs.
    with transaction():
        db.session.execute(update(RollImport).values(locked_until=func.now() - timedelta(seconds=1)))
    assert worked() == 1
    if step == "checking":
        with transaction():
            roll_import.start(import_id, "keep", "refuse", ADMIN)
        worked()
    assert (count(Voter), count(RollEntry)) == (2, 2)


def test_import_that_fails_again_and_again_is_given_up() -> None:
    import_id = taken_in(GOOD).id
    with transaction():
        db.session.execute(update(RollImport).values(attempts=queue.MAX_ATTEMPTS))
    worked()
    assert roll_import.get_import(import_id).status is ImportStatus.FAILED


def test_import_that_is_cancelled_while_it_works_changes_nothing(monkeypatch) -> None:
    import_id = checked(GOOD).id
    with transaction():
        roll_import.start(import_id, "keep", "refuse", ADMIN)
    insert = applying._insert

    def cancelled_meanwhile(window):
        insert(window)
        engine = db.engines[None]
        with engine.begin() as other:
            other.execute(update(RollImport).values(status="cancelled"))

    monkeypatch.setattr(applying, "_insert", cancelled_meanwhile)
    worked()
    assert (count(Voter), roll_import.get_import(import_id).status) == (0, ImportStatus.CANCELLED)


def test_cancelled_file_is_erased_and_is_cancelled_once() -> None:
    seen_id, waiting_id = checked(GOOD).id, taken_in(GOOD).id
    assert (count(ImportRow), len(files_left())) == (2, 1)
    for import_id in (waiting_id, seen_id):
        with transaction():
            roll_import.cancel(import_id, ADMIN)
        with pytest.raises(Conflict), transaction():
            roll_import.cancel(import_id, ADMIN)
        with pytest.raises(Conflict), transaction():
            roll_import.start(import_id, "keep", "refuse", ADMIN)
    assert (count(ImportRow), files_left()) == (0, [])


def test_roll_that_was_opened_since_the_preview_is_not_filled() -> None:
    election = factories.ElectionFactory()
    import_id = checked(GOOD, election).id
    with transaction():
        roll_import.start(import_id, "keep", "refuse", ADMIN)
    with db.engines["owner"].begin() as other:
        other.execute(db.text("SET session_replication_role = replica"))
        other.execute(db.text("ALTER TABLE elections DROP CONSTRAINT IF EXISTS ck_elections_defined_when_active"))
        other.execute(update(type(election)).values(status=ElectionStatus.ACTIVE))
    worked()
    db.session.rollback()
    assert (roll_import.get_import(import_id).status, count(Voter)) == (ImportStatus.REFUSED, 0)
    with pytest.raises(Conflict, match="before it opens"):
        taken_in(GOOD, election)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("email\nana@union.example\n", "first_name and last_name"), ("email,name\n", "holds no row"),
        (b"PK\x03\x04", "workbook"), ("x" * 20_000, "too long"), ("\n\n \n", "empty"),
    ],
)  # fmt: skip
def test_file_that_holds_no_voters_is_refused_in_words_and_erased(content, words) -> None:
    job = checked(content)
    assert (job.status, files_left()) == (ImportStatus.REFUSED, [])
    assert words in job.message


def test_bad_rows_are_downloaded_without_formulas() -> None:
    job = checked('email,name\n=cmd(),"Ana"\n"+1@@",Ben\n')
    lines = "".join(roll_import.problems_csv(job)).splitlines()
    assert lines[0] == "\ufeffline,why,row"
    assert [line.split(",")[0] for line in lines[1:]] == ["2", "3"]
    assert "'=cmd()" in lines[1]


def test_old_previews_and_reports_are_forgotten() -> None:
    undecided, done = checked(MIXED).id, imported(MIXED).id
    with transaction():
        db.session.execute(update(RollImport).values(created_at=func.now() - timedelta(days=9)))
        old = update(RollImport).where(RollImport.id == done)
        db.session.execute(old.values(finished_at=func.now() - timedelta(days=9)))
        roll_import.forget_old()
    assert roll_import.get_import(undecided).status is ImportStatus.CANCELLED
    assert count(ImportProblem, ImportProblem.import_id == done) == 0
    assert count(ImportRow) == 0


def voter_number() -> str:
    return factories.VoterFactory.build().voter_id
