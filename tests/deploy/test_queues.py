"""No kind of work waits behind another: queues, workers, time limits, and periodic runs."""

from __future__ import annotations

import threading
import time

import pytest
from celery import current_app
from django.conf import settings
from django_redis import get_redis_connection

from tests.conftest import ROOT
from utils import tasks
from utils.breaker import Breaker, Unavailable
from utils.tasks import one_at_a_time

QUEUES = {
    "orders.ask": "money",
    "orders.carry_out": "money",
    "orders.mail_alarm": "mail",
    "orders.reconcile": "money",
    "orders.statement": "money",
    "accounts.send_activation": "mail",
    "accounts.resend_activation": "mail",
    "accounts.send_reset": "mail",
    "accounts.send_email_change": "mail",
    "accounts.tell_old_address": "mail",
    "accounts.tell": "mail",
    "accounts.send_code": "mail",
    "accounts.send_mail": "mail",
    "accounts.send_due_mail": "light",
    "accounts.queue_membership_reminders": "light",
    "accounts.delete_expired": "light",
    "catalogue.video_ready": "light",
    "catalogue.make_pictures": "light",
    "catalogue.make_portrait": "light",
    "queue.send_pending": "light",
    "catalogue.flush_plays": "light",
    "catalogue.refresh_facet_index": "light",
    "catalogue.refresh_rankings": "light",
    "media.finish_upload": "light",
    "media.resume_lapsed": "light",
    "media.look_after_uploads": "light",
    "media.discard_due": "light",
    "media.discard_left": "light",
    "media.process": "media",
    "media.finish_large_upload": "media",
    "media.process_long": "media_long",
    "media.encode_chunk": "media_long",
    "demo.make_video": "media_long",
}
# These may take longer than the broker waits. What keeps a second run from it: a lease, a lock on the file, whose turn
# it is (tests/media/test_given_out_twice.py, tests/demo/test_chain.py).
GUARDED = {
    "media.process",
    "media.process_long",
    "media.encode_chunk",
    "media.finish_large_upload",
    "demo.make_video",
}
OLD = "default"  # what releases before had instead: its messages are still taken after an upgrade


def _ours() -> dict[str, object]:
    return {name: task for name, task in current_app.tasks.items() if not name.startswith("celery.")}


@pytest.mark.parametrize("name", sorted(_ours()))
def test_each_task_is_routed_by_rule_and_lives_in_the_module_of_its_queue(name):
    task = current_app.tasks[name]
    rule = current_app.amqp.router.query_router(current_app.amqp.router.routes[0], name, (), {}, {}, task)  # type: ignore[attr-defined]
    assert rule, "no rule in CELERY_TASK_ROUTES"
    queue = current_app.amqp.router.route({}, name)["queue"].name
    if name in QUEUES:
        assert queue == QUEUES[name]
    demo = task.__module__ == "deploy.demo.tasks"  # an app of its own, which production doesn't install
    assert demo or task.__module__ == f"celery_tasks.{queue.removesuffix('_long')}"


@pytest.mark.parametrize("name", sorted(_ours()))
def test_each_task_ends_some_time_and_before_it_is_handed_out_again(name):
    task = current_app.tasks[name]
    assert 0 < task.soft_time_limit < task.time_limit
    outlasts = task.time_limit >= settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    assert outlasts == (name in GUARDED)


@pytest.mark.parametrize("name", sorted(_ours()))
def test_no_task_that_is_tried_again_waits_in_a_worker_until_it_is_handed_out_again(name):
    task = current_app.tasks[name]
    pauses = getattr(task, "retry_backoff_max", 0) if getattr(task, "autoretry_for", ()) else task.default_retry_delay
    assert pauses < settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]


def test_each_queue_has_a_worker():
    lines = (ROOT / "deploy/embedded/uwsgi.ini").read_text().splitlines()
    served = {
        name for line in lines if "--queues " in line for name in line.split("--queues ")[1].split()[0].split(",")
    }
    assert served - {OLD} == {current_app.amqp.router.route({}, name)["queue"].name for name in _ours()}


def test_messages_of_before_an_upgrade_are_taken():
    line = next(row for row in (ROOT / "deploy/embedded/uwsgi.ini").read_text().splitlines() if "light@" in row)
    assert f"light,{OLD}" in line


def test_a_periodic_run_that_comes_late_is_dropped_and_none_runs_twice_at_once():
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        every = entry["schedule"]
        assert entry["options"]["expires"] <= (every if isinstance(every, float) else 24 * 3600)
        assert hasattr(current_app.tasks[entry["task"]].run, "__wrapped__")


def test_of_two_runs_at_once_one_is_skipped():
    ran: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    @one_at_a_time
    def run(*, who: str) -> None:
        ran.append(who)
        begun.set()
        go_on.wait(5)

    first = threading.Thread(target=run, kwargs={"who": "first"})
    first.start()
    begun.wait(5)
    run(who="second")
    go_on.set()
    first.join()
    run(who="third")
    assert ran == ["first", "third"]


def test_a_long_run_keeps_its_place_and_a_dead_one_loses_it(monkeypatch):
    monkeypatch.setattr(tasks, "HELD_FOR", 0.6)
    ran: list[str] = []

    @one_at_a_time
    def run(*, who: str, lasts: float = 0) -> None:
        ran.append(who)
        time.sleep(lasts)

    first = threading.Thread(target=run, kwargs={"who": "long", "lasts": 1.5})
    first.start()
    time.sleep(1.1)
    run(who="second")
    first.join()
    dead = get_redis_connection("default").lock(f"running:{run.__module__}.{run.__qualname__}", timeout=0.3)
    dead.acquire()
    run(who="too early")
    time.sleep(0.4)
    run(who="after it")
    assert ran == ["long", "after it"]


class _Fault(Exception): ...


def _fail(breaker: Breaker) -> None:
    with pytest.raises(_Fault), breaker.calling(_Fault):
        raise _Fault


def test_a_breaker_rests_after_faults_in_a_row_then_lets_one_try():
    breaker = Breaker("it", most=2, failures=2, rest=0.2)
    _fail(breaker)
    with breaker.calling(_Fault):
        pass
    _fail(breaker)
    _fail(breaker)
    with pytest.raises(Unavailable), breaker.calling(_Fault):
        pass
    time.sleep(0.25)
    with breaker.calling(_Fault), pytest.raises(Unavailable), breaker.calling(_Fault):
        pass  # the second has to wait for how the first one's try ends
    with breaker.calling(_Fault), breaker.calling(_Fault):
        pass


def test_a_breaker_lets_so_many_wait_and_no_more():
    breaker = Breaker("it", most=2)
    with breaker.calling(), breaker.calling(), pytest.raises(Unavailable), breaker.calling():
        pass
    with breaker.calling():
        pass
