"""The watch page: what it tells the player, and what it costs."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from apps.community.models import Comment
from apps.media.models import State, Storyboard, Video
from apps.movies.models import Access, Chapter, Credit, Episode, Material, Movie, Person, Status
from apps.orders.models import Plan
from apps.playback.models import Progress
from tests.factories import make_episode, make_member, make_movie, make_plan, make_user

pytestmark = pytest.mark.django_db


def _page(client, episode, **kwargs):
    return client.get(reverse("playback:watch", args=[episode.movie_id, episode.number]), **kwargs)


@pytest.mark.parametrize(("kind", "size"), [("course", 1), ("course", 30), ("film", 1)])
def test_a_member_s_page_takes_twelve_queries(client, django_assert_max_num_queries, kind, size):
    movie, user = make_movie(kind=kind, access=Access.VIP), make_member()
    Material.objects.create(movie=movie, title="讲义", file="x.pdf")
    for n in range(size):
        episode = make_episode(movie=movie, number=n + 1)
        Chapter.objects.create(episode=episode, starts_at=3, title="起")
        Progress.objects.create(user=user, episode=episode, position=9, duration=20, updated_at=timezone.now())
        Credit.objects.create(movie=movie, person=Person.objects.create(name=f"人{n}"), role="cast")
        Comment.objects.create(movie=movie, user=make_user(), text="好看")
        make_movie()
    client.force_login(user)
    with django_assert_max_num_queries(12):
        page = client.get(f"/single/{movie.pk}/1/")
    player = page.context["player"]
    assert player["gate"]["kind"] == "full"
    assert player["resumeAt"] == 9
    assert player["chapters"] == [{"start": 3.0, "title": "起"}]
    assert bool(player["next"]) == (size > 1)
    assert page.context["sets"][0] == {
        "number": 1, "title": "", "url": f"/single/{movie.pk}/1/", "current": True, "state": "ready", "duration": 20.0,
        "vip": True, "percent": 45,
    }  # fmt: skip


def test_a_preview_starts_at_its_beginning_and_says_how_long_it_is(client):
    episode, user = make_episode(access=Access.VIP), make_user()
    Progress.objects.create(user=user, episode=episode, position=15, duration=20, updated_at=timezone.now())
    client.force_login(user)
    player = _page(client, episode).context["player"]
    assert player["resumeAt"] == 0
    assert player["gate"]["previewSeconds"] == 8
    assert [a["url"] for a in player["gate"]["actions"]] == [reverse("orders:vip")]
    assert player["storyboard"] == ""


def test_the_player_shows_the_chapters_of_the_file_unless_a_curator_wrote_others(client):
    free, vip = make_episode(), make_episode(access=Access.VIP)
    marks = [{"start": 0.0, "title": "起"}, {"start": 7.5, "title": ""}, {"start": 8.0, "title": "承"}]
    Video.objects.update(chapters=marks)
    assert _page(client, free).context["player"]["chapters"] == marks
    assert _page(client, vip).context["player"]["chapters"] == marks[:2]  # a preview of 8 seconds
    Chapter.objects.create(episode=free, starts_at=3, title="转")
    cache.clear()  # of whole pages
    assert _page(client, free).context["player"]["chapters"] == [{"start": 3.0, "title": "转"}]


def test_a_title_that_is_still_encoded_has_a_storyboard_soon(client):
    episode = make_episode()
    Storyboard.objects.all().delete()
    assert _page(client, episode).context["player"]["storyboard"] == ""
    Video.objects.update(state=State.PROCESSING)
    cache.clear()  # of whole pages
    assert _page(client, episode).context["player"]["storyboard"].endswith("storyboard.vtt")


def test_the_gate_of_a_vip_title_offers_the_plans_on_sale(client):
    Plan.objects.update(on_sale=False)
    make_plan(marked=True)
    vip, paid = make_episode(access=Access.VIP), make_episode(access=Access.PAID)
    gate = _page(client, vip).context["player"]["gate"]
    assert gate["plans"] == [{"name": "月卡", "price": "¥25.00", "marked": True}]
    assert gate["plansUrl"] == reverse("orders:vip")
    assert _page(client, paid).context["player"]["gate"]["plans"] == []
    client.force_login(make_member())
    assert _page(client, vip).context["player"]["gate"]["plans"] == []


def test_a_stranger_is_asked_to_sign_in_and_comes_back(client):
    episode = make_episode(access=Access.PAID)
    actions = _page(client, episode).context["player"]["gate"]["actions"]
    assert [a["url"] for a in actions] == [
        f"/order/title/{episode.movie_id}/",
        f"/user/login/?next=/single/{episode.movie_id}/1/",
    ]


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"ready_at": None, "state": "processing"}, "processing"),
        ({"ready_at": None, "state": "failed"}, "failed"),
        (None, "missing"),
    ],
)
def test_what_is_not_ready_has_a_page_and_no_playlist(client, changes, state):
    episode = make_episode()
    if changes is None:
        Episode.objects.update(video=None)
    else:
        type(episode.video).objects.update(**changes)
    page = _page(client, episode)
    assert (page.status_code, page.context["player"]["state"]) == (200, state)
    assert page.context["player"]["master"] == ""
    assert client.get(reverse("playback:master", args=[episode.movie_id, 1])).status_code == 404


def test_an_episode_that_is_not_there_is_not_found(client):
    episode = make_episode()
    assert client.get(f"/single/{episode.movie_id}/2/").status_code == 404
    client.force_login(make_user())
    assert client.post(f"/single/{episode.movie_id}/2/", {"text": "好"}).status_code == 404
    assert not Comment.objects.exists()


def test_staff_may_play_a_draft_and_nobody_may_play_what_was_deleted(client):
    episode = make_episode()
    Movie.objects.update(status=Status.DRAFT)
    client.force_login(make_user(is_staff=True, is_superuser=True))
    master = reverse("playback:master", args=[episode.movie_id, 1])
    assert (_page(client, episode).status_code, client.get(master).status_code) == (200, 200)
    Movie.objects.update(deleted_at=timezone.now())
    assert (_page(client, episode).status_code, client.get(master).status_code) == (404, 404)


def test_a_master_waits_for_the_preview_to_be_cut(client):
    episode = make_episode(access=Access.VIP)
    episode.video.renditions.filter(variant="preview").delete()
    assert client.get(reverse("playback:master", args=[episode.movie_id, 1])).status_code == 404


def test_one_row_a_title_is_offered_to_go_on_with(client, django_assert_num_queries):
    user, now = make_user(), timezone.now()
    for _ in range(14):
        movie = make_movie(kind="series")
        for number in (1, 2):
            episode = make_episode(movie=movie, number=number)
            Progress.objects.create(user=user, episode=episode, position=9, duration=20, updated_at=now)
    Progress.objects.filter(episode__movie=movie).update(finished=True)
    client.force_login(user)
    rows = client.get("/").context["rows"]
    assert len(rows) == 12
    assert len({row.episode.movie_id for row in rows}) == 12
    assert movie.pk not in {row.episode.movie_id for row in rows}
