"""The result of an election as files to take away: CSV and PDF."""

from services.exports.csv import csv_export
from services.exports.names import file_name
from services.exports.pdf import pdf_export

__all__ = ["csv_export", "file_name", "pdf_export"]
