"""Template context for the page layout."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from apps.movies.models import Category
from apps.users import services as users
from apps.users.models import User


def frame(request: HttpRequest) -> dict[str, Any]:
    """`types` (categories for the header; a view's own value wins), `viewer_is_vip`, both lazy, and `site_name`."""
    return {
        "site_name": settings.SITE_NAME,
        "types": SimpleLazyObject(lambda: list(Category.objects.all())),
        "viewer_is_vip": SimpleLazyObject(lambda: _is_vip(request.user)),
    }


def _is_vip(viewer: User | AnonymousUser) -> bool:
    """The annotation from the authentication backend; queried if another backend loaded the user."""
    known: bool | None = getattr(viewer, "is_vip", None)
    return users.is_member(user=viewer, at=timezone.now()) if known is None else known
