"""Each language of a page has an address of its own."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_episode, make_movie
from tests.seo.documents import read
from tests.seo.site import SITE, pictured
from utils.page_languages import in_language


@pytest.mark.django_db
def test_each_language_has_an_address(client):
    movie = make_episode(movie=pictured()).movie
    path = f"/single/{movie.pk}/1/"
    chinese, english = read(client, path), read(client, f"{path}?hl=en")
    assert chinese.languages == english.languages == {
        "zh": SITE + path, "en": f"{SITE}{path}?hl=en", "x-default": SITE + path,
    }  # fmt: skip
    assert chinese.link("canonical") == SITE + path
    assert english.link("canonical") == f"{SITE}{path}?hl=en"
    assert (chinese.meta["og:locale"], english.meta["og:locale"]) == ("zh_CN", "en_US")


@pytest.mark.django_db
def test_an_address_outranks_the_browser_and_is_cached_apart(client, django_assert_num_queries):
    make_episode(movie=pictured())
    english = client.get("/?hl=en", headers={"accept-language": "zh"}).content
    assert b'lang="en"' in english
    assert b'lang="zh-hans"' in client.get("/?hl=zh", headers={"accept-language": "en"}).content
    assert b'lang="zh-hans"' in client.get("/").content
    with django_assert_num_queries(0):
        assert client.get("/?hl=en", headers={"accept-language": "zh"}).content == english
        assert b'lang="zh-hans"' in client.get("/").content


@pytest.mark.django_db
def test_a_named_language_lasts_for_one_page(client):
    make_movie()
    assert not client.get("/?hl=en").cookies
    assert b'lang="zh-hans"' in client.get("/").content


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["hl=fr", "hl=en-xx", "hl=", "hl=en&hl=en", "hl=EN"])
def test_unknown_languages_are_ignored_and_not_cached(client, query):
    make_movie()
    address = f"/comedy/film/1/?{query}"
    assert b'lang="zh-hans"' in client.get(address).content
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    assert asked.captured_queries


@pytest.mark.django_db
def test_the_language_switch_leaves_a_named_language(client):
    text = client.get("/comedy/all/1/?hl=en&sort=date").content.decode()
    assert '<input type="hidden" name="next" value="/comedy/all/1/?sort=date">' in text


def test_addresses_in_a_language_keep_their_query():
    assert in_language("/comedy/film/1/?genre=2", "en") == "/comedy/film/1/?genre=2&hl=en"
    assert in_language("/comedy/film/1/?genre=2&hl=en", "zh-hans") == "/comedy/film/1/?genre=2"
    assert in_language("/search/?q=%E6%BD%AE&hl=en", "en") == "/search/?q=%E6%BD%AE&hl=en"
