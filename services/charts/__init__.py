"""Charts: one geometry (look.md, section 6), drawn as SVG here and for print in services/exports/drawings.py."""

from services.charts.geometry import COLUMNS_HEIGHT, Box, Column, Figure, Look, Rule, Words, bar, climb, columns
from services.charts.svg import bar_svg, climb_svg, column_chart

__all__ = [
    "COLUMNS_HEIGHT",
    "Box",
    "Column",
    "Figure",
    "Look",
    "Rule",
    "Words",
    "bar",
    "bar_svg",
    "climb",
    "climb_svg",
    "column_chart",
    "columns",
]
