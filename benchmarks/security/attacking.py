"""Tools that attack a served installation: wapiti looks for every kind of hole, sqlmap for injection only."""

from __future__ import annotations

import json
import re
import subprocess
from urllib.parse import urlsplit

from benchmarks.security import tools
from benchmarks.security.findings import Finding, Outcome
from benchmarks.security.served import Site

MODULES = (
    "cookieflags", "crlf", "csp", "csrf", "exec", "file", "http_headers", "ldap", "methods", "permanentxss", "redirect",
    "shellshock", "sql", "timesql", "upload", "xss",
)  # fmt: skip
"""All that need no server beyond this computer (ssrf, xxe, log4shell do) and no list from elsewhere (buster, wapp)."""
LEAVES = ("/logout", "/admin/staff")
"""Not attacked, because they end the session of the attacker or take the rights of the attacker away."""
ASKED = (
    "/admin/voters?q=1", "/admin/voters?status=1&page=1", "/admin/audit?q=1&kind=1&page=1",
    "/admin/mail?status=1&page=1", "/admin/attempts?result=1&page=1", "/admin/verifications?q=1",
    "/api/voting/validate-token?token=1",
    "/results/?page=1", "/verify/?page=1", "/vote?token=1", "/?room=1", "/admin/results/live?election=1",
)  # fmt: skip
SENT = (
    ("/login", "room=commission&username=1&password=1"),
    ("/voter/login", "login=1&password=1"),
    ("/admin/parties", "name=1"),
    ("/admin/voters", "name=1&voter_id=1&email=1&dob=1&phone=1"),
)
HIT = re.compile(r"sqlmap identified the following injection point|is vulnerable\. Do you want")
SQLMAP_SECONDS = 240


def wapiti(site: Site, seconds: int) -> Outcome:
    """Return what wapiti finds as an admin within some seconds of crawling and of each kind of attack."""
    report = site.folder / "wapiti.json"
    left = [word for path in LEAVES for word in ("-x", f"{site.address}{path}*")]
    words = (
        "-u", f"{site.address}/admin/", "--scope", "domain", "-C", site.cookie, "-H", f"X-CSRFToken: {site.token}",
        "-m", ",".join(MODULES), "--max-scan-time", str(seconds), "--max-attack-time", str(max(20, seconds // 8)),
        "--max-links-per-page", "60", "--tasks", "4", "-S", "normal", "--flush-session", "--store-session",
        str(site.folder / "wapiti"), "--no-bugreport", "-f", "json", "-o", str(report), "-s", f"{site.address}/",
        "-s", f"{site.address}/results/", "-s", f"{site.address}/verify/", *left,
    )  # fmt: skip
    try:
        done = tools.run(tools.ATTACK, "wapiti", *words, seconds=seconds * 4 + 300)
        said = json.loads(report.read_text())
    except (subprocess.TimeoutExpired, OSError, ValueError) as error:
        return Outcome("wapiti", skipped=f"no report: {type(error).__name__}")
    found = {
        Finding("wapiti", kind, urlsplit(one["path"]).path, 0, one["info"][:160])
        for group in ("vulnerabilities", "anomalies")
        for kind, ones in said[group].items()
        for one in ones
    }
    pages = re.search(r"(\d+) (?:URLs|resources)", done.stdout)
    crawled = said.get("infos", {}).get("crawled_pages_nbr", pages[1] if pages else "?")
    return Outcome("wapiti", sorted(found), f"{crawled} pages, {len(MODULES)} kinds of attack, at most {seconds} s")


def sqlmap(site: Site) -> Outcome:
    """Return the parameters of the lists below into which sqlmap gets its SQL."""
    found, late = [], 0
    for path, data in (*((path, "") for path in ASKED), *SENT):
        code = _one(site, path, data)
        late += code is None
        if code:
            found.append(Finding("sqlmap", "injection", urlsplit(path).path, 0, data))
    cut = f", {late} of them cut off after {SQLMAP_SECONDS} s" if late else ""
    return Outcome("sqlmap", found, f"all parameters of {len(ASKED)} addresses and {len(SENT)} forms{cut}")


def _one(site: Site, path: str, data: str) -> bool | None:
    words = [
        "-u", f"{site.address}{path}", "--batch", "--dbms", "PostgreSQL", "--level", "1", "--risk", "1",
        "--technique", "BEUT", "--time-sec", "3", "--disable-coloring", "--flush-session", "--threads", "2",
        "--cookie", site.cookie, "--headers", f"X-CSRFToken: {site.token}", "--ignore-code", "*",
        "--output-dir", str(site.folder / "sqlmap"), *(["--data", data] if data else []),
    ]  # fmt: skip
    try:
        done = tools.run(tools.ATTACK, "sqlmap", *words, seconds=SQLMAP_SECONDS)
    except subprocess.TimeoutExpired:
        return None
    return HIT.search(done.stdout) is not None
