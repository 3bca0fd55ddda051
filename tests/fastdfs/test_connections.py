"""Which connections are used again, and which never."""

from __future__ import annotations

import io
import os
import threading
from contextlib import closing

import pytest

from tests.fastdfs.conftest import client_of
from utils.fastdfs.connection import Connection
from utils.fastdfs.errors import BadRequest, NotFound, Unavailable
from utils.fastdfs.limits import PIECE_BYTES, Limits
from utils.fastdfs.pool import Pool
from utils.fastdfs.protocol import Address, Command

CONTENT = bytes(range(256)) * 4096  # 1 MiB


@pytest.fixture
def cluster(start):
    return start(storages=1, trackers=1)


@pytest.fixture
def storage(cluster):
    return cluster.storages[0]


def at(node) -> Address:
    return Address(node.host, node.port)


def ping(pool: Pool, address: Address) -> None:
    with pool.connection(address) as connection:
        connection.request(Command.ACTIVE_TEST)
        assert connection.reply(5.0) == b""


def test_one_connection_serves_one_operation_after_another(cluster, client, storage):
    for _ in range(5):
        file_id = client.upload(io.BytesIO(CONTENT))
        assert b"".join(client.download(file_id)) == CONTENT
        client.set_metadata(file_id, {"a": "1"})
        client.delete(file_id)
        with pytest.raises(NotFound):
            client.info(file_id)
    assert (storage.accepted, cluster.trackers[0].accepted) == (1, 1)


def test_after_a_wrong_request_the_connection_is_dropped(cluster, client, storage):
    file_id = client.upload(io.BytesIO(CONTENT))
    with pytest.raises(BadRequest):
        client.truncate(file_id, 1)
    assert client._pool.idle_count(at(storage)) == 0
    assert client.exists(file_id)
    assert storage.accepted == 2


def test_an_abandoned_download_leaves_nothing_behind(cluster, client, storage):
    file_id = client.upload(io.BytesIO(CONTENT))
    with closing(client.download(file_id)) as download:
        assert next(download) == CONTENT[:PIECE_BYTES]
    assert client._pool.idle_count(at(storage)) == 0
    assert b"".join(client.download(file_id)) == CONTENT


def test_a_lazy_file_holds_no_connection(cluster, client, storage):
    file_id = client.upload(io.BytesIO(CONTENT))
    opened = [client.open(file_id) for _ in range(20)]
    for lazy in opened:
        assert lazy.read(10) == CONTENT[:10]
    assert storage.accepted == 1


def test_a_restarted_server_costs_nothing(cluster, client, storage):
    file_id = client.upload(io.BytesIO(CONTENT))
    for node in cluster.nodes:
        node.stop()
        node.start()
    assert b"".join(client.download(file_id)) == CONTENT


def test_what_a_server_says_unasked_is_no_answer(cluster, client, storage):
    file_id = client.upload(io.BytesIO(CONTENT))
    for node in cluster.nodes:
        node.babble()
    assert client.info(file_id).size_bytes == len(CONTENT)
    assert storage.accepted == 2


def test_what_was_idle_too_long_is_not_used_again(storage):
    pool = Pool(Limits(idle_seconds=0.0))
    for _ in range(3):
        ping(pool, at(storage))
    assert storage.accepted == 3
    pool.close()


def test_no_more_than_a_few_are_kept(storage):
    pool = Pool(Limits(idle_connections=2))
    together = threading.Barrier(5)

    def one() -> None:
        with pool.connection(at(storage)) as connection:
            connection.request(Command.ACTIVE_TEST)
            connection.reply(5.0)
            together.wait()

    threads = [threading.Thread(target=one) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (storage.accepted, pool.idle_count(at(storage))) == (5, 2)
    pool.close()
    assert pool.idle_count(at(storage)) == 0


def test_an_error_of_the_caller_drops_the_connection(storage):
    pool = Pool(Limits())
    with pytest.raises(ZeroDivisionError), pool.connection(at(storage)) as connection:
        _ = connection.request(Command.ACTIVE_TEST), 1 / 0
    assert pool.idle_count(at(storage)) == 0


def test_where_nobody_listens_it_is_unavailable(storage):
    address = at(storage)
    storage.stop()
    with pytest.raises(Unavailable, match=r"127\.0\.2\.1:\d+ can't be reached"):
        Connection(address, Limits())


def in_a_child(work) -> None:
    """Run in a fork; fails if it fails there."""
    child = os.fork()
    if not child:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


def test_a_fork_shares_no_connection(cluster, client, storage):
    file_id = client.upload(io.BytesIO(CONTENT))
    assert storage.accepted == 1

    def child() -> None:
        for _ in range(3):
            assert b"".join(client.download(file_id)) == CONTENT
        client.close()

    in_a_child(child)
    assert storage.accepted == 2
    assert b"".join(client.download(file_id)) == CONTENT
    assert storage.accepted == 2  # the parent's was left alone


def test_a_fork_while_another_thread_holds_the_pool_does_not_hang(cluster, client):
    file_id = client.upload(io.BytesIO(CONTENT))
    with client._pool._kept.lock:
        in_a_child(lambda: client.info(file_id))


def test_a_download_and_a_lazy_file_go_on_after_a_fork(cluster, client, storage):
    file_id = client.upload(io.BytesIO(CONTENT))
    download = client.download(file_id)
    first = next(download)
    lazy = client.open(file_id)
    assert lazy.read(10) == CONTENT[:10]

    def child() -> None:
        assert first + b"".join(download) == CONTENT
        assert lazy.read() == CONTENT[10:]

    in_a_child(child)
    assert first + b"".join(download) == CONTENT
    assert lazy.read() == CONTENT[10:]


def test_connections_are_not_used_by_another_process(storage):
    connection = Connection(at(storage), Limits())

    def child() -> None:
        assert not connection.reusable
        with pytest.raises(Unavailable):
            connection.request(Command.ACTIVE_TEST)

    in_a_child(child)
    connection.request(Command.ACTIVE_TEST)
    assert connection.reply(5.0) == b""
    connection.close()


def test_a_tracker_needs_an_address():
    with pytest.raises(BadRequest):
        client_of([])
