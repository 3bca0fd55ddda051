"""A title that waits is published automatically once one of its episodes can be played."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.media.models import State, Video
from apps.movies import services
from apps.movies.models import Episode, Movie, Status
from tests.factories import make_episode, make_movie, make_paid_movie, make_sale, make_user, make_video
from utils.tasks import queue_length

pytestmark = pytest.mark.django_db


@pytest.fixture
def curator():
    client = Client()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def _unready(movie: Movie, number: int = 1, state: str = State.PROCESSING) -> Episode:
    episode = make_episode(movie=movie, number=number)
    Video.objects.filter(pk=episode.video_id).update(ready_at=None, state=state)
    return episode


def _becomes_ready(episode: Episode) -> None:
    Video.objects.filter(pk=episode.video_id).update(ready_at=timezone.now(), state=State.READY)
    services.video_ready(video_id=episode.video_id)


def _draft(**fields) -> Movie:
    return make_movie(status=Status.DRAFT, published_at=None, **fields)


def test_what_cannot_be_played_waits_and_is_published_by_itself(client):
    empty, encoding, failed, ready = (_draft() for _ in range(4))
    episode = _unready(encoding)
    _unready(failed, state=State.FAILED)
    make_episode(movie=ready)
    assert services.publish(movies=[empty, encoding, failed, ready]) == 4
    assert list(Movie.objects.published()) == [ready]
    for movie in (empty, encoding, failed):
        movie.refresh_from_db()
        assert (movie.status, movie.published_at) == (Status.WAITING, None)
    assert services.publish(movies=[empty, encoding, failed, ready]) == 0  # told twice, they wait on
    _becomes_ready(episode)
    encoding.refresh_from_db()
    assert encoding.status == Status.PUBLISHED
    assert encoding.published_at
    assert encoding.title in client.get("/").content.decode()


@pytest.mark.parametrize("status", [Status.DRAFT, Status.WITHDRAWN])
def test_only_what_was_told_to_is_published_when_it_is_ready(status):
    movie = make_movie(status=status)
    _becomes_ready(_unready(movie))
    movie.refresh_from_db()
    assert movie.status == status


def test_withdrawing_ends_the_wait():
    movie = _draft()
    episode = _unready(movie)
    services.publish(movies=[movie])
    assert services.withdraw(movies=[movie]) == 1
    _becomes_ready(episode)
    movie.refresh_from_db()
    assert movie.status == Status.WITHDRAWN


def test_a_deleted_title_that_waits_stays_deleted_and_comes_back_published():
    movie = _draft()
    episode = _unready(movie)
    services.publish(movies=[movie])
    services.hide(movies=[movie])
    _becomes_ready(episode)
    assert not Movie.objects.published().exists()
    services.restore(movies=[movie])
    assert Movie.objects.published().get() == movie


def test_a_title_whose_last_episode_goes_waits_and_keeps_its_date(curator):
    first = make_episode()
    movie = first.movie
    second = make_episode(movie=movie, number=2)
    since = movie.published_at
    delete = reverse("admin:movies_episode_changelist")
    curator.post(delete, {"action": "delete_selected", "_selected_action": [first.pk], "post": "yes"})
    movie.refresh_from_db()
    assert (movie.status, movie.first_episode, movie.episodes_out) == (Status.PUBLISHED, 2, 1)
    curator.post(reverse("admin:movies_episode_delete", args=[second.pk]), {"post": "yes"})
    movie.refresh_from_db()
    assert (movie.status, movie.published_at) == (Status.WAITING, since)
    _becomes_ready(_unready(movie, number=3))
    movie.refresh_from_db()
    assert (movie.status, movie.published_at, movie.first_episode) == (Status.PUBLISHED, since, 3)


def test_an_episode_that_moves_to_another_title_is_missed_where_it_was(curator):
    episode, other = make_episode(), _draft()
    old = episode.movie
    change = reverse("admin:movies_episode_change", args=[episode.pk])
    chapters = {"chapters-TOTAL_FORMS": 0, "chapters-INITIAL_FORMS": 0}
    answer = curator.post(change, {"movie": other.pk, "number": 1, "title": "", **chapters})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    old.refresh_from_db()
    other.refresh_from_db()
    assert (old.status, old.episodes_out, other.episodes_out) == (Status.WAITING, 0, 1)


@pytest.mark.parametrize(("ready", "leads_to"), [([2, 3], 2), ([3], 3), ([1, 2], 1), ([], 2)])
def test_the_address_of_a_title_is_where_it_can_be_played(client, ready, leads_to):
    movie = make_movie(kind="series")
    for number in {2, 3, *ready}:
        make_episode(movie=movie, number=number) if number in ready else _unready(movie, number)
    services.refresh_episodes(movie_id=movie.pk)
    movie.refresh_from_db()
    assert movie.get_absolute_url() == f"/single/{movie.pk}/{leads_to}/"
    assert client.get(movie.get_absolute_url()).status_code == 200
    old = client.get(f"/single/{movie.pk}/1/", follow=True)  # a link of before
    assert (old.status_code, old.request["PATH_INFO"]) == (200, movie.get_absolute_url())
    assert client.get(f"/single/{movie.pk}/7/").status_code == 404


def test_the_action_names_what_waits_and_the_list_shows_it(curator):
    ready, waiting = _draft(title="好片"), _draft(title="未完成")
    make_episode(movie=ready)
    listed = reverse("admin:movies_movie_changelist")
    keys = [ready.pk, waiting.pk]
    answer = curator.post(listed, {"action": "publish_titles", "_selected_action": keys}, follow=True)
    told = [str(message) for message in answer.context["messages"]]
    assert len(told) == 2
    assert told[1].endswith("：未完成")
    assert "就绪后上架" in curator.get(listed, {"status__exact": "waiting"}).content.decode()


def test_a_waiting_title_is_in_no_list_but_its_address_opens(client):
    movie = _draft(title="还没好")
    _unready(movie)
    services.publish(movies=[movie])
    assert "还没好" not in client.get("/").content.decode()
    assert "还没好" not in client.get("/search/", {"q": "还没好"}).content.decode().split("<main")[1].split("<h1")[0]
    assert client.get(f"/single/{movie.pk}/1/").status_code == 200


def test_a_receipt_offers_only_what_opens(client):
    movie, user = make_paid_movie(), make_user()
    make_episode(movie=movie)
    order = make_sale(user=user, item=movie)
    client.force_login(user)
    link = f'href="/single/{movie.pk}/1/"'
    assert link in client.get(order.get_absolute_url()).content.decode()
    services.withdraw(movies=[movie])
    assert link not in client.get(order.get_absolute_url()).content.decode()


def test_publishing_takes_the_same_queries_for_any_number(django_assert_num_queries):
    for size in (1, 40):
        movies = [_draft() for _ in range(size)]
        make_episode(movie=movies[0])
        with django_assert_num_queries(6):  # a savepoint's two, three updates, and the message for search
            services.publish(movies=movies)


def test_rows_of_before_are_put_right():
    empty, failed, ready, later, draft = make_movie(), make_movie(), make_movie(), make_movie(), _draft()
    _unready(failed, state=State.FAILED)
    make_episode(movie=ready)
    _unready(later, 1)
    make_episode(movie=later, number=4)
    Episode.objects.create(movie=draft, number=2, video=make_video())
    import_module("apps.movies.migrations.0006_as_soon_as_ready").settle(apps, None)
    rows = {m.pk: (m.status, m.first_episode) for m in Movie.objects.all()}
    assert rows == {
        empty.pk: ("waiting", 1), failed.pk: ("waiting", 1), ready.pk: ("published", 1), later.pk: ("published", 4),
        draft.pk: ("draft", 2),
    }  # fmt: skip


def test_titles_hear_of_a_video_whose_message_was_lost(django_capture_on_commit_callbacks):
    at = timezone.now()
    waiting = make_episode(movie=make_movie(status=Status.WAITING)).movie
    behind = make_episode(movie=make_movie(title="behind", kind="series")).movie
    knowing = make_episode(movie=make_movie(title="knowing")).movie
    for movie in (behind, knowing):
        services.refresh_episodes(movie_id=movie.pk)
    make_episode(movie=behind, number=2)
    pictured = make_episode(movie=make_movie(title="pictured"))
    services.refresh_episodes(movie_id=pictured.movie_id)
    Video.objects.filter(pk=pictured.video_id).update(thumbnail="stills/x.jpg")
    with CaptureQueriesContext(connection) as seen:
        assert services.announce_missed(at=at) == 0  # the messages may still be on their way
    assert len(seen) == 1
    before = queue_length("light")
    with django_capture_on_commit_callbacks(execute=True):
        assert services.announce_missed(at=at + timedelta(minutes=5)) == 3
    assert queue_length("light") == before + 6  # for each, its picture is made and search reads it again
    assert Movie.objects.get(pk=waiting.pk).status == Status.PUBLISHED
    assert Movie.objects.get(pk=behind.pk).episodes_out == 2
    assert services.announce_missed(at=at + timedelta(minutes=5)) == 1  # the picture isn't made yet
    assert services.announce_missed(at=at + timedelta(days=2)) == 0
