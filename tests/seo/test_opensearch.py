"""The site as a search engine of browsers (OpenSearch 1.1)."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from lxml import etree

from apps.movies.models import Credit, Person, Status
from tests.factories import make_episode, make_movie
from tests.seo.site import SITE

pytestmark = pytest.mark.django_db
NS = "{http://a9.com/-/spec/opensearch/1.1/}"


def _description(client):
    answer = client.get("/opensearch.xml")
    assert answer["Content-Type"] == "application/opensearchdescription+xml"
    tree = etree.fromstring(answer.content)
    assert tree.tag == f"{NS}OpenSearchDescription"
    return tree, {one.get("type"): one.get("template") for one in tree.iter(f"{NS}Url")}


def test_the_description_meets_the_limits_of_the_format(client, settings):
    settings.SITE_NAME = "星河 & <影院> of an uncommonly long name, longer than forty-eight characters"
    tree, urls = _description(client)
    short, long = (tree.find(f"{NS}{name}").text for name in ("ShortName", "LongName"))
    assert short == "星河 & <影院> of an"
    assert len(long) <= 48
    assert tree.find(f"{NS}InputEncoding").text == "UTF-8"
    assert urls["application/opensearchdescription+xml"] == f"{SITE}/opensearch.xml"
    icon = tree.find(f"{NS}Image").text
    assert icon.startswith(f"{SITE}/static/favicon")


def test_its_addresses_search_and_suggest(client, live_index):
    movie = make_episode(movie=make_movie(title="潮汐之下")).movie
    make_movie(title="潮汐草稿", status=Status.DRAFT)
    person = Person.objects.create(name="潮生")
    Credit.objects.create(movie=movie, person=person, role="cast")
    _, urls = _description(client)
    results, suggest = (
        urls[kind].removeprefix(SITE).replace("{searchTerms}", quote("潮"))
        for kind in ("text/html", "application/x-suggestions+json")
    )
    assert "潮汐之下" in client.get(results).content.decode()
    answer = client.get(suggest)
    assert answer["Content-Type"] == "application/x-suggestions+json; charset=utf-8"
    text, texts, notes, addresses = answer.json()
    assert text == "潮"
    assert texts == ["潮汐之下", "潮生"]
    assert notes == ["", ""]
    assert addresses == [SITE + movie.get_absolute_url(), f"{SITE}/search/?q={quote('潮生')}"]


def test_nothing_typed_suggests_an_empty_list(client):
    assert client.get("/opensearch/suggest/").json() == ["", [], [], []]
