"""What the heads of public pages say."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.utils.translation import override

from apps.movies.models import Access, Banner, Credit, Genre, Movie, Person, Region
from apps.seo.heads import shortened
from apps.seo.templatetags.seo import json_ld
from tests.factories import make_category, make_episode, make_movie, make_plan
from tests.seo.documents import Page, read
from tests.seo.site import BACKDROP, HOSTILE, POSTER, SITE, pictured


@pytest.mark.django_db
def test_a_film_has_a_title_a_description_and_a_card(client):
    movie = make_episode(movie=pictured(title="潮汐之下"), duration=5400).movie
    page = read(client, f"/single/{movie.pk}/1/", host="testserver")
    assert page.title == "潮汐之下 · 星河影院"
    assert page.meta["description"] == "海边的故事。"
    assert page.link("canonical") == f"{SITE}/single/{movie.pk}/1/"
    assert page.meta["og:url"] == page.link("canonical")
    assert page.meta["og:type"] == "video.movie"
    assert page.meta["og:site_name"] == "星河影院"
    assert page.meta["og:image"] == page.meta["twitter:image"] == f"{SITE}/media/backdrops/b-1280.jpg"
    assert (page.meta["og:image:width"], page.meta["og:image:height"]) == ("1280", "720")
    assert page.meta["twitter:card"] == "summary_large_image"
    assert page.meta["video:duration"] == "5400"
    assert "robots" not in page.meta


@pytest.mark.django_db
def test_a_backdrop_cut_from_the_poster_is_not_shared(client):
    cut = BACKDROP | {"source": "posters/x.jpg"}
    movie = make_episode(movie=pictured(poster="posters/x.jpg", backdrop_set=cut)).movie
    page = read(client, f"/single/{movie.pk}/1/")
    assert page.meta["og:image"] == f"{SITE}/media/posters/p-600.jpg"
    assert (page.meta["og:image:width"], page.meta["og:image:height"]) == ("600", "900")
    assert page.meta["twitter:card"] == "summary"


@pytest.mark.django_db
def test_a_title_without_a_picture_has_a_small_card_without_one(client):
    movie = make_episode(movie=pictured(poster_set={}, backdrop_set={})).movie
    page = read(client, f"/single/{movie.pk}/1/")
    assert page.meta["twitter:card"] == "summary"
    assert "og:image" not in page.meta


@pytest.mark.django_db
def test_each_episode_has_a_page_of_its_own(client):
    movie = pictured(kind="series", title="长河")
    make_episode(movie=movie, number=1)
    second = make_episode(movie=movie, number=2)
    second.title = "归来"
    second.save()
    first, other = (read(client, f"/single/{movie.pk}/{n}/") for n in (1, 2))
    assert first.title == "长河 第 1 集 · 星河影院"
    assert other.title == "长河 第 2 集 归来 · 星河影院"
    assert other.meta["description"] == "第 2 集 归来：海边的故事。"
    assert other.link("canonical") == f"{SITE}/single/{movie.pk}/2/"
    assert other.meta["og:type"] == "video.episode"


@pytest.mark.django_db
def test_pages_of_a_category_have_titles_of_their_own(client):
    category, genre = make_category(), Genre.objects.create(name="喜剧")
    for _ in range(25):
        make_movie().genres.add(genre)
    titles = [read(client, f"/comedy/film/{a}").title for a in ("1/", "2/", f"1/?genre={genre.pk}")]
    name = category.name
    assert titles == [f"{name} · 星河影院", f"{name}（第 2 页） · 星河影院", f"喜剧 · {name} · 星河影院"]


@pytest.mark.django_db
def test_the_home_page_shows_its_first_title_and_knows_the_search(client):
    Banner.objects.create(movie=make_episode(movie=pictured()).movie)
    page = read(client, "/")
    assert page.meta["og:image"] == f"{SITE}/media/backdrops/b-1280.jpg"
    assert page.link("canonical") == f"{SITE}/"
    action = page.nodes["WebSite"]["potentialAction"]
    assert action["target"]["urlTemplate"] == f"{SITE}/search/?q={{search_term_string}}"


@pytest.mark.django_db
def test_pages_without_titles_are_described(client):
    make_plan()
    found = {address: read(client, address) for address in ("/order/openvip/", "/notices/", "/calendar/", "/new/")}
    assert all(page.link("canonical") == SITE + address for address, page in found.items())
    assert all(page.meta["description"] for page in found.values())
    assert len({page.title for page in found.values()}) == 4


@pytest.mark.django_db
def test_every_page_leads_to_the_feed_and_the_search(client):
    make_movie()
    for address in ("/", "/comedy/film/1/", "/user/login/"):
        page = read(client, address)
        assert page.link("search") == "/opensearch.xml"
        feeds = [one["href"] for one in page.links if one.get("type") == "application/rss+xml"]
        assert sorted(feeds) == (["/feed/", "/feed/film/"] if "film" in address else ["/feed/"])


@pytest.mark.django_db
def test_hostile_titles_stay_texts(client):
    movie = make_episode(movie=pictured(title=HOSTILE, summary=HOSTILE)).movie
    page = read(client, f"/single/{movie.pk}/1/")
    assert [kind for kind, _ in page.scripts] == [kind for kind, _ in read(client, _plain_page()).scripts]
    assert page.nodes["Movie"]["name"] == HOSTILE
    assert page.title == f"{HOSTILE} · 星河影院"


def _plain_page() -> str:
    return make_episode(movie=pictured(title="普通")).movie.get_absolute_url()


def test_structured_data_cannot_leave_its_script():
    text = json_ld({"name": HOSTILE})
    assert Page(text).scripts == [("application/ld+json", text.split(">", 1)[1].removesuffix("</script>"))]
    assert json.loads(Page(text).scripts[0][1]) == {"name": HOSTILE}
    assert json_ld(None) == ""


def test_a_description_ends_with_a_sentence_or_a_word():
    assert shortened("短。") == "短。"
    assert shortened("一行\n两行") == "一行 两行"
    long = shortened("潮" * 120 + "。" + "汐" * 100)
    assert long == "潮" * 120 + "。…"
    assert len(shortened("潮" * 400)) == 150
    assert shortened("word " * 100).endswith("word…")


def _render(source: str, **context) -> str:
    with override("zh-hans"):
        return Template(source).render(Context({"user": AnonymousUser(), **context}))


def test_tags_need_no_request_and_no_database():
    movie = Movie(
        pk=7,
        title="潮汐",
        kind="film",
        access=Access.FREE,
        poster_set=POSTER,
        published_at=datetime(2026, 1, 2, tzinfo=UTC),
    )
    rows = [{"movie": movie}]
    text = _render("{% load seo %}{% ranking_head 'week' periods rows %}", periods={"week": ["本周"]}, rows=rows)
    page = Page(text)
    assert page.title == "热播榜 · 本周 · 星河影院"
    assert page.meta["og:image"] == f"{SITE}/media/posters/p-600.jpg"
    assert page.nodes["BreadcrumbList"]["itemListElement"][2]["item"] == f"{SITE}/ranking/week/"


@pytest.mark.django_db
def test_the_head_of_a_loaded_episode_asks_the_database_nothing(django_assert_num_queries):
    made = make_episode(movie=pictured(kind="series", region=Region.objects.create(name="中国")))
    Credit.objects.create(movie=made.movie, person=Person.objects.create(name="林舟"), role="director")
    movie = Movie.objects.select_related("category", "region").prefetch_related("credits__person").get()
    episode = movie.episodes.select_related("video").get()
    with django_assert_num_queries(0):
        assert "林舟" in _render("{% load seo %}{% watch_head movie episode %}", movie=movie, episode=episode)
