"""The référent's room; who reads, and what they look after: web/community/room.py."""

from __future__ import annotations

from flask import Blueprint

room = Blueprint("referent", __name__, url_prefix="/referent")
