"""The database that one request reads from: chosen at its first read, and kept for the others."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import TYPE_CHECKING, cast

from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model

from utils.replicas.health import Replica, Watch
from utils.replicas.positions import NOWHERE, Position, covers, latest, shared

if TYPE_CHECKING:
    from utils.mariadb.base import DatabaseWrapper as Primary
    from utils.replicas.base import DatabaseWrapper

WAITED = 0.05  # seconds for a replica to apply what the viewer wrote


class Reading:
    """A request that may read from replicas. `wanted` is the position of what its viewer wrote."""

    def __init__(self, wanted: Position) -> None:
        self.wanted = wanted
        self.alias = ""  # where it reads; "" until its first read

    def leave(self) -> None:
        """Read from the primary from now on."""
        self.alias = DEFAULT_DB_ALIAS


_current: ContextVar[Reading | None] = ContextVar("reading", default=None)


@contextmanager
def reading(wanted: Position = NOWHERE) -> Iterator[Reading]:
    """Inside, models of REPLICATED_APPS are read from a replica that has applied everything up to `wanted`.

    Outside (workers, commands, requests that change something) everything is read from the primary.
    """
    this = Reading(wanted)
    token = _current.set(this)
    try:
        yield this
    finally:
        _current.reset(token)


@cache
def watch() -> Watch:
    """The watched replicas of this process."""
    return Watch()


def alias_for_read() -> str:
    """The alias of the database that this thread reads replicated models from now."""
    this = _current.get()
    if this is None or this.alias == DEFAULT_DB_ALIAS:
        return DEFAULT_DB_ALIAS
    primary = cast("Primary", connections[DEFAULT_DB_ALIAS])
    if primary.in_atomic_block or primary.has_written:
        return DEFAULT_DB_ALIAS
    if not this.alias:
        this.alias = _choose(this.wanted)
    return this.alias


def leave(alias: str, error: Exception, *, out: bool) -> None:
    """After a failure, read from the primary for the rest of this request; for all requests if the replica is `out`."""
    if this := _current.get():
        this.leave()
    if out:
        watch().find(alias).failed(error)


def _choose(wanted: Position) -> str:
    watching = watch()
    watching.start()
    usable = [one for one in watching.replicas if one.is_usable()]
    if not usable:
        return DEFAULT_DB_ALIAS
    wanted = latest(wanted, shared())
    ready = [one for one in usable if covers(one.position, wanted)]
    chosen = _drawn(ready or usable)
    if ready:
        return chosen.alias
    if cast("DatabaseWrapper", connections[chosen.alias]).wait_for(wanted, seconds=WAITED):
        chosen.reached(wanted)
        return chosen.alias
    return DEFAULT_DB_ALIAS


def _drawn(some: list[Replica]) -> Replica:
    return random.choices(some, [one.weight for one in some])[0]  # noqa: S311  (no secret)


def is_replicated(model: type[Model]) -> bool:
    """Whether the model is read from replicas: of an app that is, and not what belongs to an account."""
    return model._meta.app_label in settings.REPLICATED_APPS and not _is_personal(model)


@lru_cache(maxsize=2048)
def needs_primary(sql: str) -> bool:
    """Whether the statement names a table that is never read from a replica."""
    return any(table in sql for table in _private_tables())


@cache
def _private_tables() -> list[str]:
    """Tables of accounts and money, quoted."""
    public = {*settings.REPLICATED_APPS, *settings.JOINED_APPS}
    return [
        f"`{model._meta.db_table}`"
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label not in public or _is_personal(model)
    ]


@cache
def _is_personal(model: type[Model]) -> bool:
    return any(
        field.is_relation and field.related_model is apps.get_model(settings.AUTH_USER_MODEL)
        for field in model._meta.fields
    )
