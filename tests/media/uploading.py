"""A client of the upload addresses (tus 1.0.0), and what its tests start from."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_user
from utils.storages import videos

TUS = {"Tus-Resumable": "1.0.0"}
BODY = "application/offset+octet-stream"


@pytest.fixture
def curator(client: Client) -> Client:
    """An administrator's browser."""
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def empty_storage() -> None:
    """No file is left from the tests before."""
    for file in stored_files():
        file.unlink()


def b64(text: str | bytes) -> str:
    """As tus writes values in its headers."""
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def create(client: Client, size: int | str, **headers: str) -> Any:
    """The answer to announcing `size` bytes."""
    return client.post(reverse("media:uploads"), headers={**TUS, "Upload-Length": str(size), **headers})


def begin(client: Client, size: int, **headers: str) -> str:
    """The path of a new upload."""
    answer = create(client, size, **headers)
    assert answer.status_code == 201, answer.content
    return answer["Location"].removeprefix("http://testserver")


def patch(client: Client, path: str, offset: int | str, data: bytes, **headers: str) -> Any:
    """The answer to sending some bytes."""
    return client.patch(
        path, data, content_type=headers.pop("kind", BODY), headers={**TUS, "Upload-Offset": str(offset), **headers}
    )


def head(client: Client, path: str) -> Any:
    """How far the server is."""
    return client.head(path, headers=TUS)


def stored_files() -> list[Path]:
    """Every file in the storage of videos."""
    root = Path(videos().path(""))
    return [p for p in root.rglob("*") if p.is_file()]
