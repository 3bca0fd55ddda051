"""Files for search engines, feed readers and browsers."""

from __future__ import annotations

import gzip
from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.views.decorators.http import conditional_page, require_safe

from apps.movies.models import Audience
from apps.search import services as search
from apps.seo import sitemaps
from apps.seo.addresses import absolute
from apps.seo.feeds import TitleFeed
from utils.cache import allow_page_cache, pages_version

KEPT = 3600  # seconds that a made sitemap is kept, unless a title changes
FRESH = 600  # seconds that a crawler may keep one
SHORT = 16  # characters of an OpenSearch ShortName
PERSONAL = ("/admin/", "/user/", "/order/", "/i18n/", "/media/uploads/", "/search/suggest/", "/opensearch/")
PAGES: list[tuple[str, list[str]]] = [
    ("movies:home", []),
    *(("movies:ranking", [period]) for period in ("day", "week", "month", "all")),
    ("movies:new", []),
    ("movies:calendar", []),
    ("orders:vip", []),
    ("notices:list", []),
]


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """`/robots.txt` (RFC 9309): personal pages are left out; with ALLOW_INDEXING=0 everything is."""
    lines = ["User-agent: *"]
    if settings.ALLOW_INDEXING:
        lines.append(f"Allow: {reverse('orders:vip')}")
        lines += [f"Disallow: {path}" for path in PERSONAL]
        lines += ["", f"Sitemap: {absolute(reverse('seo:sitemap'))}"]
    else:
        lines.append("Disallow: /")
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")


@require_safe
@conditional_page
def feed(request: HttpRequest, subject: str = "") -> HttpResponse:
    """The newest titles as RSS, of a category or all."""
    return allow_page_cache(request, TitleFeed()(request, subject=subject))


@require_safe
@conditional_page
def sitemap(request: HttpRequest) -> HttpResponse:
    """The index of the sitemaps."""
    return _kept(request, "index", lambda: sitemaps.index(Audience.public()))


@require_safe
@conditional_page
def sitemap_pages(request: HttpRequest) -> HttpResponse:
    """The sitemap of the pages that aren't of one title."""
    paths = [reverse(name, args=args) for name, args in PAGES]
    return _kept(request, "pages", lambda: sitemaps.pages(Audience.public(), paths))


@require_safe
@conditional_page
def sitemap_part(request: HttpRequest, section: str, number: int) -> HttpResponse:
    """A part of a section of the sitemaps; 404 if it is empty."""
    return _kept(request, f"{section}:{number}", lambda: sitemaps.part(Audience.public(), section, number))


def _kept(request: HttpRequest, name: str, make: Callable[[], str]) -> HttpResponse:
    """An XML file, kept compressed until a title changes. Raises Http404 for "", which isn't kept."""
    key = f"sitemap:{pages_version()}:{name}"
    packed: bytes | None = cache.get(key)
    if packed is None:
        text = make()
        if not text:
            raise Http404
        packed = gzip.compress(text.encode(), 6, mtime=0)
        cache.set(key, packed, KEPT)
    accepts = "gzip" in request.headers.get("Accept-Encoding", "")
    response = HttpResponse(packed if accepts else gzip.decompress(packed), content_type="application/xml")
    if accepts:
        response["Content-Encoding"] = "gzip"
    response["Cache-Control"] = f"public, max-age={FRESH}"
    patch_vary_headers(response, ("Accept-Encoding",))
    return response


@require_safe
def opensearch(request: HttpRequest) -> HttpResponse:
    """The description by which a browser adds the site's search (OpenSearch 1.1)."""
    context = {
        "site_name": settings.SITE_NAME,
        "short_name": settings.SITE_NAME[:SHORT].strip(),
        "icon": absolute(static("favicon.svg")),
        "here": absolute(reverse("seo:opensearch")),
        "search": absolute(reverse("search:results")),
        "suggest": absolute(reverse("seo:suggestions")),
    }
    return render(request, "seo/opensearch.xml", context, content_type="application/opensearchdescription+xml")


@require_safe
def suggestions(request: HttpRequest) -> JsonResponse:
    """Suggestions for a browser's address bar: query, texts, descriptions, URLs (OpenSearch Suggestions 1.1)."""
    text = request.GET.get("q", "").strip()
    found = search.suggest(text=text, audience=Audience.of(request))
    results = reverse("search:results")
    urls = [
        absolute(row.movie.get_absolute_url() if row.movie else f"{results}?{urlencode({'q': row.text})}")
        for row in found
    ]
    return JsonResponse(
        [text, [row.text for row in found], [""] * len(found), urls],
        safe=False,
        json_dumps_params={"ensure_ascii": False},
        content_type="application/x-suggestions+json; charset=utf-8",
    )
