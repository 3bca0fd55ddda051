"""The one seam through which services put work on the queue, and how tasks keep out of each other's way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import wraps
from typing import Any

from celery import current_app, current_task, group
from celery.exceptions import OperationalError
from django.db import transaction
from django_redis import get_redis_connection
from kombu.exceptions import LimitExceeded
from kombu.pools import producers
from redis.exceptions import LockError, RedisError

from utils.breaker import Breaker, Unavailable
from utils.models import PendingTask

# A worker waits for a broker that restarts or hangs, by CELERY_TASK_PUBLISH_RETRY_POLICY. A page doesn't: each step has
# PAGE_WAITS seconds, and a connection that a restart has broken is made anew once.
PAGE_WAITS = 1.0
PAGE_TRIES: dict[str, Any] = {"max_retries": 1, "interval_start": 0.1, "interval_step": 0, "interval_max": 0.1}
HELD_FOR = 30.0  # seconds from a worker's death until a task that runs one at a time may run again
SENT_AT_ONCE = 500
_broker = Breaker("the queue", most=8, rest=3.0)


class NotQueued(Exception):
    """The broker doesn't take the work."""


def enqueue(name: str, *, countdown: float = 0, expires: float | None = None, **kwargs: Any) -> None:
    """Send the task called `name` once the current transaction commits (at once outside one).

    `kwargs` are ids and plain values; `countdown` is in seconds, and so is `expires`: not begun by then, it is
    dropped. Work that the broker doesn't take waits in the database until it does. Raises KeyError for an
    unknown name, at the call and not in the worker, and NotQueued for work that expires.
    """
    task = current_app.tasks[name]
    transaction.on_commit(lambda: _send(task, kwargs, countdown=countdown, expires=expires))


def send_pending() -> int:
    """Send what the broker didn't take; returns how much. Sent twice by a death in between, it does no harm."""
    sent = 0
    for kept in PendingTask.objects.order_by("pk")[:SENT_AT_ONCE]:
        if task := current_app.tasks.get(kept.name):
            task.apply_async(kwargs=kept.arguments)
        kept.delete()
        sent += 1
    return sent


def _send(task: Any, kwargs: dict[str, Any], *, countdown: float, expires: float | None) -> None:
    try:
        if current_task:
            task.apply_async(kwargs=kwargs, countdown=countdown, expires=expires)
            return
        with _broker.calling(OperationalError, RedisError):
            get_redis_connection("default").ping()  # asked first, with a shorter time-out still
            with _page_producers().acquire(block=True, timeout=PAGE_WAITS) as producer:
                task.apply_async(
                    kwargs=kwargs, producer=producer, retry_policy=PAGE_TRIES, countdown=countdown, expires=expires
                )
    except (OperationalError, RedisError, LimitExceeded, Unavailable) as error:
        if expires is not None:
            raise NotQueued(str(error)) from error
        PendingTask.objects.create(name=task.name, arguments=kwargs)


def _page_producers() -> Any:
    """Connections to the broker that give up: the workers' own would wait for as long as it hangs."""
    patience = {"socket_timeout": PAGE_WAITS, "socket_connect_timeout": PAGE_WAITS}
    return producers[current_app.connection_for_write(transport_options=patience)]


def enqueue_group(name: str, calls: Iterable[dict[str, Any]]) -> None:
    """Send the task called `name` once for each set of arguments, as one group; else as `enqueue` does."""
    task = current_app.tasks[name]
    signatures = [task.si(**kwargs) for kwargs in calls]
    if signatures:
        transaction.on_commit(lambda: group(signatures).apply_async())


def queue_length(name: str) -> int:
    """How many messages wait on a queue; those that a worker has taken already aren't counted."""
    with current_app.connection_for_read() as connection:
        try:
            return int(connection.SimpleQueue(name).qsize())
        except connection.channel_errors:  # Redis has no empty lists: the queue is "not found"
            return 0


def one_at_a_time(run: Callable[..., None]) -> Callable[..., None]:
    """Skip a run while another one goes on, on whichever node. A worker that died holds it for HELD_FOR at most."""

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
            return  # lost: the broker was emptied, or this process stood still for too long
        except RedisError:
            continue
