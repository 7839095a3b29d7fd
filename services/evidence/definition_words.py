"""The signed definition in words: what was decided before voting, read from the signed text and not from the tables."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_
from flask_babel import ngettext

from models import CandidateOrder, Channel, Election, Method, NotaRule, ResultsPolicy, Secrecy
from services import ballots, presence, ties
from services.context import platform
from services.counting import Rule
from services.result_report import CHANNELS
from services.result_words import both_times
from services.rounds import RULES
from services.ties import nota_rule_words, tie_rule_words

METHODS = {
    Method.PLURALITY: N_("Most votes win"),
    Method.APPROVAL: N_("Several marks: every name marked gets a vote; most votes win"),
    Method.RANKED: N_("Ranked: put the names in your order"),
}
SECRECY = {
    Secrecy.SECRET: N_("Secret: ballots are kept without names"),
    Secrecy.RECORDED: N_("Recorded: each choice is stored with the name"),
}
ORDERS = {
    CandidateOrder.FIXED: N_("Every voter sees the names in this order"),
    CandidateOrder.SHUFFLED: N_("Drawn anew for every voter"),
}


@dataclass(frozen=True)
class Definition:
    """`facts` are names and values, `choices` names with their party in ballot order, `lots` names in lot order.

    `text` is what was signed; `hash` and `signature` are hexadecimal. `intact` tells whether the tables still say the
    same and the signature is the installation's.
    """

    facts: list[tuple[str, str]]
    choices: list[tuple[str, str]]
    lots: list[str]
    text: str
    hash: str
    signature: str
    intact: bool


def definition_of(election: Election) -> Definition:
    """Return the definition of an election that was opened; times in the installation's zone, UTC in brackets."""
    text = election.definition or "{}"
    signed: dict[str, Any] = json.loads(text)
    return Definition(
        facts=[*_what(signed), *_when(election, signed, platform().settings.timezone), *_rules(election, signed)],
        choices=[(str(choice["name"]), str(choice["party"] or "")) for choice in signed["choices"]],
        lots=ties.lot_names(election),
        text=text,
        hash=(election.definition_hash or b"").hex(),
        signature=(election.definition_signature or b"").hex(),
        intact=ballots.definition_intact(election),
    )


def _what(signed: dict[str, Any]) -> list[tuple[str, str]]:
    most, ranked = int(signed["max_choices"]), signed["method"] == Method.RANKED
    marks = ngettext("%(num)d name, or none of the above", "Up to %(num)d names, or none of the above", most)
    facts = [
        (_("Election"), str(signed["title"])),
        (_("Seats"), str(signed["seats"])),
        (_("A voter ranks") if ranked else _("A voter marks"), marks),
        (_("Method"), str(METHODS[Method(signed["method"])])),
        (_("Secrecy"), str(SECRECY[Secrecy(signed["secrecy"])])),
    ]
    if "count_rule" in signed:
        facts.insert(4, (_("Counted by"), str(RULES[Rule(signed["count_rule"])])))
    if signed["description"]:
        facts.insert(1, (_("Description"), str(signed["description"])))
    return facts


def _when(election: Election, signed: dict[str, Any], zone: str) -> list[tuple[str, str]]:
    facts = []
    for name, words in (("opens_at", _("Voting begins")), ("closes_at", _("Voting ends"))):
        if name in signed:
            facts.append((words, both_times(datetime.fromisoformat(signed[name]), zone)))
    for extension in ballots.extensions_of(election):
        until = both_times(extension.closes_at, zone)
        facts.append((_("Extended to"), _("%(until)s. Reason: %(reason)s", until=until, reason=extension.reason)))
    return facts


def _rules(election: Election, signed: dict[str, Any]) -> list[tuple[str, str]]:
    rule = NotaRule(signed["nota_rule"]) if signed.get("nota_rule") else None
    facts = [
        (_("None of the above"), nota_rule_words(rule, ranked=signed["method"] == Method.RANKED)),
        (_("A tie"), tie_rule_words(election)),
    ]
    if "meeting" in signed:
        in_meeting = presence.read(signed["quorum_rule"])
        facts.append((_("Vote in a meeting"), in_meeting.meeting))
        facts += [(_("Presence and majority"), " ".join(presence.rules_words(in_meeting)))]
    facts.append((_("Counts are shown"), _shown(signed)))
    if signed.get("candidate_order"):
        facts.append((_("Order of the names"), str(ORDERS[CandidateOrder(signed["candidate_order"])])))
    if signed.get("channels"):
        facts.append((_("Where to vote"), ", ".join(str(CHANNELS[Channel(one)]) for one in signed["channels"])))
    if signed.get("identity_check"):
        facts.append((_("In an account"), _("With a check of the face before the ballot")))
    if signed.get("allowed_networks"):
        facts.append((_("Booths in these networks only"), ", ".join(signed["allowed_networks"])))
    return facts


def _shown(signed: dict[str, Any]) -> str:
    if signed["results_policy"] != ResultsPolicy.LIVE.value:
        return _("After closing")
    if signed["live_batch"]:
        return _("While people vote, %(count)s ballots at a time", count=signed["live_batch"])
    return _("While people vote") if signed["secrecy"] == Secrecy.RECORDED.value else _("After closing")
