"""The rules for NOTA and for a tie in sentences, as ballots, results and prints say them."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as N_

from models import Election, LotMethod, NotaRule

NOTA_RULES = {
    NotaRule.NO_ONE: N_("If none of the above has the most votes, no one is elected."),
    NotaRule.ADVISORY: N_("None of the above is counted and published. The leading candidate is elected all the same."),
}
LOT_METHODS = {
    LotMethod.DRAWN: N_("Lots drawn by the committee"),
    LotMethod.PUBLISHED: N_("The lot order published before opening"),
}


def nota_rule_words(rule: NotaRule | None) -> str:
    """Return the rule in one sentence; elections opened before there was one leave it to the commission."""
    if rule is None:
        return _("If none of the above has the most votes, the commission decides.")
    return str(NOTA_RULES[rule])


def tie_rule_words(election: Election) -> str:
    """Return how a tie of this election is resolved."""
    if election.lot_order:
        return _("A tie is resolved by the lot order: who stands first in it is elected.")
    return _("A tie is resolved by lot. The committee draws it in front of witnesses.")
