"""Sitemaps: valid, of what anybody may see, and at the same cost wherever a file lies."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.movies import services
from apps.movies.models import Access, Audience, Credit, Episode, Genre, Movie, Person
from apps.seo import sitemaps
from tests.factories import make_category, make_episode, make_movie, make_video
from tests.seo.documents import IMAGE, SITEMAP, VIDEO, locations, parse_sitemap
from tests.seo.site import BACKDROP, HOSTILE, POSTER, SITE

pytestmark = pytest.mark.django_db


def _episode(**fields):
    movie = make_movie(poster_set=POSTER, backdrop_set=BACKDROP, **fields)
    return make_episode(movie=movie, access=fields.get("access", Access.FREE))


def _part_of(episode: Episode) -> str:
    return f"/sitemap-watch-{episode.pk // sitemaps.PART}.xml"


def _whole(client) -> list[str]:
    """The addresses of all files of the index."""
    found = []
    for file in locations(parse_sitemap(client.get("/sitemap.xml").content)):
        found += locations(parse_sitemap(client.get(file.removeprefix(SITE)).content))
    return found


def test_the_index_leads_to_every_page(client):
    film = _episode()
    series = make_movie(kind="series", poster_set=POSTER)
    numbers = [make_episode(movie=series, number=n).number for n in (1, 2, 5)]
    pages = [f"{SITE}/single/{series.pk}/{n}/" for n in numbers]
    found = _whole(client)
    assert len(found) == len(set(found))
    assert {f"{SITE}/single/{film.movie_id}/1/", *pages} <= set(found)
    assert {f"{SITE}/", f"{SITE}/comedy/all/1/", f"{SITE}/comedy/film/1/", f"{SITE}/order/openvip/"} <= set(found)
    for address in found:
        assert client.get(address.removeprefix(SITE)).status_code == 200, address


def test_an_entry_has_its_picture_its_video_and_an_honest_date(client):
    episode = _episode(title="潮汐 & 海", summary="简介")
    edited = datetime(2026, 6, 1, tzinfo=UTC)
    Movie.objects.update(updated_at=edited, published_at=datetime(2026, 5, 1, tzinfo=UTC))
    type(episode.video).objects.update(ready_at=datetime(2026, 4, 1, tzinfo=UTC), duration=90)
    tree = parse_sitemap(client.get(_part_of(episode)).content)
    url = tree.find(f"{SITEMAP}url")
    assert url.find(f"{SITEMAP}lastmod").text == "2026-06-01T00:00:00+00:00"
    assert url.find(f"{IMAGE}image/{IMAGE}loc").text == f"{SITE}/media/posters/p-600.jpg"
    video = {one.tag.removeprefix(VIDEO): one.text for one in url.find(f"{VIDEO}video")}
    assert video == {
        "thumbnail_loc": f"{SITE}/media/backdrops/b-1280.jpg",
        "title": "潮汐 & 海",
        "description": "简介",
        "content_loc": f"{SITE}/play/{episode.movie_id}/1/master.m3u8",
        "duration": "90",
        "publication_date": "2026-05-01T00:00:00+00:00",
    }
    assert client.get(video["content_loc"].removeprefix(SITE)).status_code == 200


@pytest.mark.parametrize("access", [Access.VIP, Access.PAID])
def test_what_is_not_free_has_a_page_and_no_video(client, access):
    episode = _episode(access=access)
    text = client.get(_part_of(episode)).content
    tree = parse_sitemap(text)
    assert locations(tree) == [f"{SITE}/single/{episode.movie_id}/1/"]
    assert tree.find(f".//{IMAGE}image") is not None
    assert tree.find(f".//{VIDEO}video") is None
    assert b"/play/" not in text


def test_a_title_without_pictures_and_hostile_texts_are_valid(client):
    episode = _episode(title=HOSTILE + "\x08", summary="]]>" + HOSTILE * 40)
    plain = make_episode()
    for one in (episode, plain):
        parse_sitemap(client.get(_part_of(one)).content)


def test_people_and_genres_with_listed_titles_have_their_pages(client):
    shown, draft = make_episode().movie, make_movie(status="draft")
    people = [Person.objects.create(name=name, portrait_set=POSTER) for name in ("一", "二", "三")]
    genres = [Genre.objects.create(name=name) for name in ("喜剧", "剧情")]
    for movie, person, genre in zip((shown, draft), people, genres, strict=False):
        Credit.objects.create(movie=movie, person=person, role="cast")
        movie.genres.add(genre)
    found = _whole(client)
    assert [one for one in found if "/person/" in one] == [f"{SITE}/person/{people[0].pk}/"]
    assert [one for one in found if "/genre/" in one] == [f"{SITE}{genres[0].get_absolute_url()}"]
    for address in found:
        assert client.get(address.removeprefix(SITE)).status_code == 200, address


def test_what_is_taken_down_is_gone_at_once(client, django_capture_on_commit_callbacks):
    episode, other = _episode(), _episode()
    assert f"{SITE}/single/{episode.movie_id}/1/" in _whole(client)
    with django_capture_on_commit_callbacks(execute=True):
        services.withdraw(movies=[episode.movie])
    found = _whole(client)
    assert f"{SITE}/single/{episode.movie_id}/1/" not in found
    assert f"{SITE}/single/{other.movie_id}/1/" in found


def test_categories_without_listed_titles_are_left_out(client):
    _episode()
    make_category("nothing")
    make_movie(category=make_category("gone"), deleted_at=timezone.now())
    found = locations(parse_sitemap(client.get("/sitemap-pages.xml").content))
    assert [one for one in found if "/comedy/" in one] == [f"{SITE}/comedy/all/1/", f"{SITE}/comedy/film/1/"]


@pytest.mark.parametrize(
    "address",
    ["/sitemap-watch-3.xml", "/sitemap-nothing-0.xml", f"/sitemap-watch-{10**30}.xml", "/sitemap-watch-0.xml"],
)
def test_parts_that_are_not_there_are_404(client, address):
    assert client.get(address).status_code == 404
    assert client.get(address).status_code == 404


def test_an_empty_site_has_a_valid_sitemap(client):
    assert locations(parse_sitemap(client.get("/sitemap.xml").content)) == [f"{SITE}/sitemap-pages.xml"]
    parse_sitemap(client.get("/sitemap-pages.xml").content)


def _spread(count: int) -> list[int]:
    """Episodes of listed films, a part's length and one apart; returns their parts."""
    video, movie = make_video(), make_movie(kind="series")
    step = sitemaps.PART + 1
    rows = [Episode(pk=n * step, movie=movie, number=n, video=video) for n in range(1, count + 1)]
    Episode.objects.bulk_create(rows)
    return [row.pk // sitemaps.PART for row in rows]


def test_only_parts_with_pages_are_listed_and_none_is_missed(django_assert_num_queries):
    parts = _spread(450)  # more than are looked for at once
    Episode.objects.filter(pk__gt=425 * (sitemaps.PART + 1)).update(video=None)
    with django_assert_num_queries(4):  # the last keys of episodes and people, twice 400 parts
        text = sitemaps.index(Audience.public())
    shown = locations(parse_sitemap(text.encode()))[1:]
    assert shown == [f"{SITE}/sitemap-watch-{n}.xml" for n in parts[:425]]


def test_a_part_holds_its_keys_and_no_others(django_assert_num_queries):
    _spread(3)
    video, movie = make_video(), make_movie(kind="series")
    edges = [2 * sitemaps.PART - 1, 2 * sitemaps.PART, 3 * sitemaps.PART - 1, 3 * sitemaps.PART]
    Episode.objects.bulk_create(Episode(pk=pk, movie=movie, number=n, video=video) for n, pk in enumerate(edges, 1))
    with django_assert_num_queries(3):  # episodes, titles, files
        found = locations(parse_sitemap(sitemaps.part(Audience.public(), "watch", 2).encode()))
    assert [one for one in found if f"/single/{movie.pk}/" in one] == [f"{SITE}/single/{movie.pk}/{n}/" for n in (2, 3)]
    assert sitemaps.PART <= sitemaps.MOST


def test_a_part_is_looked_for_from_its_keys():
    for n in range(40):
        make_episode(movie=make_movie(kind="series"), number=n + 1)
    section = sitemaps.SECTIONS["watch"]
    plan = section.public(Audience.public(), section.rows().filter(pk__gte=5, pk__lt=9))[:1].explain()
    first, *rest = plan.splitlines()
    if connection.vendor == "sqlite":
        assert "SEARCH movies_episode USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in first
        assert not any("SCAN" in line or "TEMP B-TREE" in line for line in rest)
    else:
        assert "movies_episode" in plan


def test_the_index_looks_for_every_part_from_its_keys():
    _spread(3)
    with CaptureQueriesContext(connection) as asked:
        sitemaps.index(Audience.public())
    [sql] = [query["sql"] for query in asked.captured_queries if "EXISTS(SELECT" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql}")
        names = [column[0] for column in cursor.description]
        plan = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    if connection.vendor == "sqlite":
        steps = [step["detail"] for step in plan]
        assert steps.count("SEARCH movies_episode USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)") == 4
        assert not any(step.startswith("SCAN movies") or "TEMP B-TREE" in step for step in steps)
    else:
        episodes = [step for step in plan if step["table"] == "movies_episode"]
        assert [(step["type"], step["key"]) for step in episodes] == [("range", "PRIMARY")] * 4
        assert {step["key"] for step in plan if step["table"]} == {"PRIMARY"}


def test_files_are_kept_compressed_and_answer_conditional_requests(client, django_assert_num_queries):
    address = _part_of(_episode())
    first = client.get(address)
    with django_assert_num_queries(0):
        again = client.get(address)
        packed = client.get(address, headers={"accept-encoding": "gzip"})
        known = client.get(address, headers={"if-none-match": first["ETag"]})
    assert again.content == first.content == gzip.decompress(packed.content)
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert first["Cache-Control"] == "public, max-age=600"
    assert (known.status_code, known.content) == (304, b"")
    assert first["Content-Type"] == "application/xml"
