"""Who asks for titles."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone

from apps.movies.models import Audience


def audience_of(request: HttpRequest) -> Audience:
    """The viewer of this request, now."""
    return Audience(request.user, timezone.now())
