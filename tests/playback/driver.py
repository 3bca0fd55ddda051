"""Players that ask for places at once, in a process of its own: `python -m tests.playback.driver FILE`.

The database is DATABASE_URL, empty. What came out goes to FILE as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streamsite.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import override_settings, setup_test_environment  # noqa: E402
from django.utils import timezone  # noqa: E402

from apps.movies.models import Access  # noqa: E402
from apps.playback.models import Stream  # noqa: E402
from apps.playback.services import streams  # noqa: E402
from apps.playback.services.streams import Player  # noqa: E402
from tests.factories import make_episode, make_member  # noqa: E402

PLAYERS = 8
ROUNDS = 6


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


def sessions() -> list[dict[str, int]]:
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
            streams.hold(user=member, player=Player(name), episode=film, at=at - timedelta(seconds=11.99))
        names = ["a", "b", *map(str, range(PLAYERS - 2))]
        # the clocks of the nodes that answer them differ by a few milliseconds
        moments = [at + timedelta(milliseconds=5 * n) for n in range(PLAYERS)]
        calls = [
            partial(streams.hold, user=member, player=Player(name), episode=film, at=moment)
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
            streams.hold(user=member, player=Player(name), episode=film, at=at)
        rows = list(Stream.objects.filter(user=member).order_by("pk"))
        calls = [
            partial(streams.take, user=member, player=Player(str(n)), episode=film, at=at, instead_of=rows[n % 2].pk)
            for n in range(PLAYERS - 2)
        ]
        answers = at_once(calls)
        found.append({"answers": answers, "places": Stream.objects.live(at).filter(user=member).count()})
    return found


def main(target: Path) -> None:
    setup_test_environment()
    call_command("migrate", verbosity=0)
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        told = {scene.__name__: scene() for scene in (sessions, lapsing, takeovers)}
    target.write_text(json.dumps({**told, "engine": settings.DATABASES["default"]["ENGINE"]}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
