"""Files to take away: the result as CSV and PDF, the booth sheets as PDF."""

from services.exports.booth_sheet_pdf import booth_sheet_pdf
from services.exports.csv import csv_export
from services.exports.names import booth_sheet_name, file_name
from services.exports.pdf import pdf_export

__all__ = ["booth_sheet_name", "booth_sheet_pdf", "csv_export", "file_name", "pdf_export"]
