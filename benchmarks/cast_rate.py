"""Secret ballots cast over HTTP beside pgbench doing the same SQL: what does the application cost on top?

    python -m benchmarks.cast_rate [--casts 2000] [--clients 8] [--rounds 2] [--show]

Own database (the embedded PostgreSQL, fsync on), web server (gunicorn, 2 processes) and worker as `make run` starts
them, loopback only; CSRF and rate limits on. The script of pgbench is made from the server's log of one real cast, with
every statement that the request sends, the rate limit's too (`--show` prints it). By turns, `--rounds` times each:
`--clients` kiosks cast over HTTP without a pause, then as many connections of pgbench. `--casts` are those of a round.
Prints casts a second, the ratio, processor time by who spent it. Exits 1 when a cast is lost, double or refused.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from functools import partial

from sqlalchemy import text

from benchmarks.checkin.machine import Spent
from benchmarks.day.installation import Installation, installed
from benchmarks.load import browsers, sql_script
from benchmarks.load.hall import Hall, open_hall
from models import db, use_role

WARM = 64
SETTLE_SECONDS = 1.0
TRIES = 10


def main() -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    for name, default in (("casts", 2000), ("clients", 8), ("rounds", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--show", action="store_true")
    wanted = parser.parse_args()
    with installed("cast-rate", application="app:create_app()") as installation, installation.prepare().app_context():
        return _run(installation, wanted)


def _run(installation: Installation, wanted: argparse.Namespace) -> int:
    each = -(-wanted.casts // wanted.clients)
    count = each * wanted.clients
    hall = open_hall(installation.app, 2 * wanted.rounds * count + WARM + TRIES, booths=wanted.clients)
    installation.start_web()
    file = installation.folder / "cast.sql"
    file.write_text(_one_real_cast(installation, hall))
    if wanted.show:
        print(file.read_text())
    installation.start_worker()
    http, plain = [], []
    for number in range(wanted.rounds):
        rate, said = _over_http(installation, hall, wanted.clients, each)
        http.append(rate)
        plain.append(sql_script.pgbench(_address(installation), file, wanted.clients, each, hall.take(count)[0]))
        print(f"round {number + 1}: HTTP {http[-1]:.0f} casts a second, pgbench {plain[-1]:.0f}; {said}", flush=True)
    print(_shown(http, plain, wanted.clients))
    return _stored(hall, 2 * wanted.rounds * count)


def _one_real_cast(installation: Installation, hall: Hall) -> str:
    """Cast over HTTP until a cast needed no new connection, and return it as a script."""
    measured = browsers.Measured()
    browsers.play([partial(cast, installation.port, hall, hall.take(WARM // 8), measured) for _ in range(8)])
    with sql_script.logged(installation) as statements:
        time.sleep(SETTLE_SECONDS)
        for _ in range(TRIES):
            before, numbers = len(statements()), hall.take(1)
            browsers.play([partial(cast, installation.port, hall, numbers, measured)])
            time.sleep(SETTLE_SECONDS / 4)
            found = statements()[before:]
            if found and not any(sql_script.SET_UP in one for one in found):
                break
        else:
            raise RuntimeError(f"Every cast opened a connection; {measured.failures}")
    print(f"one cast sends {len(found)} statements to the database")
    return sql_script.script(found, numbers[0])


def _over_http(installation: Installation, hall: Hall, clients: int, each: int) -> tuple[float, str]:
    measured, spent = browsers.Measured(), Spent(installation)
    shares = [hall.take(each) for _ in range(clients)]
    seconds = browsers.play([partial(cast, installation.port, hall, numbers, measured) for numbers in shares])
    if measured.failures:
        raise RuntimeError("\n".join(measured.lines()))
    milliseconds = measured.lines()[1].split()[2:5]
    said = f"p50, p95, p99 {', '.join(milliseconds)} ms; {spent.said(measured.answers)}"
    return clients * each / seconds, said


async def cast(port: int, hall: Hall, numbers: range, measured: browsers.Measured) -> None:
    """Cast for these voters one after the other on one connection, each at the kiosk that identified the voter."""
    async with browsers.line(port, measured) as line:
        for number in numbers:
            content = {"voter_id": str(number), "choice": secrets.choice(hall.candidates),
                    "idempotency_key": secrets.token_urlsafe(24)}  # fmt: skip
            await line.send("cast", browsers.post_json("/poll/vote", hall.booth_of(number), content))


def _address(installation: Installation) -> str:
    return str(installation.app.config["SQLALCHEMY_DATABASE_URI"]).replace("postgresql+psycopg2://", "postgresql://")


def _shown(http: list[float], plain: list[float], clients: int) -> str:
    ours, theirs = sum(http) / len(http), sum(plain) / len(plain)
    return (
        f"casts over HTTP / pgbench with the same SQL: {ours / theirs:.3f}"
        f"   ({ours:.0f} and {theirs:.0f} a second, {clients} clients each)"
    )


def _stored(hall: Hall, expected: int) -> int:
    """Return 1 when votes, box and audit rows are not one for each cast."""
    with use_role("owner"):
        votes, box, audited = db.session.execute(
            text(
                "SELECT (SELECT count(*) FROM votes WHERE election_id = :id),"
                " (SELECT count(*) FROM ballot_box WHERE election_id = :id),"
                " (SELECT count(*) FROM audit_logs WHERE election_id = :id AND event_type = 'kiosk:vote:cast')"
            ),
            {"id": hall.id},
        ).one()
    whole = votes == box == audited >= expected
    print(f"stored: {votes} votes, {box} ballots in the box, {audited} audit rows; {'whole' if whole else 'NOT WHOLE'}")
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
