"""Enqueueing tasks from services, and preventing overlapping runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import wraps
from typing import Any

from celery import current_app, current_task, group
from celery.exceptions import OperationalError
from django.db import DatabaseError, transaction
from django_redis import get_redis_connection
from kombu.exceptions import LimitExceeded
from kombu.pools import producers
from redis.exceptions import LockError, RedisError

from utils import request_ids
from utils.breaker import Breaker, Unavailable
from utils.models import PendingTask

# Workers wait for a restarting broker (CELERY_TASK_PUBLISH_RETRY_POLICY). Pages don't: each step has PAGE_WAITS
# seconds, and a connection broken by a restart is reopened once.
PAGE_WAITS = 1.0
PAGE_TRIES: dict[str, Any] = {"max_retries": 1, "interval_start": 0.1, "interval_step": 0, "interval_max": 0.1}
HELD_FOR = 30.0  # seconds until the lock of a dead worker expires
SENT_AT_ONCE = 500
logger = logging.getLogger(__name__)
_broker = Breaker("the queue", most=8, rest=3.0)


class NotQueued(Exception):
    """The broker didn't accept the task."""


def enqueue(
    name: str, *, countdown: float = 0, expires: float | None = None, durable: bool = False, **kwargs: Any
) -> None:
    """Send the task `name` when the current transaction commits (immediately outside one).

    `kwargs` are ids and JSON values. `countdown` delays the task by that many seconds; with `expires`, it is dropped
    if it hasn't started by then. If the broker doesn't accept a task, it waits in the database as a PendingTask.
    A `durable` one is written there by the current transaction, so that it is also sent if the process dies between
    the commit and the broker. Raises KeyError for an unknown name, and NotQueued for a task with `expires`.
    """
    task = current_app.tasks[name]
    kept = _keep_task(name, kwargs).pk if durable else None
    transaction.on_commit(lambda: _send(task, kwargs, countdown=countdown, expires=expires, kept=kept))


def send_pending() -> int:
    """Send pending tasks; returns their number. A crash in between may send one twice, so tasks are idempotent."""
    sent = 0
    for kept in PendingTask.objects.order_by("pk")[:SENT_AT_ONCE]:
        if task := current_app.tasks.get(kept.name):
            with request_ids.continued(kept.request_id):
                task.apply_async(kwargs=kept.arguments)
        kept.delete()
        sent += 1
    return sent


def _send(task: Any, kwargs: dict[str, Any], *, countdown: float, expires: float | None, kept: int | None) -> None:
    if _was_sent(task, kwargs, countdown=countdown, expires=expires):
        logger.info("Queued %s", task.name)
        if kept:
            with suppress(DatabaseError):  # then it is sent twice
                PendingTask.objects.filter(pk=kept).delete()
    elif not kept:
        _keep_task(task.name, kwargs)


def _keep_task(name: str, kwargs: dict[str, Any]) -> PendingTask:
    return PendingTask.objects.create(name=name, arguments=kwargs, request_id=request_ids.current())


def _was_sent(task: Any, kwargs: dict[str, Any], *, countdown: float, expires: float | None) -> bool:
    """Whether the broker accepted the task. Raises NotQueued instead of returning False for one with `expires`."""
    try:
        if current_task:
            task.apply_async(kwargs=kwargs, countdown=countdown, expires=expires)
            return True
        with _broker.calling(OperationalError, RedisError):
            get_redis_connection("default").ping()  # fail fast: the ping has an even shorter timeout
            with _page_producers().acquire(block=True, timeout=PAGE_WAITS) as producer:
                task.apply_async(
                    kwargs=kwargs, producer=producer, retry_policy=PAGE_TRIES, countdown=countdown, expires=expires
                )
    except (OperationalError, RedisError, LimitExceeded, Unavailable) as error:
        if expires is not None:
            raise NotQueued(str(error)) from error
        return False
    return True


def _page_producers() -> Any:
    """Broker connections with short timeouts; those of workers wait for as long as the broker hangs."""
    patience = {"socket_timeout": PAGE_WAITS, "socket_connect_timeout": PAGE_WAITS}
    return producers[current_app.connection_for_write(transport_options=patience)]


def enqueue_group(name: str, calls: Iterable[dict[str, Any]]) -> None:
    """Like `enqueue`, once for each set of arguments, as one group."""
    task = current_app.tasks[name]
    signatures = [task.si(**kwargs) for kwargs in calls]
    if signatures:
        transaction.on_commit(lambda: group(signatures).apply_async())


def queue_length(name: str) -> int:
    """Number of messages waiting in a queue, without those already taken by workers."""
    with current_app.connection_for_read() as connection:
        try:
            return int(connection.SimpleQueue(name).qsize())
        except connection.channel_errors:  # an empty Redis list doesn't exist, so the queue is "not found"
            return 0


def one_at_a_time(run: Callable[..., None]) -> Callable[..., None]:
    """Skip a run while another is in progress on any node. A dead worker blocks runs for HELD_FOR at most."""

    @wraps(run)
    def inner(**kwargs: Any) -> None:
        name = f"running:{run.__module__}.{run.__qualname__}"
        lock = get_redis_connection("default").lock(name, timeout=HELD_FOR, thread_local=False)
        if not lock.acquire(blocking=False):
            return
        ended = threading.Event()
        keeper = threading.Thread(target=_keep, args=(lock, ended), daemon=True)
        keeper.start()
        try:
            run(**kwargs)
        finally:
            ended.set()
            keeper.join()
            with suppress(LockError, RedisError):
                lock.release()

    return inner


def _keep(lock: Any, ended: threading.Event) -> None:
    while not ended.wait(HELD_FOR / 3):
        try:
            lock.reacquire()
        except LockError:
            return  # lost: Redis was flushed, or this process was suspended too long
        except RedisError:
            continue
