"""A queue and circuit breakers at rest, a gateway that never answers, a buyer."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from celery import current_app
from django.test import Client

from apps.orders import services
from tests.factories import make_user


@pytest.fixture(autouse=True)
def _rested() -> Iterator[None]:
    services.querying._breakers.clear()
    with current_app.connection_for_write() as connection:
        connection.default_channel.client.delete("money")  # type: ignore[attr-defined]
    yield
    services.querying._breakers.clear()


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """Where a gateway takes every connection and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        listening.setblocking(False)
        yield listening


@pytest.fixture
def silent(listening) -> str:
    """The address of that gateway."""
    return f"http://127.0.0.1:{listening.getsockname()[1]}/gateway.do"


@pytest.fixture
def buyer() -> Client:
    client = Client()
    client.force_login(make_user(username="buyer"))
    return client
