"""What the head of each public page says to search engines, social networks and feed readers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.core.paginator import Page
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from apps.movies.models import EVERYTHING, Audience, Category, Episode, Genre, Kind, Movie, Person
from apps.seo import structured_data
from apps.seo.addresses import Picture, absolute, page_url, portrait, share_picture
from apps.seo.structured_data import Node
from utils.page_languages import in_language, page_languages
from utils.plain_text import clean_line
from utils.templatetags.formats import local_name

DESCRIBED = 150  # characters of a description
LOCALES = {"zh-hans": "zh_CN", "en": "en_US"}  # as Open Graph names them
KINDS = {Kind.FILM: "video.movie", Kind.COURSE: "video.other"}  # Open Graph's, of others "video.episode"


@dataclass(frozen=True)
class Head:
    """The head of a page; `address` is the canonical one in the default language, "" if there is none.

    A page that isn't `indexed` asks search engines to leave it out, and follow its links.
    """

    title: str  # without the site's name
    description: str = ""
    address: str = ""
    indexed: bool = True
    kind: str = "website"
    picture: Picture | None = None
    data: Sequence[Node] = ()
    feed: tuple[str, str] | None = None  # title and address, beside the feed of everything
    seconds: int = 0  # length of the page's video

    @property
    def canonical(self) -> str:
        return page_url(self.address) if self.address else ""

    @property
    def alternates(self) -> list[tuple[str, str]]:
        """The page in each language (`hreflang` and URL); the plain address is for everybody else."""
        if not self.address or not self.indexed:
            return []
        found = [(name, absolute(in_language(self.address, code))) for name, code in page_languages().items()]
        return [*found, ("x-default", absolute(self.address))]

    @property
    def locales(self) -> list[str]:
        """Open Graph's names of the site's languages, the page's own first."""
        here = get_language() or settings.LANGUAGE_CODE
        return sorted(LOCALES.values(), key=lambda name: name != LOCALES.get(here))

    @property
    def graph(self) -> Node | None:
        return structured_data.graph(self.data) if self.data and self.indexed else None


def shortened(text: str) -> str:
    """A description on one line, cut between 100 and 150 characters where a sentence or word ends."""
    line = clean_line(text)
    if len(line) <= DESCRIBED:
        return line
    cut = line[: DESCRIBED - 1]
    end = max(cut.rfind(mark) for mark in "。！？；，. ,;!?")
    return f"{cut[: end + 1].rstrip() if end >= DESCRIBED * 2 // 3 else cut}…"


def home(*, banners: Sequence[Any], newest: Sequence[Movie]) -> Head:
    """The home page; the card shows the first title that has a picture."""
    shown = [*(banner.movie for banner in banners), *newest]
    return Head(
        title=_("Films, series and courses"),
        description=_("Watch films, series, shows and courses online."),
        address="/",
        picture=next(filter(None, map(share_picture, shown)), None),
        data=[structured_data.website()],
    )


def category(
    *, chosen: Category | None, subject: str, name: str, query: str, filters: Sequence[str], page: Page[Movie]
) -> Head:
    """A page of a category, or of all titles: `query` is its known filters and sort order, `filters` their labels."""
    feed = None
    if chosen:
        feed = (_("New in %(name)s") % {"name": name}, reverse("seo:category_feed", args=[chosen.slug]))
    address, first = (reverse("movies:category", args=[subject, n]) for n in (page.number, 1))
    steps = [(name, first)]
    return _listing(name=name, steps=steps, address=address, query=query, filters=filters, page=page, feed=feed)


def genre(*, chosen: Genre, name: str, about: str, query: str, filters: Sequence[str], page: Page[Movie]) -> Head:
    """A page of a genre, which `about` introduces."""
    address = chosen.get_absolute_url()
    more = [("page", str(page.number))] if page.number > 1 else []
    steps = [(_("All titles"), reverse("movies:category", args=[EVERYTHING, 1])), (name, address)]
    return _listing(
        name=name, steps=steps, address=address, query=query, filters=filters, page=page, about=about, more=more
    )


def _listing(
    *,
    name: str,
    steps: list[tuple[str, str]],
    address: str,
    query: str,
    filters: Sequence[str],
    page: Page[Movie],
    about: str = "",
    more: Sequence[tuple[str, str]] = (),
    feed: tuple[str, str] | None = None,
) -> Head:
    """Sort orders have the address of the page without one. Combined filters are endless, so they aren't indexed."""
    kept = [pair for pair in parse_qsl(query.removeprefix("?")) if pair[0] != "sort"] + [*more]
    title = " · ".join([*filters, name])
    if page.number > 1:
        title = _("%(title)s, page %(n)s") % {"title": title, "n": page.number}
    described = _("Watch %(title)s online: new, popular and top-rated titles.") % {"title": title}
    movies = list(page.object_list)
    return Head(
        title=title,
        description=shortened(about) if about and not filters and page.number == 1 else described,
        address=f"{address}?{urlencode(kept)}" if kept else address,
        indexed=len(filters) <= 1 and bool(movies),
        picture=next(filter(None, map(share_picture, movies)), None),
        data=[structured_data.breadcrumbs(steps)],
        feed=feed,
    )


def person(*, who: Person, names: Sequence[str], occupation: str, about: str, is_main: bool) -> Head:
    """The page of a person. Further roles and pages have the same text, so only the main one is indexed."""
    address = who.get_absolute_url()
    return Head(
        title=who.name,
        description=shortened(about),
        address=address,
        indexed=is_main,
        kind="profile",
        picture=portrait(who),
        data=[
            structured_data.person(who, names=names, occupation=occupation),
            structured_data.breadcrumbs([(who.name, address)]),
        ],
    )


def ranking(*, period: str, name: str, movies: Sequence[Movie]) -> Head:
    """The most played titles of a period, of which `name` is the name."""
    title, address = _("Most played"), reverse("movies:ranking", args=[period])
    return Head(
        title=f"{title} · {name}",
        description=_("The most played films, series, shows and courses: %(period)s.") % {"period": name},
        address=address,
        indexed=bool(movies),
        picture=next(filter(None, map(share_picture, movies)), None),
        data=[structured_data.breadcrumbs([(title, reverse("movies:ranking", args=["week"])), (name, address)])],
    )


def watching(*, movie: Movie, episode: Episode) -> Head:
    """The page of an episode. One that lists don't show, or that can't be played yet, isn't indexed."""
    part = "" if movie.kind == Kind.FILM else _part(movie, episode)
    name = " ".join(filter(None, [movie.title, part]))
    about = shortened(movie.summary) or _("Watch “%(title)s” online.") % {"title": movie.title}
    file = episode.video
    playable = file is not None and file.ready_at is not None
    steps = [(local_name(movie.category), movie.category.get_absolute_url()), (movie.title, movie.get_absolute_url())]
    if part:
        steps.append((part, episode.get_absolute_url()))
    return Head(
        title=name,
        description=shortened(_("%(part)s: %(about)s") % {"part": part, "about": about}) if part else about,
        address=episode.get_absolute_url(),
        indexed=playable and movie.is_listed(Audience.public()),
        kind=KINDS.get(Kind(movie.kind), "video.episode"),
        picture=share_picture(movie),
        data=[
            *structured_data.watch_page(movie, episode, name=name, description=about),
            structured_data.breadcrumbs(steps),
        ],
        seconds=round(file.duration or 0) if file else 0,
    )


def _part(movie: Movie, episode: Episode) -> str:
    """The name of an episode: its number in the words of the title's kind, and its own title."""
    if movie.kind == Kind.COURSE:
        number = _("Lesson %(n)s") % {"n": episode.number}
    elif movie.kind == Kind.VARIETY:
        number = pgettext("of a show", "Episode %(n)s") % {"n": episode.number}
    else:
        number = _("Episode %(n)s") % {"n": episode.number}
    return " ".join(filter(None, [number, episode.title]))


def plain(*, title: str, description: str, address: str, indexed: bool = True) -> Head:
    """A page that isn't about titles."""
    return Head(
        title=title,
        description=description,
        address=address if indexed else "",
        indexed=indexed,
        data=[structured_data.breadcrumbs([(title, address)])] if indexed else [],
    )
