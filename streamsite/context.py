"""What every page's frame needs."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from apps.movies.models import Category
from apps.users import services as users
from apps.users.models import User


def frame(request: HttpRequest) -> dict[str, Any]:
    """`types` for the header (a view's own wins) and whether the viewer is a VIP; asked only where shown."""
    return {
        "types": SimpleLazyObject(lambda: list(Category.objects.all())),
        "viewer_is_vip": SimpleLazyObject(lambda: _is_vip(request.user)),
    }


def _is_vip(viewer: User | AnonymousUser) -> bool:
    """As the sign-in's backend learned it with the account; asked where another backend did not."""
    known: bool | None = getattr(viewer, "is_vip", None)
    return users.is_member(user=viewer, at=timezone.now()) if known is None else known
