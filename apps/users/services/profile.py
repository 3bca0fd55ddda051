"""The public profile."""

from __future__ import annotations

from apps.users.models import User


def change(*, user: User, nickname: str, language: str) -> None:
    """Save nickname and language."""
    user.nickname, user.language = nickname, language
    user.save(update_fields=["nickname", "language"])
