"""Comments."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.community.models import Comment
from apps.movies.models import Movie
from utils.cache import invalidate_pages
from utils.plain_text import clean_text, is_visible
from utils.ratelimit import Limit, take

if TYPE_CHECKING:
    from apps.users.models import User

LONGEST = 500  # characters
MOST_SENT = 20 * LONGEST  # characters accepted before cleaning; invisible ones are rehidden and don't count
PAUSE = 5  # seconds between two comments of one user


class UnableToComment(Exception):
    """The comment was rejected; the message explains why, in the user's language."""


def post_comment(*, user: User, movie: Movie, text: str) -> Comment:
    """Post a comment on the movie. Raises UnableToComment."""
    if len(text) <= MOST_SENT:
        text = clean_text(text)
    if not is_visible(text):
        raise UnableToComment(_("Write a comment first."))
    if len(text) > LONGEST:
        raise UnableToComment(_("Comments can have up to %(most)d characters.") % {"most": LONGEST})
    if take([Limit(f"comment:{user.pk}", 1, PAUSE)]):
        raise UnableToComment(_("You're commenting too quickly. Wait a few seconds and try again."))
    with transaction.atomic():
        comment = Comment.objects.create(user=user, movie=movie, text=text)
        Movie.objects.filter(pk=movie.pk).update(comments_count=F("comments_count") + 1)
    return comment


def hide_comments(*, comments: list[Comment], at: datetime) -> int:
    """Hide comments; returns the number newly hidden."""
    hidden = 0
    for comment in comments:
        with transaction.atomic():
            if Comment.objects.filter(pk=comment.pk, hidden_at=None).update(hidden_at=at):
                Movie.objects.filter(pk=comment.movie_id, comments_count__gt=0).update(
                    comments_count=F("comments_count") - 1
                )
                hidden += 1
    if hidden:
        invalidate_pages()
    return hidden
