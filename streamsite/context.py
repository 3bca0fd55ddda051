"""What every page's frame needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from apps.movies.models import Category
from apps.users.services import is_member


def frame(request: HttpRequest) -> dict[str, Any]:
    """`types` for the header (a view's own wins) and whether the viewer is a VIP; asked only where shown."""
    return {
        "types": SimpleLazyObject(lambda: list(Category.objects.all())),
        "viewer_is_vip": SimpleLazyObject(lambda: is_member(user=request.user, at=timezone.now())),
    }
