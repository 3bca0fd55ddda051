"""The heads of public pages: `{% block meta %}{% watch_head movie episode %}{% endblock %}`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.utils.safestring import SafeString

from apps.movies.models import Category, Episode, Genre, Movie, Person
from apps.seo import heads

register = template.Library()

# As Django's json_script does: no "<" of a title ends the script or opens a comment in it.
_ESCAPES = {ord(c): f"\\u{ord(c):04X}" for c in "<>&\u2028\u2029"}


@register.simple_tag
def json_ld(data: dict[str, Any] | None) -> SafeString:
    """Structured data as a script of data, which the content security policy doesn't count as a script."""
    if not data:
        return SafeString("")
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)
    return SafeString(f'<script type="application/ld+json">{text}</script>')


def _shown(head: heads.Head) -> dict[str, Any]:
    return {"head": head, "site_name": settings.SITE_NAME}


def _labels(chosen: list[dict[str, str]]) -> list[str]:
    return [one["label"] for one in chosen]


@register.inclusion_tag("seo/head.html")
def home_head(banners: Sequence[Any], newest: Sequence[Movie]) -> dict[str, Any]:
    """The home page's."""
    return _shown(heads.home(banners=banners, newest=newest))


@register.inclusion_tag("seo/head.html")
def category_head(
    category: Category | None, subject: str, name: str, query: str, chosen: list[dict[str, str]], page: Page[Movie]
) -> dict[str, Any]:
    """That of a page of a category; `chosen` are the chips of the filter bar."""
    return _shown(
        heads.category(chosen=category, subject=subject, name=name, query=query, filters=_labels(chosen), page=page)
    )


@register.inclusion_tag("seo/head.html")
def genre_head(
    genre: Genre, name: str, about: str, query: str, chosen: list[dict[str, str]], page: Page[Movie]
) -> dict[str, Any]:
    """That of a page of a genre; `chosen` are the chips of the filter bar."""
    return _shown(heads.genre(chosen=genre, name=name, about=about, query=query, filters=_labels(chosen), page=page))


@register.inclusion_tag("seo/head.html")
def person_head(
    person: Person,
    names: list[str],
    occupation: str,
    about: str,
    roles: list[dict[str, Any]],
    page: Page[Any],
) -> dict[str, Any]:
    """A person's; the first of the `roles` is the main one."""
    is_main = roles[0]["chosen"] and page.number == 1
    return _shown(heads.person(who=person, names=names, occupation=occupation, about=about, is_main=is_main))


@register.inclusion_tag("seo/head.html")
def ranking_head(period: str, periods: dict[str, tuple[Any, ...]], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """That of a ranking; `periods` have their names first, `rows` have a `movie` each."""
    return _shown(heads.ranking(period=period, name=str(periods[period][0]), movies=[row["movie"] for row in rows]))


@register.inclusion_tag("seo/head.html")
def watch_head(movie: Movie, episode: Episode) -> dict[str, Any]:
    """An episode's."""
    return _shown(heads.watching(movie=movie, episode=episode))


@register.inclusion_tag("seo/head.html")
def plain_head(title: str, description: str, address: str) -> dict[str, Any]:
    """That of a page which isn't about titles, or about many."""
    return _shown(heads.plain(title=title, description=description, address=address))


@register.inclusion_tag("seo/head.html")
def unindexed_head(title: str, description: str) -> dict[str, Any]:
    """That of a page which search engines leave out, such as their own kind of results."""
    return _shown(heads.plain(title=title, description=description, address="", indexed=False))
