"""Validation of time periods."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


def check_order(*, starts_at: datetime | None, ends_at: datetime | None) -> None:
    """Raise ValidationError on `ends_at` if the period `[starts_at, ends_at)` is empty."""
    if starts_at and ends_at and ends_at <= starts_at:
        raise ValidationError({"ends_at": _("The end must be later than the start.")})
