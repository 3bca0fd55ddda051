"""What happens when a viewer searches and finds something."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from apps.movies.models import Audience, Movie
from apps.search.services import hot, recent
from apps.users.models import User
from utils.databases import unless_full

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def record_search(*, text: str, viewer: User | AnonymousUser, address: str, at: datetime) -> None:
    """Count a search that found something, and remember it for the account; `address` is the client's."""
    hot.count(text=text, viewer=viewer, address=address, at=at)
    if isinstance(viewer, User):
        with unless_full():
            recent.remember(user=viewer, text=text, at=at)


def record_pick(*, movie_id: int, audience: Audience, address: str) -> str:
    """The same for a suggested title that was opened; returns its name, "" if it isn't listed."""
    title = Movie.objects.listed(audience).filter(pk=movie_id).values_list("title", flat=True).first()
    if title:
        record_search(text=title, viewer=audience.viewer, address=address, at=audience.at)
    return title or ""
