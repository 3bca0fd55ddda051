"""Redis hangs, is gone, full or emptied: pages are served, guesses stay limited, nothing is lost or counted twice."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from celery import current_app
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from django_redis import get_redis_connection
from redis.connection import AbstractConnection

from apps.movies import services as movies
from apps.movies.models import Audience, Movie
from apps.playback import services as playback
from apps.playback.models import Progress
from tests import environment
from tests.factories import make_episode, make_user
from utils import ratelimit, tasks
from utils.cache import VERSION, invalidate_pages, pages_version
from utils.models import PendingTask
from utils.ratelimit import Limit, count, give_back, take
from utils.redis import answers, breaker, held
from utils.tasks import NotQueued, enqueue, send_pending

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def _recover() -> None:
    for one in (breaker, tasks._broker):
        one.reset()
    ratelimit._own.clear()


@contextmanager
def _hanging() -> Iterator[None]:
    """The server takes connections and answers nothing."""
    os.kill(environment._broker.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(environment._broker.pid, signal.SIGCONT)
        _recover()


@contextmanager
def _gone() -> Iterator[None]:
    """Nobody listens, and the connections of before are broken."""
    hidden = environment.SOCKET.with_suffix(".hidden")
    environment.SOCKET.rename(hidden)
    get_redis_connection("default").connection_pool.disconnect()
    try:
        yield
    finally:
        hidden.rename(environment.SOCKET)
        _recover()


@contextmanager
def _full() -> Iterator[None]:
    """Its memory is used up: it answers and deletes, and stores nothing (deploy/redis/streamsite.conf)."""
    server = get_redis_connection("default")
    server.config_set("maxmemory", 1)
    try:
        yield
    finally:
        server.config_set("maxmemory", 0)
        _recover()


@pytest.fixture(params=[_hanging, _gone, _full])
def outage(request):
    return request.param


def test_every_kind_of_page_is_made(outage, client):
    user = make_user(is_staff=True, is_superuser=True)
    episode = make_episode()
    client.force_login(user)
    pages = [reverse("movies:home"), episode.movie.get_absolute_url(), reverse("users:profile"), "/admin/", "/search/"]
    with outage():
        for page in pages:
            assert client.get(page, follow=True).status_code == 200, page
        client.logout()
        for page in [*pages[:2], reverse("users:login"), reverse("users:register")]:
            assert client.get(page, follow=True).status_code == 200, page


@pytest.fixture
def waits(monkeypatch) -> list[float]:
    """Grows with every answer of the server's that is waited for; who found it gone leaves it alone from then on."""
    seen: list[float] = []
    read = AbstractConnection.read_response

    def counted(self, *args, **kwargs):
        seen.append(time.monotonic())
        return read(self, *args, **kwargs)

    monkeypatch.setattr(AbstractConnection, "read_response", counted)
    for one in (breaker, tasks._broker):
        monkeypatch.setattr(one, "_rest", 3600.0)
    return seen


def test_a_server_that_hangs_costs_one_time_out(client, waits):
    cache.get("x")  # the connection is there
    waits.clear()
    with _hanging():
        for n in range(200):
            assert cache.get(f"x{n}") is None
            assert not cache.set("x", 1)
        assert len(waits) == 1
    assert cache.set("x", 1)
    assert cache.get("x") == 1


def test_it_heals_by_itself():
    with _gone():
        assert not answers()
    breaker.trip()
    assert not answers()
    breaker._rests_until = 0.0  # it has rested
    assert answers()


def test_guesses_stay_limited(outage):
    limits = [Limit("guess:me", 3, 60), Limit("guess:all", 100, 60)]
    with outage():
        assert [take(limits) > 0 for _ in range(5)] == [False] * 3 + [True] * 2
        assert count(limits[0]) == 3
        assert count(limits[1]) == 3
        assert take([Limit("guess:other", 3, 60)]) == 0
        give_back(limits)
        assert take(limits) == 0
        assert 0 < take(limits) <= 60


def test_the_own_counts_are_bounded(monkeypatch):
    monkeypatch.setattr(ratelimit, "KEPT", 10)
    own = ratelimit.OwnCounts()
    for n in range(50):
        own.take([Limit(f"k{n}", 1, 60)])
    assert len(own._counts) == 10
    assert own.take([Limit("k49", 1, 60)]) > 0


def test_sign_in_and_out_need_no_cache(outage, client):
    make_user(username="lin", password="correct-horse-9")
    with outage():
        answer = client.post(reverse("users:login"), {"username": "lin", "password": "correct-horse-9"})
        assert answer.status_code == 302
        assert client.get(reverse("users:profile")).status_code == 200
        old = client.cookies["sessionid"].value
        client.logout()
    client.cookies["sessionid"] = old
    assert client.get(reverse("users:profile")).status_code == 302  # no copy has outlived it


def test_work_is_kept_and_sent_later(outage, waits, django_capture_on_commit_callbacks):
    waits.clear()
    with outage(), django_capture_on_commit_callbacks(execute=True):
        enqueue("accounts.delete_expired")
        enqueue("catalogue.make_pictures", movie_id=7)
    assert len(waits) <= 1 or outage is _full  # which answers at once
    assert list(PendingTask.objects.order_by("pk").values_list("name", "arguments")) == [
        ("accounts.delete_expired", {}),
        ("catalogue.make_pictures", {"movie_id": 7}),
    ]
    assert send_pending() == 2
    assert send_pending() == 0


def test_a_broker_that_hangs_after_it_was_asked_loses_no_work(
    tmp_path, monkeypatch, django_capture_on_commit_callbacks
):
    """The cache's connection is answered, the queue's only taken."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent.sock"))
        silent.listen(64)
        monkeypatch.setattr(current_app.conf, "broker_write_url", f"redis+socket://{tmp_path}/silent.sock")
        for _ in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                enqueue("catalogue.make_pictures", movie_id=7)
        with django_capture_on_commit_callbacks(execute=False) as sent:
            enqueue("orders.ask", order_id=1, expires=60)
        with pytest.raises(NotQueued):
            sent[0]()
    monkeypatch.undo()
    _recover()
    assert [kept.arguments for kept in PendingTask.objects.all()] == [{"movie_id": 7}] * 2
    assert send_pending() == 2


def test_a_lock_of_what_does_no_harm_twice_is_gone_without(outage):
    with outage(), held("x", seconds=5):
        pass
    with held("x", seconds=5):
        get_redis_connection("default").flushall()


def test_pages_withdrawn_meanwhile_are_old_afterwards(outage, django_capture_on_commit_callbacks):
    before = pages_version()
    with outage():
        with django_capture_on_commit_callbacks(execute=True):
            invalidate_pages()
        breaker._rests_until = time.monotonic() + 0.1
    until = time.monotonic() + 60
    while cache.get(VERSION) == before and time.monotonic() < until:
        time.sleep(0.05)
    assert cache.get(VERSION) not in (None, before)


@contextmanager
def _emptied() -> Iterator[None]:
    """All that the server knew is gone, before and after."""
    get_redis_connection("default").flushall()
    yield
    get_redis_connection("default").flushall()


@pytest.mark.parametrize("fault", [_hanging, _gone, _emptied])
@pytest.mark.parametrize("signed_in", [True, False])
def test_views_before_during_and_through_a_fault_count_once_each(fault, signed_in):
    viewer = make_user() if signed_in else AnonymousUser()
    before, during, through = (make_episode() for _ in range(3))
    start = timezone.now()

    def watch(*episodes, seconds) -> None:
        for second in seconds:
            for episode in episodes:
                at = start + timedelta(seconds=second)
                grant = playback.authorize(audience=Audience(viewer, at), episode=episode)
                sent = playback.Heartbeat(
                    position=second / 10, duration=20.0, playing=True, tab="t", number=second // 5 + 1
                )
                playback.record_heartbeat(
                    viewer=viewer,
                    viewer_key="v",
                    address="192.0.2.7",
                    episode=episode,
                    grant=grant,
                    heartbeat=sent,
                    at=at,
                )

    watch(before, seconds=range(0, 15, 5))
    watch(through, seconds=(0, 5))
    with fault():
        watch(before, during, through, seconds=range(20, 40, 5))
        if signed_in:
            assert Progress.objects.get(episode=through).position == 3.5
    movies.flush_plays()
    assert list(Movie.objects.values_list("plays", flat=True)) == [1, 1, 1]
    watch(before, during, through, seconds=range(40, 80, 5))
    movies.flush_plays()
    assert list(Movie.objects.values_list("plays", flat=True)) == [1, 1, 1]
