"""Which pages search engines may index, and under which address."""

from __future__ import annotations

from urllib.robotparser import RobotFileParser

import pytest

from apps.movies.models import Genre, Movie, Status
from tests.factories import make_episode, make_movie, make_user
from tests.seo.documents import read
from tests.seo.site import SITE, pictured


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["waiting", "no video"])
def test_what_cannot_be_watched_is_not_indexed(client, state):
    movie = make_episode(movie=pictured()).movie
    if state == "waiting":
        Movie.objects.update(status=Status.WAITING)
    else:
        movie.episodes.update(video=None)
    page = read(client, f"/single/{movie.pk}/1/")
    assert page.meta["robots"] == "noindex, follow"
    assert page.link("canonical") == ""
    assert page.languages == {}
    assert page.nodes == {}


@pytest.mark.django_db
def test_what_curators_see_of_drafts_is_not_indexed(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    movie = make_episode(movie=pictured(status=Status.DRAFT)).movie
    assert read(client, f"/single/{movie.pk}/1/").meta["robots"] == "noindex, follow"
    Movie.objects.update(status=Status.PUBLISHED)
    assert "robots" not in read(client, f"/single/{movie.pk}/1/").meta


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "canonical", "indexed"),
    [
        ("/comedy/film/1/", "/comedy/film/1/", True),
        ("/comedy/film/2/", "/comedy/film/2/", True),
        ("/comedy/film/9/", "/comedy/film/2/", True),  # shows the last page
        ("/comedy/film/2/?sort=score", "/comedy/film/2/", True),
        ("/comedy/film/1/?access=free", "/comedy/film/1/?access=free", True),
        ("/comedy/film/1/?sort=date&access=free&x=1", "/comedy/film/1/?access=free", True),
        ("/comedy/film/1/?access=free&kind=film", "", False),
        ("/comedy/film/1/?access=paid", "/comedy/film/1/", True),  # no title is paid, so there is no such filter
        ("/comedy/all/1/", "/comedy/all/1/", True),
    ],
)
def test_filters_and_pages_have_their_canonical_address(client, address, canonical, indexed):
    for _ in range(30):
        make_movie()
    page = read(client, address)
    assert page.link("canonical") == (canonical and SITE + canonical)
    assert ("robots" not in page.meta) is indexed


@pytest.mark.django_db
def test_pages_of_a_genre_are_like_those_of_a_category(client):
    genre = Genre.objects.create(name="喜剧", about="笑与泪。")
    for _ in range(25):
        make_movie().genres.add(genre)
    base = genre.get_absolute_url()
    pages = [
        read(client, base + query) for query in ("", "?page=2", "?access=free", "?sort=score", "?page=2&sort=date")
    ]
    canonical = [base, f"{base}?page=2", f"{base}?access=free", base, f"{base}?page=2"]
    assert [page.link("canonical") for page in pages] == [SITE + one for one in canonical]
    assert pages[0].meta["description"] == "笑与泪。"
    assert pages[1].title == "喜剧（第 2 页） · 星河影院"


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/search/?q=潮汐", "/user/login/", "/user/register/", "/ranking/day/"])
def test_other_pages_are_not_indexed(client, address):
    page = read(client, address)
    assert page.meta["robots"].startswith("noindex")
    assert page.link("canonical") == ""


@pytest.mark.django_db
def test_addresses_never_come_from_the_host_header(client, settings):
    settings.ALLOWED_HOSTS = ["*"]
    movie = make_episode(movie=pictured()).movie
    for address in ("/", f"/single/{movie.pk}/1/", "/comedy/film/1/", "/feed/", "/sitemap.xml", "/sitemap-watch-0.xml",
                    "/opensearch.xml", "/robots.txt", "/opensearch/suggest/?q=影"):  # fmt: skip
        answer = client.get(address, headers={"host": "evil.example"})
        assert answer.status_code == 200, address
        assert "evil.example" not in answer.content.decode(), address


@pytest.mark.django_db
@pytest.mark.parametrize("opened", [True, False])
def test_a_staging_site_can_be_closed(client, settings, opened):
    settings.ALLOW_INDEXING = opened
    make_movie()
    for address in ("/", "/feed/", "/sitemap.xml"):
        assert client.get(address).get("X-Robots-Tag", "") == ("" if opened else "noindex, nofollow")
    robots = client.get("/robots.txt").content.decode()
    assert ("Disallow: /\n" in robots) is not opened
    assert (f"Sitemap: {SITE}/sitemap.xml" in robots) is opened


@pytest.mark.django_db
def test_robots_may_read_what_is_public(client):
    rules = RobotFileParser()
    rules.parse(client.get("/robots.txt").content.decode().splitlines())
    movie = make_episode(movie=pictured()).movie
    for path in ("/", "/comedy/all/1/", f"/single/{movie.pk}/1/", f"/play/{movie.pk}/1/master.m3u8", "/order/openvip/",
                 "/media/posters/p-600.jpg", "/static/site.css", "/search/?q=x", "/feed/"):  # fmt: skip
        assert rules.can_fetch("*", path), path
    for path in ("/admin/", "/user/login/?next=/", "/order/commit/", "/search/suggest/?q=x", "/media/uploads/"):
        assert not rules.can_fetch("*", path), path
    assert rules.site_maps() == [f"{SITE}/sitemap.xml"]
