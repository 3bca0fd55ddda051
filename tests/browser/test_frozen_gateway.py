"""Real workers, and a payment service that takes connections and never answers: nothing else waits for it."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from imageio_ffmpeg import get_ffmpeg_exe
from redis import Redis

from benchmarks.gateway import Buyer, Waiting, cashier_of, fill, get, post
from streamsite.env import broker_url
from tests.browser.conftest import Site, running_site
from tests.conftest import make_video

pytestmark = pytest.mark.slow
PATIENCE = 120.0  # seconds: far more than it takes
BUYERS = 10
# What takes minutes on the queue of long work, and a refund that nobody has asked for yet.
FILM_AND_REFUND = """
from pathlib import Path
from apps.media.services import add_video
from apps.orders.models import Payment
from tests.factories import make_sale
add_video(path=Path("{film}"), original_name="long.mp4")
payment = Payment.objects.get(order=make_sale(user=make_user(), item=make_plan()))
services.refund(payment=payment, amount=payment.amount, reason="x", by=None, at=timezone.now())
"""


def _until(what: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < until
        time.sleep(0.1)


def _only(site, query: str) -> Any:
    """The one value in the site's database that the query is about."""
    with closing(sqlite3.connect(site.data / "db.sqlite3", timeout=30)) as database:
        return database.execute(query).fetchone()[0]


@pytest.fixture(scope="session")
def long_film(tmp_path_factory) -> Path:
    """Ten minutes of 1080p: the same six seconds again and again."""
    folder = tmp_path_factory.mktemp("long")
    loop = make_video(folder / "loop.mp4", size="1920x1080")
    film = folder / "film.mp4"
    command = [get_ffmpeg_exe(), "-v", "error", "-stream_loop", "99", "-i", loop, "-c", "copy", film]
    subprocess.run(command, check=True)
    return film


@pytest.fixture
def site() -> Iterator[Site]:
    """One whose encoders leave a core to the others."""
    with running_site(FFMPEG_THREADS="1") as running:
        yield running


def test_mails_pages_and_refunds_wait_for_no_other_work(site, long_film):
    movie, buyers = fill(site, BUYERS, FILM_AND_REFUND.format(film=long_film))
    redis = re.search("^REDIS_URL=(.+)$", (site.data / "run.env").read_text(), re.M).group(1)
    first, pid = buyers[0], cashier_of(site)

    def film() -> str:
        return str(_only(site, "SELECT state FROM media_video WHERE original_name = 'long.mp4'"))

    _until(lambda: film() == "processing")

    def stands(buyer: Buyer) -> dict[str, Any]:
        return json.loads(post(site.port, "/order/check/", {"order": buyer.number}, buyer.session)[1])

    os.kill(pid, signal.SIGSTOP)
    try:
        waiting = Waiting(site.port, buyers)
        with Redis.from_url(redis, db=0) as queues:  # both threads for money wait for the cashier, the rest for them
            _until(lambda: queues.llen("money") >= BUYERS - 2)
        new = {"username": "lin", "email": "lin%40example.com", "password": "right+horse+battery"}
        assert post(site.port, "/user/register/", new, "")[0] == 302
        _until(lambda: list((site.data / "mail").glob("*.eml")))
        assert post(site.port, f"/order/{first.number}/cancel/", {}, first.session)[0] == 302
        pages = ("/", f"/single/{movie}/1/", "/order/openvip/", f"/order/{first.number}/", "/user/userown/")
        assert {get(site.port, page, first.session) for page in pages} == {200}
        assert stands(first)["state"] == "pending"
    finally:
        os.kill(pid, signal.SIGCONT)
    _until(lambda: stands(first)["res"] == 6)  # cancelled there and here
    waiting.end()
    assert {answer[:3] for answer in waiting.answers} == {"200"}

    with Celery(broker=broker_url(redis, 0), set_as_current=False) as sender:  # other tests speak to this run's own
        sender.send_task("orders.carry_out", queue="money", kwargs={"refund_id": 1})
    _until(lambda: _only(site, "SELECT state FROM orders_refund") != "requested")
    # it is still being encoded
    assert film() == "processing"
