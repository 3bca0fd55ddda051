"""Servers that are dead, hang, lie or are full: an operation ends well on another one, or with an honest error."""

from __future__ import annotations

import io
import random
import threading

import pytest

from tests.fastdfs.cases import CONTENT, replicated
from tests.fastdfs.conftest import client_of
from utils.fastdfs.errors import BadRequest, NoSpace, Unavailable
from utils.fastdfs.limits import PIECE_BYTES, Limits
from utils.fastdfs.names import FileId
from utils.fastdfs.protocol import Command


def test_a_tracker_that_is_dead_is_asked_again_after_its_rest(cluster):
    client = client_of(cluster.addresses, limits=Limits(rest_seconds=0.0))
    cluster.trackers[0].stop()
    client.upload(io.BytesIO(CONTENT))
    cluster.trackers[0].start()
    client.upload(io.BytesIO(CONTENT))
    assert cluster.trackers[0].requests == [Command.QUERY_STORE_ONE]


def test_without_trackers_nothing_works_until_one_is_back(cluster, client):
    file_id = client.upload(io.BytesIO(CONTENT))
    for tracker in cluster.trackers:
        tracker.stop()
    for operation in (
        lambda: client.upload(io.BytesIO(CONTENT)),
        lambda: client.info(file_id),
        lambda: list(client.download(file_id)),
        lambda: client.delete(file_id),
        lambda: client.metadata(file_id),
        lambda: client.append(file_id, io.BytesIO(b"x")),
    ):
        with pytest.raises(Unavailable):
            operation()
    cluster.trackers[1].start()
    assert b"".join(client.download(file_id)) == CONTENT


def test_a_frozen_tracker_is_waited_for_once(cluster, hasty):
    cluster.trackers[0].freeze()
    file_id = hasty.upload(io.BytesIO(CONTENT))
    assert b"".join(hasty.download(file_id)) == CONTENT
    assert cluster.trackers[0].accepted == 1


def test_a_frozen_storage_is_replaced_by_the_other(cluster, hasty):
    file_id = replicated(cluster, hasty)
    cluster.source_of(file_id.remote_name).freeze()
    for _ in range(3):
        assert b"".join(hasty.download(file_id)) == CONTENT
        assert hasty.info(file_id).size_bytes == len(CONTENT)
        assert hasty.upload(io.BytesIO(CONTENT)).source != file_id.source


def test_a_storage_that_freezes_half_way_is_replaced_at_the_same_byte(cluster, hasty):
    file_id = replicated(cluster, hasty)
    cluster.source_of(file_id.remote_name).fault(bytes_per_second=20 * PIECE_BYTES)  # so that it isn't done by then
    download = hasty.download(file_id)
    got = [next(download)]
    cluster.source_of(file_id.remote_name).freeze()
    assert b"".join(got + list(download)) == CONTENT


def test_a_storage_that_freezes_while_it_receives_is_replaced(cluster, hasty):
    class Freezing(io.BytesIO):
        """Freezes the storage that gets it, in the middle."""

        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() == PIECE_BYTES and not frozen:
                while not frozen:
                    frozen.extend(storage for storage in cluster.storages if Command.UPLOAD in storage.requests)
                frozen[0].freeze()
            return super().read(size)

    content = random.Random(2).randbytes(40 * PIECE_BYTES)  # more than the kernel's buffers hold
    frozen: list = []
    file_id = hasty.upload(Freezing(content))
    assert file_id.source != frozen[0].host
    assert b"".join(hasty.download(file_id)) == content


def test_slow_is_not_dead_but_a_trickle_is(cluster, client, hasty):
    file_id = replicated(cluster, client)
    for storage in cluster.storages:
        storage.fault(bytes_per_second=4 * PIECE_BYTES)
    assert b"".join(client.download(file_id)) == CONTENT
    for storage in cluster.storages:
        storage.fault(bytes_per_second=20)
    with pytest.raises(Unavailable):
        list(hasty.download(file_id))
    with pytest.raises(Unavailable):  # the next byte always comes in time, the whole never
        hasty.upload(io.BytesIO(CONTENT))


def test_a_full_storage_is_passed_over(cluster, client):
    cluster.storages[0].full = True
    assert {client.upload(io.BytesIO(CONTENT)).source for _ in range(4)} == {cluster.storages[1].host}


def test_no_space_is_said_when_no_storage_has_any(cluster, client):
    file_id = client.upload(io.BytesIO(b"data"), appender=True)
    cluster.settle()
    cluster.trackers[0].active, believed = [], cluster.trackers[0].active
    for storage in cluster.storages:
        storage.full = True
    cluster.trackers[0].active = believed
    with pytest.raises(NoSpace) as error:  # by the tracker
        client.upload(io.BytesIO(CONTENT))
    assert error.value.errno == 28
    with pytest.raises(NoSpace):
        client.append(file_id, io.BytesIO(b"more"))
    assert b"".join(client.download(file_id)) == b"data"
    for storage in cluster.storages:
        storage.full = False
        storage.fault(status=28, commands=frozenset({Command.UPLOAD}))
    with pytest.raises(NoSpace):  # by each storage
        client.upload(io.BytesIO(CONTENT))


@pytest.mark.parametrize(("status", "error"), [(28, NoSpace), (22, BadRequest)])
def test_a_refusal_is_heard_while_the_data_is_still_sent(cluster, client, status, error):
    class Counted(io.BytesIO):
        count = 0

        def read(self, size: int | None = -1, /) -> bytes:
            part = super().read(size)
            Counted.count += len(part)
            return part

    size = 64 * 1024**2
    for storage in cluster.storages:
        storage.fault(status=status)
    with pytest.raises(error):
        client.upload(Counted(bytes(size)))
    assert Counted.count < size
    for storage in cluster.storages:
        storage.fault()
    assert client.upload(io.BytesIO(b"fine"))


def test_a_status_that_means_a_broken_storage_leads_to_the_other(cluster, client):
    file_id = replicated(cluster, client)
    cluster.source_of(file_id.remote_name).fault(status=5)
    assert b"".join(client.download(file_id)) == CONTENT
    assert client.upload(io.BytesIO(CONTENT)).source != file_id.source
    cluster.other_than(cluster.source_of(file_id.remote_name)).fault(status=5)
    with pytest.raises(Unavailable):
        list(client.download(file_id))


@pytest.mark.parametrize("off", [-1, 1, 1000, -len(CONTENT), 2**40])
def test_a_length_that_is_wrong_is_noticed(cluster, client, off):
    file_id = replicated(cluster, client)
    cluster.source_of(file_id.remote_name).fault(length_off_by=off)
    assert b"".join(client.download(file_id)) == CONTENT
    for storage in cluster.storages:
        storage.fault(length_off_by=off)
    with pytest.raises(Unavailable):
        list(client.download(file_id))


@pytest.mark.parametrize("off", [-30, -1, 2**40])
def test_a_wrong_length_of_a_short_reply_is_noticed(cluster, hasty, off):
    file_id = replicated(cluster, hasty)
    hasty.set_metadata(file_id, {"a": "1"})
    for node in cluster.storages:
        node.fault(length_off_by=off)
    for operation in (lambda: hasty.upload(io.BytesIO(b"x")), lambda: hasty.info(file_id)):
        with pytest.raises(Unavailable):
            operation()
    for node in cluster.storages:
        node.fault()
    for node in cluster.trackers:
        node.fault(length_off_by=off)
    with pytest.raises(Unavailable):
        hasty.info(file_id)


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\0" * 10,
        b"\0" * 7 + b"\x05d\x02error",  # an error with a body
        b"\xff" * 100,
    ],
)
def test_another_protocol_is_noticed(cluster, hasty, reply):
    file_id = replicated(cluster, hasty)
    cluster.storages[0].fault(reply=reply)
    assert b"".join(hasty.download(file_id)) == CONTENT
    assert hasty.upload(io.BytesIO(CONTENT)).source == cluster.storages[1].host
    cluster.trackers[0].fault(reply=reply)
    assert b"".join(hasty.download(file_id)) == CONTENT
    cluster.trackers[1].fault(reply=reply)
    with pytest.raises(Unavailable):
        list(hasty.download(file_id))


def test_a_tracker_that_knows_no_storage_yet_is_not_believed(cluster, client):
    cluster.trackers[0].active = []
    file_id = client.upload(io.BytesIO(CONTENT))
    assert client.exists(file_id)
    cluster.trackers[1].active = []
    for operation in (lambda: client.upload(io.BytesIO(CONTENT)), lambda: client.exists(file_id)):
        with pytest.raises(Unavailable):  # it says "no such file", and means storages
            operation()


def test_threads_finish_while_connections_are_killed(cluster, client):
    """Everything that is said to be stored is there, whole."""
    done = threading.Event()

    def kill() -> None:
        turns = random.Random(3)
        while not done.wait(0.003):
            turns.choice(cluster.nodes).drop_connections()

    kept: list[tuple[FileId, bytes]] = []
    surprises: list[BaseException] = []

    def work(number: int) -> None:
        for turn in range(12):
            content = random.Random(number * 100 + turn).randbytes(turn * 50_000)
            try:
                kept.append((client.upload(io.BytesIO(content)), content))
                assert b"".join(client.download(kept[-1][0])) == content
            except Unavailable:
                continue
            except BaseException as error:  # kept for the assertion: a thread would lose it
                surprises.append(error)

    killer = threading.Thread(target=kill)
    killer.start()
    workers = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    done.set()
    killer.join()
    assert surprises == []
    assert kept
    for file_id, content in kept:
        assert b"".join(client.download(file_id)) == content
