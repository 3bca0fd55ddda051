"""Places taken and views counted at once, in a process of its own: `python -m tests.playback.driver FILE`.

The database is DATABASE_URL, empty. What came out goes to FILE as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streamsite.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import AnonymousUser  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import override_settings, setup_test_environment  # noqa: E402
from django.utils import timezone  # noqa: E402

from apps.movies import services as movies  # noqa: E402
from apps.movies.models import Access, Audience, Episode, Movie, Play, PlayDay  # noqa: E402
from apps.playback import services  # noqa: E402
from apps.playback.models import Progress, Stream  # noqa: E402
from tests.factories import make_episode, make_member, make_user  # noqa: E402

PLAYERS = 8
ROUNDS = 6
VIEWERS, COPIES = 6, 3
RESTS = 0.02  # seconds between two runs of a worker


def at_once(calls: list[Callable[[], Any]]) -> Counter[str]:
    """Every call once, from a thread of its own; all begin together. How often each outcome came."""
    start = Barrier(len(calls))

    def work(call: Callable[[], Any]) -> str:
        start.wait()
        try:
            return str(call())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return Counter(pool.map(work, calls))


def sessions() -> list[Counter[str]]:
    """Eight sessions of one account ask for the film at once, over HTTP."""
    found = []
    for _ in range(ROUNDS):
        member, film = make_member(), make_episode(access=Access.VIP)
        clients = [Client() for _ in range(PLAYERS)]
        for client in clients:
            client.force_login(member)
        found.append(at_once([partial(ask, client, f"/play/{film.movie_id}/1/master.m3u8") for client in clients]))
    return found


def ask(client: Client, address: str) -> int:
    return client.get(address).status_code


def lapsing() -> list[dict[str, Any]]:
    """Two places that have just lapsed: their players' heartbeats and six new players come at once."""
    found = []
    for _ in range(ROUNDS):
        member, film, at = make_member(), make_episode(access=Access.VIP), timezone.now()
        for name in "ab":
            services.streams.hold(
                user=member, player=services.streams.Player(name), episode=film, at=at - timedelta(seconds=11.99)
            )
        names = ["a", "b", *map(str, range(PLAYERS - 2))]
        # the clocks of the nodes that answer them differ by a few milliseconds
        moments = [at + timedelta(milliseconds=5 * n) for n in range(PLAYERS)]
        calls = [
            partial(services.streams.hold, user=member, player=services.streams.Player(name), episode=film, at=moment)
            for name, moment in zip(names, moments, strict=True)
        ]
        answers = at_once(calls)
        found.append({"answers": answers, "places": Stream.objects.filter(user=member).count()})
    return found


def takeovers() -> list[dict[str, Any]]:
    """Six players stop the same two at once, each to watch instead."""
    found = []
    for _ in range(ROUNDS):
        member, film, at = make_member(), make_episode(access=Access.VIP), timezone.now()
        for name in "ab":
            services.streams.hold(user=member, player=services.streams.Player(name), episode=film, at=at)
        rows = list(Stream.objects.filter(user=member).order_by("pk"))
        calls = [
            partial(
                services.streams.take,
                user=member,
                player=services.streams.Player(str(n)),
                episode=film,
                at=at,
                instead_of=rows[n % 2].pk,
            )
            for n in range(PLAYERS - 2)
        ]
        answers = at_once(calls)
        found.append({"answers": answers, "places": Stream.objects.live(at).filter(user=member).count()})
    return found


def views() -> dict[str, Any]:
    """Viewers, half of them signed in, send each heartbeat thrice at once; two workers flush, one ranks."""
    films = [make_episode() for _ in range(3)]
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        viewers = [(make_user(), f"u{n}") if n % 2 else (AnonymousUser(), f"a{n}") for n in range(VIEWERS)]
    grant, start, over = (
        services.authorize(audience=Audience(viewers[0][0], timezone.now()), episode=films[0]),
        timezone.now(),
        Event(),
    )

    def watch(number: int) -> str:
        viewer, key = viewers[number % VIEWERS]
        for second in (0, 5, 10, 15):
            for film in films:
                heartbeat = services.Heartbeat(position=second, duration=20.0, playing=True, tab="t", number=second + 1)
                at = start + timedelta(seconds=second)
                services.record_heartbeat(
                    viewer=viewer,
                    viewer_key=key,
                    address="192.0.2.7",
                    episode=film,
                    grant=grant,
                    heartbeat=heartbeat,
                    at=at,
                )
        return "watched"

    def work(task: Callable[[], Any]) -> str:
        while not over.wait(RESTS):
            task()
        return "worked"

    with ThreadPoolExecutor(1) as pool:
        workers = pool.submit(
            at_once, [partial(work, task) for task in (movies.flush_plays, movies.flush_plays, movies.refresh_rankings)]
        )
        try:
            answers = at_once([partial(watch, number) for number in range(COPIES * VIEWERS)])
        finally:
            over.set()
    return {"answers": answers | workers.result(), "progress": Progress.objects.count(), **counted(films)}


def counted(films: list[Episode]) -> dict[str, Any]:
    """What the counters say once everything was flushed."""
    movies.flush_plays()
    titles = [film.movie_id for film in films]
    return {
        "plays": list(Movie.objects.filter(pk__in=titles).values_list("plays", flat=True)),
        "days": sum(PlayDay.objects.filter(movie__in=titles).values_list("plays", flat=True)),
        "left": Play.objects.count(),
    }


def deaths() -> dict[str, Any]:
    """Workers that are killed at each of the statements of a flush in turn, until one comes through."""
    films, number, killed = [make_episode() for _ in range(2)], 0, True
    while killed:
        for film in (films[0], films[1], films[1]):
            movies.record_play(movie_id=film.movie_id, at=timezone.now())
        number += 1
        killed = dies(movies.flush_plays, at_statement=number)
    return {"rounds": number, **counted(films)}


def dies(act: Callable[[], Any], *, at_statement: int) -> bool:
    """Run it in a child that is killed right after that statement; False if there were fewer."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        left = at_statement

        def count(execute: Callable[..., Any], *statement: Any) -> Any:
            nonlocal left
            left -= 1
            result = execute(*statement)
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        with connection.execute_wrapper(count):
            act()
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def main(target: Path) -> None:
    setup_test_environment()
    call_command("migrate", verbosity=0)
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        told = {scene.__name__: scene() for scene in (sessions, lapsing, takeovers, views, deaths)}
    target.write_text(json.dumps({**told, "engine": settings.DATABASES["default"]["ENGINE"]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
