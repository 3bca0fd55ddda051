"""One id for a request and for everything it causes: in its log lines, its answer, and the messages of its tasks."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HEADER = "X-Request-ID"
PARAMETER = "REQUEST_ID"  # of uWSGI, from nginx: not a header, so a visitor can't send it
VALID = re.compile(r"[A-Za-z0-9._-]{8,64}")  # as in deploy/nginx/maps.conf

_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """The id of the request or task that this thread works for; "" outside of them."""
    return _current.get()


def fresh() -> str:
    """A new id."""
    return secrets.token_hex(16)


def begin(given: str = "") -> str:
    """Start with the given id, or with a new one if that isn't valid; returns it.

    It stays until the thread begins with another one, so that a response that is still being sent has it, too.
    """
    chosen = given if VALID.fullmatch(given) else fresh()
    _current.set(chosen)
    return chosen


@contextmanager
def continued(given: str) -> Iterator[None]:
    """Within the block, work for another request: the one with the given id, or with a new id if it has none."""
    token = _current.set(given or fresh())
    try:
        yield
    finally:
        _current.reset(token)


def end() -> None:
    """From now on this thread works for no request."""
    _current.set("")
