"""Structured data (schema.org, as JSON-LD) of titles and pages.

Properties are those that Google documents: Movie, VideoObject, BreadcrumbList, Course, subscription and paywalled
content (https://developers.google.com/search/docs/appearance/structured-data). A title is a season (decision 0045):
`TVSeason` is given where its name says which one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.media.models import Video
from apps.movies.models import Access, Credit, Episode, Kind, Movie, Person
from apps.seo.addresses import absolute, backdrop, page_url, portrait, poster, stream_url
from utils.numerals import NUMERAL, value_of
from utils.templatetags.formats import iso_duration, local, local_name

Node = dict[str, Any]

PAYWALL = ".watch__player"  # class of what is withheld on a watch page; Google takes class selectors only
PEOPLE = 10  # of each role
BEST = 10  # the highest rating
_SEASON = re.compile(rf"^(.+?)[\s·:：—-]*(?:第\s*({NUMERAL})\s*季|(?:Season\s*|S)(\d{{1,2}}))$", re.IGNORECASE)


def graph(nodes: Iterable[Node]) -> Node:
    """One document of several things."""
    return {"@context": "https://schema.org", "@graph": list(nodes)}


def website() -> Node:
    """The site and its search."""
    target = f"{absolute(reverse('search:results'))}?q={{search_term_string}}"
    return {
        "@type": "WebSite",
        "@id": absolute("/#site"),
        "name": settings.SITE_NAME,
        "url": absolute("/"),
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": target},
            "query-input": "required name=search_term_string",
        },
    }


def breadcrumbs(steps: Sequence[tuple[str, str]]) -> Node:
    """The way from the home page to a page: names and addresses, the home page left out."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": place, "name": name, "item": page_url(address)}
            for place, (name, address) in enumerate([(_("Home"), "/"), *steps], start=1)
        ],
    }


def season_of(title: str) -> tuple[str, int | None]:
    """The name of the series and the number of the season that a title ends with: 庆余年 第二季 → 庆余年, 2."""
    found = _SEASON.match(title.strip())
    number = value_of(found[2] or found[3]) if found else None
    return (found[1], number) if found and number else (title, None)


def watch_page(movie: Movie, episode: Episode, *, name: str, description: str) -> list[Node]:
    """The title and the video of an episode's page; `name` is the page's, `description` the title's."""
    page, file = episode.get_absolute_url(), episode.video
    frame = absolute(file.thumbnail.url) if file and file.thumbnail else ""
    pictures = [one.url for one in (poster(movie), backdrop(movie)) if one]
    if not (pictures or frame):
        return []  # Google requires a picture of titles and of videos
    clip = file and video(movie, episode, file, name=name, description=description, pictures=[frame, *pictures])
    nodes = [*_title(movie, episode, description, pictures or [frame]), *([clip] if clip else [])]
    if movie.access != Access.FREE:
        nodes.append({"@type": "WebPage", "@id": page_url(page), "url": page_url(page), "name": name, **_paywall()})
    return nodes


def video(
    movie: Movie, episode: Episode, file: Video, *, name: str, description: str, pictures: list[str]
) -> Node | None:
    """A VideoObject; None if it can't be played.

    Media addresses are signed and expire, so `contentUrl` is the master playlist, and only of what is free.
    """
    if not file.ready_at or not movie.published_at:
        return None
    free = movie.access == Access.FREE
    part_of = {"isPartOf": {"@id": _id(movie, "title")}} if movie.kind == Kind.COURSE else {}
    return _without_blanks(
        {
            "@type": "VideoObject",
            "@id": absolute(f"{episode.get_absolute_url()}#video"),
            "name": name,
            "description": description,
            "thumbnailUrl": [one for one in pictures if one],
            "uploadDate": max(movie.published_at, file.ready_at).isoformat(timespec="seconds"),
            "duration": iso_duration(file.duration) if file.duration else "",
            "contentUrl": stream_url(movie.pk, episode.number) if free else "",
            "interactionStatistic": {
                "@type": "InteractionCounter",
                "interactionType": {"@type": "WatchAction"},
                "userInteractionCount": movie.plays,
            },
            **({"isAccessibleForFree": True} if free else _paywall()),
            **part_of,
        }
    )


def person(who: Person, *, names: Sequence[str], occupation: str) -> Node:
    """A person, with their other names."""
    picture = portrait(who)
    return _without_blanks(
        {
            "@type": "Person",
            "@id": absolute(f"{who.get_absolute_url()}#person"),
            "name": who.name,
            "url": page_url(who.get_absolute_url()),
            "alternateName": list(names),
            "image": picture.url if picture else "",
            "description": who.about,
            "jobTitle": occupation,
            "birthDate": who.born,
            "deathDate": who.died,
            "birthPlace": {"@type": "Place", "name": who.birthplace} if who.birthplace else "",
        }
    )


def _paywall() -> Node:
    return {
        "isAccessibleForFree": False,
        "hasPart": {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": PAYWALL},
    }


def _title(movie: Movie, episode: Episode, description: str, pictures: list[str]) -> list[Node]:
    """The nodes of the title; the one of the page refers to the video."""
    ours = _work(movie, description, pictures)
    shown = {"video": {"@id": absolute(f"{episode.get_absolute_url()}#video")}}
    if movie.kind == Kind.COURSE:
        return [ours | {"@type": "Course", **_course(movie)}]
    if movie.kind == Kind.FILM:
        length = {"duration": iso_duration(movie.duration)} if movie.duration else {}
        return [ours | {"@type": "Movie", **length, **shown}]
    series, season = season_of(movie.title)
    part: Node = {
        "@type": "TVEpisode",
        "name": episode.title or _("Episode %d") % episode.number,
        "episodeNumber": episode.number,
        "url": page_url(episode.get_absolute_url()),
        "isAccessibleForFree": movie.access == Access.FREE,
        **shown,
    }
    if season is None:
        count = {"numberOfEpisodes": movie.episodes_planned}
        return [ours | {"@type": "TVSeries", **count}, part | {"partOfSeries": {"@id": ours["@id"]}}]
    whole = {"@type": "TVSeries", "@id": _id(movie, "series"), "name": series}
    count = {"seasonNumber": season, "numberOfEpisodes": movie.episodes_planned}
    up = {"partOfSeries": {"@id": whole["@id"]}}
    return [whole, ours | {"@type": "TVSeason", **count, **up}, part | up | {"partOfSeason": {"@id": ours["@id"]}}]


def _work(movie: Movie, description: str, pictures: list[str]) -> Node:
    """What titles of every kind have."""
    credits = list(movie.credits.all())
    names = [movie.original_title, *movie.aliases.splitlines()]
    return _without_blanks(
        {
            "@type": "CreativeWork",
            "@id": _id(movie, "title"),
            "name": movie.title,
            "url": page_url(movie.get_absolute_url()),
            "alternateName": [name for name in names if name.strip()],
            "image": pictures,
            "description": description,
            "genre": local(movie, "genre_line").split(" · ") if movie.genre_line else [],
            "dateCreated": str(movie.year or ""),
            "countryOfOrigin": {"@type": "Country", "name": local_name(movie.region)} if movie.region else "",
            "director": _people(credits, Credit.Role.DIRECTOR),
            "actor": _people(credits, Credit.Role.CAST, Credit.Role.HOST),
            "aggregateRating": {
                "@type": "AggregateRating",
                "ratingValue": str(movie.score),
                "bestRating": BEST,
                "ratingCount": movie.rating_count,
            }
            if movie.rating_count and movie.score
            else "",
            "isAccessibleForFree": movie.access == Access.FREE,
        }
    )


def _course(movie: Movie) -> Node:
    """What Google requires of a course: who gives it, how, and on what terms."""
    terms = {
        Access.FREE: {"category": "Free", "price": "0", "priceCurrency": "CNY"},
        Access.VIP: {"category": "Subscription"},
        Access.PAID: {"category": "Paid", "price": str(movie.price), "priceCurrency": "CNY"},
    }
    instance = {
        "@type": "CourseInstance",
        "courseMode": "Online",
        "courseWorkload": iso_duration(movie.duration * max(1, movie.episodes_planned)),
        "instructor": _people(list(movie.credits.all()), Credit.Role.TEACHER),
    }
    return {
        "provider": {"@type": "Organization", "name": settings.SITE_NAME, "url": absolute("/")},
        "offers": [{"@type": "Offer", **terms[Access(movie.access)]}],
        "hasCourseInstance": [_without_blanks(instance)],
        **({} if movie.access == Access.FREE else _paywall()),
    }


def _people(credits: list[Credit], *roles: str) -> list[Node]:
    found = [c.person for c in credits if c.role in roles][:PEOPLE]
    return [{"@type": "Person", "name": one.name, "url": page_url(one.get_absolute_url())} for one in found]


def _id(movie: Movie, what: str) -> str:
    return absolute(f"{movie.get_absolute_url()}#{what}")


def _without_blanks(node: Node) -> Node:
    return {name: value for name, value in node.items() if value not in ("", [], None)}
