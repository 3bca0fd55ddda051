"""Ownership of titles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.orders.models import Purchase

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from apps.users.models import User


def owns(*, user: User | AnonymousUser, movie_id: int) -> bool:
    """Whether the user owns the title."""
    return user.is_authenticated and Purchase.objects.filter(user_id=user.pk, movie_id=movie_id, held=True).exists()
