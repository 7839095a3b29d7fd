"""Meetings at the desk: the list, the form, the attendance, the big screen, reviews, devices."""

from flask import Blueprint

bp = Blueprint("attendance", __name__, url_prefix="/attendance")

from blueprints.attendance import acts, devices, figures, meetings, reviews, screen, votes  # noqa: E402,F401
