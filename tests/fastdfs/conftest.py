"""Clusters and clients. With FASTDFS_TRACKERS (`host:port,host:port`) the contract is tested on those as well."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pytest

from tests.fastdfs.server import FastDFS
from utils.fastdfs.client import Client
from utils.fastdfs.errors import NotFound
from utils.fastdfs.limits import Limits
from utils.fastdfs.names import FileId
from utils.fastdfs.protocol import Address

REAL = os.environ.get("FASTDFS_TRACKERS", "")


def client_of(trackers: Sequence[str], **options: object) -> Client:
    return Client([Address.parse(tracker) for tracker in trackers], **options)


@pytest.fixture
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., FastDFS]]:
    """Starts doubles."""
    running: list[FastDFS] = []

    def start(**options: object) -> FastDFS:
        running.append(FastDFS(tmp_path_factory.mktemp("fastdfs"), **options))
        return running[-1]

    yield start
    for cluster in running:
        cluster.stop()
    assert [error for cluster in running for node in cluster.nodes for error in node.errors] == []


@pytest.fixture
def cluster(start: Callable[..., FastDFS]) -> FastDFS:
    """Two trackers and two storages."""
    return start()


@pytest.fixture
def client(cluster: FastDFS) -> Iterator[Client]:
    client = client_of(cluster.addresses)
    yield client
    client.close()


@pytest.fixture
def hasty(cluster: FastDFS) -> Iterator[Client]:
    """A client that doesn't wait long for a server that says nothing."""
    client = client_of(cluster.addresses, limits=Limits(connect_seconds=1.5, tracker_seconds=1.5, io_seconds=1.5))
    yield client
    client.close()


class Tidy(Client):
    """Deletes what it stored: the servers may be somebody's."""

    def __init__(self, trackers: Sequence[Address]) -> None:
        super().__init__(trackers)
        self._stored: list[FileId] = []

    def _note(self, file_id: FileId) -> FileId:
        self._stored.append(file_id)
        return file_id

    def upload(self, *arguments: object, **options: object) -> FileId:
        return self._note(super().upload(*arguments, **options))

    def upload_slave(self, *arguments: object, **options: object) -> FileId:
        return self._note(super().upload_slave(*arguments, **options))

    def regenerate(self, file_id: FileId) -> FileId:
        return self._note(super().regenerate(file_id))

    def tidy(self) -> None:
        for file_id in self._stored:
            with suppress(NotFound):
                self.delete(file_id)
        self.close()


@dataclass(frozen=True)
class Site:
    """A cluster to test the contract on, whatever it is."""

    trackers: tuple[str, ...]
    client: Client


@pytest.fixture(params=["double", *(["real"] if REAL else [])])
def site(request: pytest.FixtureRequest, start: Callable[..., FastDFS]) -> Iterator[Site]:
    trackers = REAL.split(",") if request.param == "real" else start().addresses
    client = Tidy([Address.parse(tracker) for tracker in trackers])
    yield Site(tuple(trackers), client)
    client.tidy()
