"""Which answers a cache may keep for others: every address of the site, as a visitor and as a member."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from tests.factories import make_episode, make_movie, make_user

pytestmark = pytest.mark.django_db(transaction=True)

FROM_NGINX = {"PAGE_CACHE": "nginx"}
EXPECTED = {"/", "/ranking/week/", "/new/", "/calendar/", "/notices/"}
# the same for everybody, in every language
SHARED = re.compile(r"/(sitemap|robots\.txt|feed/|opensearch\.xml|\.well-known/|static/|media/|favicon|manifest)")


def _patterns(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    for one in resolver.url_patterns:
        if isinstance(one.pattern, RegexPattern):
            continue
        address = before + str(one.pattern)
        if isinstance(one, URLPattern):
            yield address
        else:
            yield from _patterns(one, address)


def _addresses(client: Client, movie: int) -> list[str]:
    """All addresses of the resolver, and what the pages link to from home on."""
    values = {"int": str(movie), "uuid": "00000000-0000-0000-0000-000000000000"}
    found = {
        re.sub(r"<(?:(\w+):)?\w+>", lambda part: values.get(part[1], "week"), address)
        for address in _patterns(get_resolver())
    }
    found |= {f"/single/{movie}/1/", *EXPECTED}
    waiting = ["/"]
    while waiting and len(found) < 600:
        page = client.get(waiting.pop())
        if page.get("Content-Type", "").startswith("text/html"):
            links = re.findall(r'href="(/[^"#]*)"', page.content.decode().replace("&amp;", "&"))
            new = {link for link in links if "next=" not in link} - found
            found |= new
            waiting += sorted(new)
    return sorted(found)


def test_no_page_with_a_token_a_cookie_or_a_viewer_is_kept_for_others():
    movie = make_episode(movie=make_movie()).movie.pk
    visitor, member = Client(raise_request_exception=False), Client(raise_request_exception=False)
    member.force_login(make_user(username="阿明"))
    kept = set()
    addresses = _addresses(Client(raise_request_exception=False), movie)
    assert len(addresses) > 100
    for address in addresses:
        visitor.cookies.clear()
        for answer in (visitor.get(address, **FROM_NGINX), visitor.get(address, **FROM_NGINX)):
            if "X-Accel-Expires" in answer:
                kept.add(address)
                assert answer.status_code == 200, address
                assert not answer.cookies, address
                assert b"csrfmiddlewaretoken" not in answer.content, address
                assert b"csrf-token" not in answer.content, address
                assert {"private", "no-cache"} <= set(answer["Cache-Control"].split(", ")), address
            _is_for_nobody_else(address, answer)
            visitor.cookies.clear()
        if "logout" in address:
            continue
        own = member.get(address, **FROM_NGINX)
        assert "X-Accel-Expires" not in own, address
        _is_for_nobody_else(address, own)
    assert EXPECTED | {f"/single/{movie}/1/"} <= kept


def _is_for_nobody_else(address: str, answer) -> None:
    said = {part.strip().partition("=")[0] for part in answer.get("Cache-Control", "").split(",")}
    if SHARED.match(address) and answer.status_code in {200, 304}:
        assert not answer.cookies, address
    else:
        assert said & {"private", "no-store"}, (address, said)


def test_only_our_nginx_is_asked_to_keep_pages():
    make_movie()
    for headers in ({}, {"PAGE-CACHE": "nginx", "X-Page-Cache": "nginx"}):
        for _ in range(2):
            assert "X-Accel-Expires" not in Client().get("/", headers=headers)


def test_a_page_that_the_browser_has_is_not_sent_again():
    make_movie()
    first = Client().get("/")
    for _ in range(2):
        again = Client().get("/", headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert Client().get("/", headers={"If-None-Match": first["ETag"], "Accept-Language": "en"}).status_code == 200
