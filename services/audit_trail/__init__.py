"""Reading the audit log: filters, one plain sentence a row, pages that stay fast, exports; and the refused requests."""

from services.audit_trail.exporting import csv_lines, sealed_export
from services.audit_trail.requests import (
    ADDRESS_KEPT,
    BURST_THRESHOLD,
    BURST_WINDOW,
    Refused,
    page_of_refusals,
    tidy,
    watch_for_bursts,
    write_refusals,
)
from services.audit_trail.searching import PAGE_ROWS, Filters, Page, actors, search
from services.audit_trail.sentences import SENTENCES, Row, row_in_words, subjects

__all__ = [
    "ADDRESS_KEPT",
    "BURST_THRESHOLD",
    "BURST_WINDOW",
    "PAGE_ROWS",
    "SENTENCES",
    "Filters",
    "Page",
    "Refused",
    "Row",
    "actors",
    "csv_lines",
    "page_of_refusals",
    "row_in_words",
    "sealed_export",
    "search",
    "subjects",
    "tidy",
    "watch_for_bursts",
    "write_refusals",
]
