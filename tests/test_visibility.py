"""Whether a viewer may see a title: every address of the site gives the same answer, in each state of a title."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import get_resolver, resolve, reverse
from django.utils import timezone

from apps.media.models import Rendition, Subtitle
from apps.movies.models import Access, Audience, Banner, Credit, Episode, Kind, Material, Movie, Person, Status
from apps.orders import services as orders
from apps.orders.models import OrderState
from apps.playback.models import Progress
from apps.users.models import User
from tests.factories import make_category, make_episode, make_movie, make_paid_movie, make_sale, make_user
from utils.storages import videos

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("module_index")]
NOW = timezone.now()

# state: (fields, whether lists show it, whether its page opens)
STATES: dict[str, tuple[dict[str, Any], bool, bool]] = {
    "published": ({}, True, True),
    "waiting": ({"status": Status.WAITING}, False, True),
    "draft": ({"status": Status.DRAFT}, False, False),
    "withdrawn": ({"status": Status.WITHDRAWN}, False, False),
    "deleted": ({"deleted_at": NOW}, False, False),
    "deleted_while_waiting": ({"status": Status.WAITING, "deleted_at": NOW}, False, False),
}
LISTED = {state for state, (_, listed, _) in STATES.items() if listed}
OPEN = {state for state, (_, _, opens) in STATES.items() if opens}
KEPT = {state for state, (fields, _, _) in STATES.items() if "deleted_at" not in fields}  # what curators open


@dataclass
class World:
    """A free course and a title for sale in each state, which the viewer has begun and bought."""

    viewer: User
    free: dict[str, Movie]
    paid: dict[str, Movie]


def _name(state: str, what: str) -> str:
    return f"{what}·{list(STATES).index(state)}"


@pytest.fixture(scope="module")
def world(module_index) -> World:
    category, viewer = make_category(), make_user()
    free = {state: make_movie(title=_name(state, "课程"), kind=Kind.COURSE, category=category) for state in STATES}
    paid = {state: make_paid_movie(title=_name(state, "电影"), category=category) for state in STATES}
    words = videos().save("words/x.vtt", ContentFile(b"WEBVTT\n\n00:00.000 --> 00:01.000\nx\n"))
    for state, movie in free.items():
        episode = make_episode(movie=movie)
        Subtitle.objects.create(video=episode.video, language="zh", label="中文", file=words)
        Material(movie=movie, title="讲义").file.save("notes.pdf", ContentFile(b"%PDF"))
        Banner.objects.create(movie=movie, title=_name(state, "横幅"), starts_at=NOW - timedelta(days=1))
        person = Person.objects.create(name=f"{_name(state, '人物')}")
        Credit.objects.create(movie=movie, person=person, role=Credit.Role.TEACHER)
        Progress.objects.create(user=viewer, episode=episode, position=9, duration=20, updated_at=NOW)
    for movie in paid.values():
        make_episode(movie=movie, access=Access.PAID)
        make_sale(user=viewer, item=movie)
    for titles in (free, paid):
        for state, movie in titles.items():
            Movie.objects.filter(pk=movie.pk).update(plays=9, plays_week=9, **STATES[state][0])
            movie.refresh_from_db()
    return World(viewer, free, paid)


@pytest.fixture
def signed_in(world: World) -> Client:
    client = Client()
    client.force_login(world.viewer)
    return client


def _shown(client: Client, address: str, what: str) -> set[str]:
    """The states whose titles, or what belongs to them, the page shows."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    page = (
        json.dumps(answer.json(), ensure_ascii=False) if "json" in answer["Content-Type"] else answer.content.decode()
    )
    return {state for state in STATES if _name(state, what) in page}


LISTS = {
    "movies:home": [("/", "课程"), ("/", "横幅")],
    "movies:category": [("/comedy/film/1/", "课程"), ("/comedy/all/1/?access=paid", "电影")],
    "movies:ranking": [("/ranking/week/", "课程"), ("/ranking/all/", "电影")],
    "search:results": [("/search/?q=课程", "课程"), ("/search/?q=人物", "课程")],
    "search:suggest": [("/search/suggest/?q=课程", "课程"), ("/search/suggest/?q=人物", "人物")],
    "seo:feed": [("/feed/", "课程"), ("/feed/", "电影")],
    "seo:category_feed": [("/feed/film/", "课程"), ("/feed/film/", "电影")],
    "seo:suggestions": [("/opensearch/suggest/?q=课程", "课程"), ("/opensearch/suggest/?q=人物", "人物")],
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_show_what_is_listed(client, world, name):
    boss = Client()
    boss.force_login(make_user(is_staff=True, is_superuser=True))
    for address, what in LISTS[name]:
        assert resolve(address.split("?")[0]).view_name == name
        assert _shown(client, address, what) == LISTED
        assert _shown(boss, address, what) == LISTED  # drafts are in the administration's lists


def test_sitemaps_hold_what_is_listed(client, world):
    boss = Client()
    boss.force_login(make_user(is_staff=True, is_superuser=True))
    assert resolve("/sitemap-watch-0.xml").view_name == "seo:sitemap_part"
    parts = set(re.findall(r"/sitemap-watch-\d+\.xml", client.get("/sitemap.xml").content.decode()))
    for who in (client, boss):
        text = "".join(who.get(part).content.decode() for part in parts)
        for titles in (world.free, world.paid):
            assert {state for state, movie in titles.items() if f"/single/{movie.pk}/1/" in text} == LISTED


def test_a_title_has_listed_ones_beside_it(client, world):
    beside = client.get(make_episode().get_absolute_url()).context
    listed = {world.free["published"].pk, world.paid["published"].pk}
    assert {movie.pk for movie in beside["similar"]} == listed
    assert listed <= {movie.pk for movie in beside["hottest"]} <= listed | {beside["movie"].pk}


def test_a_viewer_goes_on_with_listed_titles(signed_in, world):
    assert _shown(signed_in, reverse("playback:history", args=[1]), "课程") == LISTED
    page = signed_in.get("/").content.decode()
    begun = {state for state in STATES if f"/single/{world.free[state].pk}/1/" in page.split("home__columns")[0]}
    assert begun == LISTED


@pytest.mark.parametrize("name", ["commit", "buy"])
def test_the_shop_sells_listed_titles(signed_in, name):
    titles = {state: make_movie(access=Access.PAID, **fields) for state, (fields, _, _) in STATES.items()}
    pages = {state: signed_in.get(reverse("orders:title", args=[movie.pk])) for state, movie in titles.items()}
    assert {state for state, page in pages.items() if page.status_code == 200} == LISTED
    for movie in titles.values():
        signed_in.post(reverse(f"orders:{name}"), {"movie": movie.pk})
    assert {state for state, movie in titles.items() if movie.orders.exists()} == LISTED


def _ordered(client: Client, titles: dict[str, Movie], name: str, *more: object) -> set[str]:
    """The states of the titles whose order's page has a link to them."""
    pages = {state: client.get(movie.orders.get().get_absolute_url()) for state, movie in titles.items()}
    links = {state: reverse(name, args=[movie.pk, *more]) for state, movie in titles.items()}
    return {state for state in titles if links[state] in pages[state].content.decode()}


def test_what_was_bought_can_be_watched_from_its_order_where_its_page_opens(signed_in, world):
    assert _ordered(signed_in, world.paid, "playback:watch", 1) == OPEN


def test_what_was_not_paid_can_be_ordered_again_where_it_is_listed(signed_in, world):
    titles = {state: make_paid_movie() for state in STATES}
    for state, movie in titles.items():
        orders.place_order(user=world.viewer, item=movie, at=NOW)
        movie.orders.update(state=OrderState.CLOSED, closed_at=NOW)
        Movie.objects.filter(pk=movie.pk).update(**STATES[state][0])
    assert _ordered(signed_in, titles, "orders:title") == LISTED


def _doors(episode: Episode) -> Iterator[tuple[str, str, dict[str, Any] | None]]:
    """(name, address, what is posted) of everything that belongs to an episode."""
    where = [episode.movie_id, episode.number]
    assert episode.video
    row = Rendition.objects.filter(video=episode.video)[0]
    subtitle = Subtitle.objects.get(video=episode.video)
    more: dict[str, list[Any]] = {
        "watch": [], "master": [], "addresses": [], "storyboard": [], "rendition": [row.name], "title_file": [row.file],
        "subtitle": [subtitle.pk], "preview_text": [subtitle.pk],
    }  # fmt: skip
    for name, arguments in more.items():
        yield name, reverse(f"playback:{name}", args=[*where, *arguments]), None
    yield "material", reverse("playback:material", args=[Material.objects.get(movie=episode.movie).pk]), None
    yield "progress", reverse("playback:progress", args=where), {"position": 1, "duration": 20, "playing": True}
    yield "place", reverse("playback:place", args=where), {"player": "a", "page": "b"}


def _open(client: Client, movie: Movie) -> dict[str, int]:
    """The status of each address of the title."""
    found = {}
    for name, address, said in _doors(movie.episodes.get()):
        answer = client.get(address) if said is None else client.post(address, said, content_type="application/json")
        found[name] = answer.status_code
    return found


@pytest.mark.parametrize("state", STATES)
def test_every_address_of_a_title_opens_or_none_does(client, signed_in, world, state):
    answers = {True: {200, 302}, False: {404}}
    boss = Client()
    boss.force_login(make_user(is_staff=True, is_superuser=True))
    for who, opens in ((client, state in OPEN), (signed_in, state in OPEN), (boss, state in KEPT)):
        found = _open(who, world.free[state])
        assert {name: status for name, status in found.items() if status not in answers[opens]} == {}


@pytest.mark.parametrize("state", STATES)
def test_comments_are_taken_where_the_page_opens(signed_in, world, state):
    movie = world.free[state]
    answer = signed_in.post(reverse("playback:watch", args=[movie.pk, 1]), {"text": "好看"})
    assert (answer.status_code, movie.comments.count()) == ((302, 1) if state in OPEN else (404, 0))


def test_no_address_is_forgotten():
    """What takes a title, an episode or a material is in one of the tests above."""
    tried = {name for name, _, _ in _doors(_course())}
    there = set()
    for app in ("movies", "playback", "orders", "search", "users", "notices", "media"):
        resolver: Any = next(r for r in get_resolver().url_patterns if getattr(r, "app_name", None) == app)
        for pattern in resolver.url_patterns:
            if {"movie_id", "material_id"} & set(pattern.pattern.converters):
                there.add(pattern.name)
    assert there == tried | {"title"}


def _course() -> Episode:
    episode = make_episode(movie=make_movie(kind=Kind.COURSE))
    Subtitle.objects.create(video=episode.video, language="zh", label="中文", file="x.vtt")
    Material.objects.create(movie=episode.movie, title="讲义", file="x.pdf")
    return episode


def _audiences(at: datetime) -> dict[str, Audience]:
    return {
        "stranger": Audience(AnonymousUser(), at),
        "viewer": Audience(make_user(), at),
        "curator": Audience(make_user(is_staff=True, is_superuser=True), at),
    }


def test_the_database_and_a_loaded_title_agree(world):
    for who, audience in _audiences(NOW).items():
        listed, visible = Movie.objects.listed(audience), Movie.objects.visible(audience)
        for state, movie in world.free.items():
            opens = state in (KEPT if who == "curator" else OPEN)
            assert (movie.is_listed(audience), listed.contains(movie)) == (state in LISTED,) * 2, (who, state)
            assert (movie.is_visible(audience), visible.contains(movie)) == (opens,) * 2, (who, state)
