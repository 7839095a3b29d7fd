"""Files to take away: the result as CSV and PDF, the booth sheets and the sample ballot as PDF."""

from services.exports.booth_sheet_pdf import booth_sheet_pdf
from services.exports.csv import csv_export, rounds_csv
from services.exports.names import (
    blt_name,
    booth_sheet_name,
    evidence_name,
    file_name,
    rounds_name,
    sample_ballot_name,
)
from services.exports.pdf import pdf_export
from services.exports.sample_ballot import order_words, sample_ballot_pdf
from services.exports.share_picture import poster_key, poster_of, share_picture
from services.exports.voters_csv import roll_csv, voters_csv

__all__ = [
    "blt_name",
    "booth_sheet_name",
    "booth_sheet_pdf",
    "csv_export",
    "evidence_name",
    "file_name",
    "order_words",
    "pdf_export",
    "poster_key",
    "poster_of",
    "roll_csv",
    "rounds_csv",
    "rounds_name",
    "sample_ballot_name",
    "sample_ballot_pdf",
    "share_picture",
    "voters_csv",
]
