"""Probes: what is alive and what is ready, asked within bounded time, told to nobody who needn't know."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack

import pytest
from django.test import Client

from streamsite import probes
from streamsite.checks import check_addresses
from tests.conftest import ROOT
from tests.environment import DATA
from utils import readiness
from utils.readiness import Degraded, Part, Readiness, overall

STRANGER = {"REMOTE_ADDR": "203.0.113.9", "HTTP_HOST": "10.0.0.5"}
WATCHER = STRANGER | {"REMOTE_ADDR": "127.0.0.1"}


@pytest.fixture(autouse=True)
def _fresh():
    probes.readiness.cache_clear()
    probes._told = "ready"


def test_a_living_process_says_so_under_any_host_and_touches_nothing(settings, monkeypatch):
    """No database either: without the mark, a query would fail the test."""
    settings.SECURE_SSL_REDIRECT = True
    monkeypatch.setattr("django_redis.pool.ConnectionFactory.get_connection", None)
    answer = Client().get("/healthz", **STRANGER)
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    assert Client().head("/healthz", **STRANGER).status_code == 200
    assert Client().post("/healthz", **STRANGER).status_code == 405
    assert Client().get("/", **STRANGER).status_code == 400  # of other addresses the host counts


@pytest.mark.django_db(transaction=True)
def test_parts_are_told_to_those_who_watch(settings):
    settings.MONITORING_TOKEN = "sesame"
    settings.DISK_RESERVE = 0
    for address in ("/readyz", "/readyz?a=1"):
        told = Client().get(address, **WATCHER)
        assert told.status_code == 200
        found = told.json()
        assert found["status"] == "ready"
        assert {name: part["state"] for name, part in found["parts"].items()} == dict.fromkeys(
            ["database", "redis", "broker", "videos", "disk"], "ok"
        )
        assert [name for name, part in found["parts"].items() if part["needed"]] == ["database", "videos"]
        assert all(part["milliseconds"] >= 0 for part in found["parts"].values())
        assert found["parts"]["disk"]["free_bytes"] > 0
    for more in ({}, {"HTTP_AUTHORIZATION": "Bearer mellon"}, {"HTTP_AUTHORIZATION": "Bearer "}):
        assert Client().get("/readyz", **STRANGER, **more).json() == {"status": "ready"}
    assert "parts" in Client().get("/readyz", **STRANGER, HTTP_AUTHORIZATION="Bearer sesame").json()
    assert "parts" not in Client().get("/readyz", **WATCHER, HTTP_X_FORWARDED_FOR="203.0.113.9").json()
    settings.TRUSTED_PROXIES = ["127.0.0.0/8"]
    settings.MONITORING_NETWORKS = ["203.0.113.0/24"]
    assert "parts" in Client().get("/readyz", **WATCHER, HTTP_X_FORWARDED_FOR="203.0.113.9").json()
    assert "parts" not in Client().get("/readyz", **WATCHER, HTTP_X_FORWARDED_FOR="198.51.100.1").json()


@pytest.mark.django_db(transaction=True)
def test_a_low_disk_and_lost_redis_degrade_and_a_lost_database_fails(settings, monkeypatch, caplog):
    settings.DISK_RESERVE = 2**60
    with caplog.at_level(logging.INFO):
        answer = Client().get("/readyz", **WATCHER)
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["parts"]["disk"]["state"] == "degraded"

    def gone(alias):
        raise OSError("gone")

    monkeypatch.setattr(readiness, "_ask_database", gone)
    for _ in range(3):
        probes.readiness.cache_clear()
        with caplog.at_level(logging.INFO):
            answer = Client().get("/readyz", **WATCHER)
        assert (answer.status_code, answer.json()["status"]) == (503, "failed")
    assert answer.json()["parts"]["database"]["reason"] == "OSError: gone"
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]  # degraded, failed: once each
    assert "database: OSError: gone" in caplog.text


def test_a_part_that_hangs_is_not_asked_again_and_keeps_no_others_waiting(monkeypatch):
    monkeypatch.setattr(readiness, "KEPT_FOR", 0)
    monkeypatch.setattr(readiness, "PATIENCE", 0.1)
    hangs, asked = threading.Event(), []

    def hang():
        asked.append(1)
        hangs.wait()
        return {}

    ready = Readiness([Part("slow", hang, needed=True), Part("quick", lambda: {"figure": 1})])
    for _ in range(3):
        found = ready.ask()
        assert (found["slow"].state, found["quick"].state, overall(found)) == ("failed", "ok", "failed")
        assert found["slow"].reason.startswith("no answer for ")
    assert asked == [1]
    thread = ready._asked["slow"].thread
    hangs.set()
    thread.join()
    assert overall(ready.ask()) == "ready"
    assert asked == [1, 1]


def test_results_are_given_again_for_a_second():
    asked = []

    def ask():
        asked.append(1)
        raise Degraded("tired", {"figure": 2})

    ready = Readiness([Part("one", ask)])
    found = [ready.ask(), ready.ask()]
    assert asked == [1]
    assert overall(found[1]) == "degraded"
    assert found[1]["one"].to_json().items() >= {"figure": 2, "reason": "tired", "state": "degraded"}.items()


def test_servers_that_accept_and_say_nothing_take_bounded_time():
    """A database, a replica, Redis and trackers that hang, with the real drivers."""
    script = (
        "import django, json; django.setup(); from django.test import Client; client = Client()\n"
        "for _ in range(2):\n"
        "    answer = client.get('/readyz'); print(answer.status_code, json.dumps(answer.json()))"
    )
    with ExitStack() as stack:
        mute = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=100))
        port = mute.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True,
            env={
                "PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": "streamsite.settings",
                "DATA_DIR": str(DATA / "mute"),
                "SECRET_KEY": "k" * 50, "DATABASE_URL": f"mysql://root@127.0.0.1:{port}/site",
                "DATABASE_REPLICA_URLS": f"mysql://root@127.0.0.1:{port}/site", "REDIS_URL": f"redis://127.0.0.1:{port}",
                "VIDEO_STORAGE_URL": f"fastdfs://127.0.0.1:{port}/group1",
            },
        )  # fmt: skip
    for line in done.stdout.splitlines():
        status, _, body = line.partition(" ")
        found = json.loads(body)
        assert (status, found["status"]) == ("503", "failed"), line
        states = {name: part["state"] for name, part in found["parts"].items()}
        assert states == {**dict.fromkeys(["database", "replica1", "redis", "broker", "videos"], "failed"),
                          "disk": "ok"}  # fmt: skip
        assert [name for name, part in found["parts"].items() if part["needed"]] == ["database"]
    assert len(done.stdout.splitlines()) == 2


def test_networks_are_checked(settings):
    settings.MONITORING_NETWORKS = ["10.0.0.1/8", "127.0.0.1"]
    assert [message.id for message in check_addresses()] == ["streamsite.E040"]
