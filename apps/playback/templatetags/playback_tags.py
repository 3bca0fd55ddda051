from __future__ import annotations

from typing import Any

from django import template

from apps.playback.models import Progress

register = template.Library()
SHOWN = 12
LOOKED_AT = 60  # rows; a series takes one place however many of its episodes were begun


@register.inclusion_tag("parts/continue_watching.html", takes_context=True)
def continue_watching(context: dict[str, Any]) -> dict[str, Any]:
    """The shelf of what the viewer began and didn't finish, a row a title."""
    user = context["request"].user
    rows: dict[int, Progress] = {}
    if user.is_authenticated:
        for row in Progress.objects.for_history(user).filter(finished=False)[:LOOKED_AT]:
            if row.can_resume and len(rows) < SHOWN:
                rows.setdefault(row.episode.movie_id, row)
    return {"rows": list(rows.values())}
