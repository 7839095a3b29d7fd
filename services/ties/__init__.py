"""What decides where a count does not: the rule for NOTA, lots ordered before opening, lots drawn after closing."""

from services.ties.lot_order import (
    carry_over,
    draw_lot_order,
    forget_lot_order,
    lot_names,
    lot_order_problem,
    set_lot_order,
    set_nota_rule,
)
from services.ties.resolving import Drawing, OpenTie, check_drawing, open_tie, resolve_tie
from services.ties.words import (
    LOT_METHODS,
    NOTA_RULES,
    is_motion,
    nota_name,
    nota_note,
    nota_rule_words,
    nota_words,
    tie_rule_words,
)

__all__ = [
    "LOT_METHODS",
    "NOTA_RULES",
    "Drawing",
    "OpenTie",
    "carry_over",
    "check_drawing",
    "draw_lot_order",
    "forget_lot_order",
    "is_motion",
    "lot_names",
    "lot_order_problem",
    "nota_name",
    "nota_note",
    "nota_rule_words",
    "nota_words",
    "open_tie",
    "resolve_tie",
    "set_lot_order",
    "set_nota_rule",
    "tie_rule_words",
]
