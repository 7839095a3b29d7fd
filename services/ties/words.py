"""The rules for NOTA and for a tie in sentences, as ballots, results and prints say them."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_

from models import Election, LotMethod, Method, NotaRule
from services import presence

NOTA_RULES = {
    NotaRule.NO_ONE: N_("If none of the above has the most votes, no one is elected."),
    NotaRule.ADVISORY: N_("None of the above is counted and published. The leading candidate is elected all the same."),
}
LOT_METHODS = {
    LotMethod.DRAWN: N_("Lots drawn by the committee"),
    LotMethod.PUBLISHED: N_("The lot order published before opening"),
}


RANKED_NOTA = N_("If more than half of the ballots say none of the above, no one is elected.")


def nota_rule_words(rule: NotaRule | None, *, ranked: bool = False) -> str:
    """Return the rule in one sentence; elections opened before there was one leave it to the commission."""
    if ranked and rule is NotaRule.NO_ONE:
        return str(RANKED_NOTA)
    if ranked:
        return _("None of the above is counted and published. It keeps nobody from being elected.")
    if rule is None:
        return _("If none of the above has the most votes, the commission decides.")
    return str(NOTA_RULES[rule])


def nota_words(election: Election) -> str:
    """Return the rule of an election by its method; of a motion, where it is the abstention, what that counts for."""
    if is_motion(election):
        return _("Who abstains is counted, and votes neither yes nor no. As many yes as no do not carry a motion.")
    return nota_rule_words(election.nota_rule, ranked=election.method is Method.RANKED)


def is_motion(election: Election) -> bool:
    """Tell whether voters say yes, no, or abstain."""
    rule = presence.rule_of(election)
    return rule is not None and rule.motion


def nota_name(election: Election) -> str:
    """Return what NOTA is called on the ballot and in the count of this election."""
    return _("Abstention") if is_motion(election) else _("None of the above")


def nota_note(election: Election) -> str:
    """Return the line under it on a ballot."""
    if is_motion(election):
        return _("You vote, neither yes nor no")
    return _("NOTA: you vote, and for nobody on this list")


def tie_rule_words(election: Election) -> str:
    """Return how a tie of this election is resolved."""
    if election.method is Method.RANKED:
        return _("A tie in a round goes by the votes of the other rounds, then by the lot order.")
    if election.lot_order:
        return _("A tie is resolved by the lot order: who stands first in it is elected.")
    return _("A tie is resolved by lot. The committee draws it in front of witnesses.")
