"""Export and erasure of personal data (see PERSONAL_DATA)."""

from __future__ import annotations

from typing import Any

from apps.community.models import Comment
from apps.users.models import User


def export(*, user: User) -> dict[str, Any]:
    """The user's comments."""
    rows = Comment.objects.filter(user=user).select_related("movie").order_by("-created_at")
    return {"comments": [{"title": row.movie.title, "text": row.text, "posted_at": row.created_at} for row in rows]}


def erase(*, user: User) -> None:
    """Comments stay, so that replies keep their context; their author is anonymous from then on."""
