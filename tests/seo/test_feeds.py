"""RSS feeds of new titles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from django.utils import timezone

from apps.movies.models import Access, Movie
from tests.factories import make_category, make_episode, make_movie
from tests.seo.site import HOSTILE, POSTER, SITE

pytestmark = pytest.mark.django_db
OUT = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)


def _film(**fields) -> Movie:
    movie = make_movie(**{"published_at": OUT, "poster_set": POSTER, "summary": "第一段\n第二段", **fields})
    make_episode(movie=movie, access=fields.get("access", Access.FREE))
    return movie


def _parse(client, address: str = "/feed/"):
    answer = client.get(address)
    assert answer["Content-Type"] == "application/rss+xml; charset=utf-8"
    found = feedparser.parse(answer.content, response_headers={"content-type": answer["Content-Type"]})
    assert not found.bozo, found.get("bozo_exception")
    assert found.version == "rss20"
    return found


def test_an_item_has_all_that_readers_show(client):
    movie = _film(title="潮汐 & 海", genre_line="剧情 · 悬疑")
    (item,) = _parse(client).entries
    assert item.title == "潮汐 &amp; 海"  # as HTML, which readers take it for
    assert item.summary == "<p>第一段<br />第二段</p>"
    assert item.link == f"{SITE}/single/{movie.pk}/1/"
    assert item.published == "Fri, 01 May 2026 12:30:00 +0000"
    assert [tag.term for tag in item.tags] == ["剧情", "悬疑"]
    assert item.media_thumbnail == [{"url": f"{SITE}/media/posters/p-600.jpg", "width": "600", "height": "900"}]
    assert (item.id, item.guidislink) == (f"tag:films.example,2026:title/{movie.pk}", False)


def test_the_channel_says_what_it_is(client):
    _film()
    channel = _parse(client).feed
    assert (channel.title, channel.link, channel.language) == ("星河影院", f"{SITE}/", "zh-cn")
    assert [one.href for one in channel.links if one.rel == "self"] == [f"{SITE}/feed/"]
    english = _parse(client, "/feed/film/?hl=en").feed
    assert (english.link, english.language) == (f"{SITE}/comedy/film/1/?hl=en", "en")
    assert [one.href for one in english.links if one.rel == "self"] == [f"{SITE}/feed/film/?hl=en"]


@pytest.mark.parametrize("access", Access.values)
def test_only_free_titles_are_enclosed(client, access):
    movie = _film(access=access)
    (item,) = _parse(client).entries
    stream = f"{SITE}/play/{movie.pk}/1/master.m3u8"
    expected = [{"href": stream, "type": "application/vnd.apple.mpegurl", "length": "0"}]
    assert item.enclosures == (expected if access == Access.FREE else [])
    assert ("/play/" in client.get("/feed/").content.decode()) is (access == Access.FREE)


def test_a_guid_outlives_a_changed_address(client):
    movie = _film()
    before = _parse(client).entries[0]
    Movie.objects.update(first_episode=3, title="新名")
    after = _parse(client, "/feed/?x=1").entries[0]
    assert after.id == before.id
    assert after.link == f"{SITE}/single/{movie.pk}/3/" != before.link


def test_a_category_has_its_own_feed(client):
    _film(title="一部")
    _film(title="一课", category=make_category("course"))
    assert [one.title for one in _parse(client, "/feed/course/").entries] == ["一课"]
    assert len(_parse(client, "/feed/").entries) == 2
    assert client.get("/feed/nothing/").status_code == 404


def test_the_newest_come_first_and_the_old_are_left_out(client, django_assert_num_queries):
    Movie.objects.bulk_create(
        [
            Movie(title=f"片{n}", category=make_category(), status="published", published_at=OUT + timedelta(hours=n))
            for n in range(60)
        ]
    )
    with django_assert_num_queries(1):
        found = _parse(client)
    assert [one.title for one in found.entries] == [f"片{n}" for n in range(59, 9, -1)]


def test_an_empty_feed_and_hostile_texts_are_valid(client):
    assert _parse(client).entries == []
    _film(title=HOSTILE + "\x08", summary=HOSTILE + "\x0b]]>")
    item = _parse(client, "/feed/?x=1").entries[0]
    assert "<script" not in item.title + item.summary


def test_readers_fetch_what_changed_only(client, django_capture_on_commit_callbacks):
    _film()
    first = client.get("/feed/")
    for headers in ({"if-none-match": first["ETag"]}, {"if-modified-since": first["Last-Modified"]}):
        kept = client.get("/feed/", headers=headers)
        made = client.get("/feed/?x=1", headers=headers)
        assert (kept.status_code, kept.content) == (made.status_code, made.content) == (304, b"")
        assert kept["ETag"] == first["ETag"]
    assert client.get("/feed/", headers={"if-none-match": '"other"'}).content == first.content
    Movie.objects.update(updated_at=timezone.now() + timedelta(hours=1), title="新名")
    changed = client.get("/feed/?x=1", headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["Last-Modified"] != first["Last-Modified"]
    old = {"if-modified-since": first["Last-Modified"]}
    assert client.get("/feed/?x=1", headers=old).status_code == 200


def test_a_kept_feed_is_compressed_and_conditional(client):
    _film()
    first = client.get("/feed/", headers={"accept-encoding": "gzip"})
    kept = client.get("/feed/", headers={"accept-encoding": "gzip", "if-none-match": first["ETag"]})
    assert first["Content-Encoding"] == "gzip"
    assert kept.status_code == 304
