"""What the benchmarks of speed judge by, without a run: scripts made from a log, and the verdict of the soak."""

from benchmarks.load.browsers import between
from benchmarks.load.sql_script import script
from benchmarks.soak import Reading, verdict

HASH = "ab" * 32


def test_a_cast_becomes_a_script_for_any_voter():
    made = script(
        [
            "BEGIN",
            f"INSERT INTO rate_limit_hits AS hits\n VALUES ('{HASH}', 1)",
            f"SELECT cast_ballot(1, 20000021, 'T55W-PKUU-WM6Z', 'booth', '\\x{HASH}'::bytea, '\\x{HASH}'::bytea)",
            "UPDATE ballot_passes SET used_at=now() WHERE id = '00000000-0000-0000-0000-000020000021'::uuid",
            "COMMIT;",
        ],
        20_000_021,
    )
    lines = made.splitlines()[2:]
    last = "0" * 56 + ":number"
    assert lines == [
        "BEGIN;",
        f"INSERT INTO rate_limit_hits AS hits VALUES ('{last}', 1);",
        f"SELECT cast_ballot(1, :number, 'B:number', 'booth', '\\x{last}'::bytea, '\\x{HASH}'::bytea);",
        "UPDATE ballot_passes SET used_at=now() WHERE id = '00000000-0000-0000-0000-0000:number'::uuid;",
        "COMMIT;",
    ]


def _readings(*megabytes: float, connections: int = 20) -> list[Reading]:
    return [Reading({"web child 7": held}, connections, 40, 90) for held in megabytes]


def test_a_process_that_fills_its_caches_and_stays_is_flat():
    assert verdict(_readings(80, 110, 112, 111, 113, 112)) == []


def test_a_process_that_grows_on_is_named():
    assert verdict(_readings(80, 110, 120, 130, 140, 150)) == ["web child 7 grew from 110 to 145 MB"]


def test_connections_that_are_never_given_back_are_named():
    readings = [*_readings(80, 110), *_readings(110, 110, 110, 110, connections=35)]
    assert verdict(readings) == ["connections grew from 20 to 35"]


def test_a_process_that_was_replaced_is_named():
    readings = [*_readings(80, 110), *(Reading({"web child 9": 80}, 20, 40, 90) for _ in range(4))]
    assert verdict(readings) == ["web child 7 is not there any more"]


def test_what_stands_between_two_marks_is_found():
    assert between(b'{"turnout":{"voted":12,"on_roll":40}}', b'"voted":', b"}") == b'12,"on_roll":40'
    assert between(b'{"turnout":{}}', b'"voted":', b"}") is None
