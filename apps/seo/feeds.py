"""RSS 2.0 feeds of new titles, of one category or all."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.feedgenerator import Rss201rev2Feed
from django.utils.html import escape, linebreaks
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.xmlutils import SimplerXMLGenerator

from apps.movies.models import Access, Audience, Category, Movie, MovieQuerySet
from apps.seo.addresses import page_url, poster, stream_url
from utils.plain_text import clean_line, clean_text
from utils.templatetags.formats import local, local_name

NEWEST = 50  # titles
LANGUAGES = {"zh-hans": "zh-cn", "en": "en"}  # as RSS names them
PLAYLIST = "application/vnd.apple.mpegurl"  # RFC 8216 §10
UNKNOWN = "0"  # the length of an enclosure of unknown length, by the RSS Advisory Board's profile

if TYPE_CHECKING:
    _Feed = Feed[Movie, Category | None]
else:
    _Feed = Feed


class WithPosters(Rss201rev2Feed):
    """RSS 2.0 with the posters of titles, as Media RSS thumbnails."""

    def rss_attributes(self) -> dict[str, str]:
        return {**super().rss_attributes(), "xmlns:media": "http://search.yahoo.com/mrss/"}

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        if picture := item["poster"]:
            size = {"width": str(picture.width), "height": str(picture.height)}
            handler.addQuickElement("media:thumbnail", attrs={"url": picture.url, **size})


class TitleFeed(_Feed):
    """The newest listed titles. Every address in it is absolute, so Django's own use of the Host header isn't met."""

    feed_type = WithPosters

    def get_object(self, request: HttpRequest, subject: str = "") -> Category | None:
        return get_object_or_404(Category, slug=subject) if subject else None

    def items(self, category: Category | None) -> MovieQuerySet:
        titles = Movie.objects.listed(Audience.public()).defer("content")
        return (titles.filter(category=category) if category else titles).order_by("-published_at", "-pk")[:NEWEST]

    def title(self, category: Category | None) -> str:
        return f"{local_name(category)} · {settings.SITE_NAME}" if category else settings.SITE_NAME

    def description(self, category: Category | None) -> str:
        if category:
            return _("New in %(name)s") % {"name": local_name(category)}
        return _("New films, series, shows and courses")

    @property
    def language(self) -> str:  # type: ignore[override]
        return LANGUAGES[get_language() or settings.LANGUAGE_CODE]

    def link(self, category: Category | None) -> str:
        return page_url(category.get_absolute_url() if category else reverse("movies:home"))

    def feed_url(self, category: Category | None) -> str:
        return page_url(feed_address(category))

    def item_title(self, movie: Movie) -> SafeString:
        return escape(clean_line(movie.title))

    def item_description(self, movie: Movie) -> str:
        return linebreaks(clean_text(movie.summary), autoescape=True)

    def item_link(self, movie: Movie) -> str:
        return page_url(movie.get_absolute_url())

    def item_guid(self, movie: Movie) -> str:
        """A tag URI (RFC 4151): the title's address may change with its first episode, this doesn't."""
        return f"tag:{urlsplit(settings.SITE_URL).hostname},2026:title/{movie.pk}"

    item_guid_is_permalink = False

    def item_pubdate(self, movie: Movie) -> datetime | None:
        return movie.published_at

    def item_updateddate(self, movie: Movie) -> datetime:
        return max(movie.updated_at, movie.published_at or movie.updated_at)

    def item_categories(self, movie: Movie) -> list[str]:
        return local(movie, "genre_line").split(" · ") if movie.genre_line else []

    def item_enclosure_url(self, movie: Movie) -> str:
        """The stream of a free title; what isn't free has none."""
        return stream_url(movie.pk, movie.first_episode) if movie.access == Access.FREE else ""

    item_enclosure_length = UNKNOWN
    item_enclosure_mime_type = PLAYLIST

    def item_extra_kwargs(self, movie: Movie) -> dict[str, Any]:
        return {"poster": poster(movie)}


def feed_address(category: Category | None = None) -> str:
    """The address of the feed of a category, or of everything."""
    return reverse("seo:category_feed", args=[category.slug]) if category else reverse("seo:feed")
