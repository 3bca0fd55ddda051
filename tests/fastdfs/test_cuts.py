"""Connections that end in the middle: in a header, at its end, in a head, in the data, at the end of a piece."""

from __future__ import annotations

import io

import pytest

from tests.fastdfs.cases import CONTENT, replicated, stored
from tests.fastdfs.conftest import client_of
from utils.fastdfs.errors import Unavailable
from utils.fastdfs.limits import PIECE_BYTES
from utils.fastdfs.protocol import Command

HEAD = 10 + 15  # bytes before the data of an upload: header, store path, size, extension
# in the header, at its end, in the head, at its end, in the data, at the end of a piece, before the last byte
REQUEST_CUTS = [
    1,
    9,
    10,
    11,
    HEAD - 1,
    HEAD,
    HEAD + 1,
    HEAD + PIECE_BYTES,
    HEAD + len(CONTENT) // 2,
    HEAD + len(CONTENT) - 1,
]
# of the 70 bytes that answer an upload
UPLOAD_REPLY_CUTS = [0, 1, 9, 10, 11, 25, 26, 69]
# of a download: in the header, at its end, in and around a piece, before the last byte
DOWNLOAD_CUTS = [0, 1, 9, 10, 11, 9 + PIECE_BYTES, 10 + PIECE_BYTES, 11 + PIECE_BYTES, 9 + len(CONTENT)]
# of 40 or more bytes that a tracker answers: header, group, address, port, path
TRACKER_CUTS = [0, 1, 9, 10, 11, 26, 30, 41, 49]


def idle(cluster, client) -> int:
    return sum(client._pool.idle_count(address) for address in client._cluster._failed_at)


@pytest.mark.parametrize("at", REQUEST_CUTS)
def test_an_upload_cut_on_the_way_is_stored_once_on_the_other_storage(cluster, client, at):
    cluster.storages[0].fault(cut_request_at=at, times=1, commands=frozenset({Command.UPLOAD}))
    for _ in cluster.storages:  # the tracker names each once
        file_id = client.upload(io.BytesIO(CONTENT))
        assert b"".join(client.download(file_id)) == CONTENT
    assert cluster.storages[0].accepted
    assert stored(cluster) == [CONTENT] * 4


@pytest.mark.parametrize("at", UPLOAD_REPLY_CUTS)
def test_an_upload_whose_answer_is_cut_is_stored_on_the_other_storage(cluster, client, at):
    cluster.storages[0].fault(cut_reply_at=at)
    for _ in range(2):
        file_id = client.upload(io.BytesIO(CONTENT))
        assert file_id.source == cluster.storages[1].host
    cluster.storages[0].fault()
    assert set(stored(cluster)) == {CONTENT}  # a copy that nobody knows may be among them
    assert b"".join(client.download(file_id)) == CONTENT


@pytest.mark.parametrize("at", [1, 10, HEAD, HEAD + PIECE_BYTES])
def test_an_upload_that_no_storage_takes_is_unavailable_and_leaves_nothing(cluster, client, at):
    for storage in cluster.storages:
        storage.fault(cut_request_at=at)
    for _ in range(3):
        with pytest.raises(Unavailable):
            client.upload(io.BytesIO(CONTENT))
    assert stored(cluster) == []
    assert idle(cluster, client) == 0
    for storage in cluster.storages:
        storage.fault()
    assert client.exists(client.upload(io.BytesIO(CONTENT)))  # resting isn't being left out


def test_what_can_not_be_read_again_is_not_sent_again(cluster, client):
    class Once(io.BytesIO):
        def seekable(self) -> bool:
            return False

    for storage in cluster.storages:
        storage.fault(cut_request_at=HEAD + PIECE_BYTES)
    with pytest.raises(Unavailable):
        client.upload(Once(CONTENT), size_bytes=len(CONTENT))
    assert sum(storage.requests.count(Command.UPLOAD) for storage in cluster.storages) == 1
    for storage in cluster.storages:
        storage.fault()
    cluster.storages[0].stop()  # where nothing was read yet, another storage is as good as the first
    for _ in range(3):
        assert client.exists(client.upload(Once(CONTENT), size_bytes=len(CONTENT)))


@pytest.mark.parametrize("at", DOWNLOAD_CUTS)
def test_a_cut_download_goes_on_at_the_same_byte(cluster, client, at):
    file_id = replicated(cluster, client)
    source = cluster.source_of(file_id.remote_name)
    source.fault(cut_reply_at=at, commands=frozenset({Command.DOWNLOAD}))
    assert b"".join(client.download(file_id)) == CONTENT
    source.fault()
    cluster.other_than(source).fault(cut_reply_at=at, commands=frozenset({Command.DOWNLOAD}))
    assert b"".join(client.download(file_id)) == CONTENT
    with client.open(file_id) as lazy:
        assert lazy.read() == CONTENT


@pytest.mark.parametrize("at", DOWNLOAD_CUTS)
def test_a_download_from_a_single_storage_goes_on_as_long_as_pieces_come(start, at):
    cluster = start(storages=1, trackers=1)
    client = client_of(cluster.addresses)
    file_id = client.upload(io.BytesIO(CONTENT))
    cluster.storages[0].fault(cut_reply_at=at, commands=frozenset({Command.DOWNLOAD}))
    if at >= 10 + PIECE_BYTES:
        assert b"".join(client.download(file_id)) == CONTENT
    else:
        with pytest.raises(Unavailable):
            list(client.download(file_id))
    assert cluster.storages[0].requests.count(Command.DOWNLOAD) <= 4  # three pieces and a bit


@pytest.mark.parametrize("at", TRACKER_CUTS)
def test_a_tracker_that_breaks_off_is_replaced_by_the_other(cluster, client, at):
    cluster.trackers[0].fault(cut_reply_at=at)
    file_id = client.upload(io.BytesIO(CONTENT))
    assert b"".join(client.download(file_id)) == CONTENT
    client.delete(file_id)
    assert len(cluster.trackers[0].requests) == 1  # then it rested
    cluster.trackers[1].fault(cut_reply_at=at)
    with pytest.raises(Unavailable):
        client.upload(io.BytesIO(CONTENT))
