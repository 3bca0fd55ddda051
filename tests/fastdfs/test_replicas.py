"""Several storages with one file: late, in part, dead, and the one that may change it."""

from __future__ import annotations

import io

import pytest

from tests.fastdfs.cases import CONTENT, replicated, stored
from tests.fastdfs.conftest import client_of
from utils.fastdfs.errors import BadRequest, NotFound, Unavailable
from utils.fastdfs.limits import PIECE_BYTES
from utils.fastdfs.protocol import Command

# what versions differ in: the width of addresses, and whether each has its port in the reply to 105
LAYOUTS = {
    "up to 6.10, and 6.15": {"address_width": 15, "each_has_port": False},
    "6.11 to 6.14, and 6.15 with IPv6": {"address_width": 45, "each_has_port": False},
    "from 6.16": {"address_width": 15, "each_has_port": True},
    "from 6.16 with IPv6": {"address_width": 45, "each_has_port": True},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_version_names_its_storages_so_that_they_are_found(start, layout):
    cluster = start(storages=3, **LAYOUTS[layout])
    client = client_of(cluster.addresses, group="group1")
    file_ids = [replicated(cluster, client) for _ in cluster.storages]
    assert {file_id.source for file_id in file_ids} == {storage.host for storage in cluster.storages}
    for dead in cluster.storages[:2]:
        dead.stop()
    for file_id in file_ids:
        assert b"".join(client.download(file_id)) == CONTENT
        client.delete(file_id)
    assert client.upload(io.BytesIO(CONTENT)).source == cluster.storages[2].host
    client.close()


def test_a_new_file_is_read_from_its_source_until_the_replica_has_it(cluster, client):
    cluster.hold_replication()
    file_id = client.upload(io.BytesIO(CONTENT))
    source = cluster.source_of(file_id.remote_name)
    assert b"".join(client.download(file_id)) == CONTENT
    source.stop()
    with pytest.raises(Unavailable):  # not "not found": the source has it
        list(client.download(file_id))
    with pytest.raises(Unavailable):
        client.exists(file_id)
    with pytest.raises(Unavailable):
        client.delete(file_id)
    source.start()
    cluster.release_replication()
    cluster.settle()
    source.stop()
    assert b"".join(client.download(file_id)) == CONTENT
    assert client.exists(file_id)


def test_a_replica_that_the_tracker_does_not_list_is_asked_as_well(cluster, client):
    file_id = replicated(cluster, client)
    source = cluster.source_of(file_id.remote_name)
    source.path(file_id.remote_name).unlink()  # a disk was replaced
    assert b"".join(client.download(file_id)) == CONTENT
    assert client.exists(file_id)


def test_a_replica_with_a_part_of_the_file_is_not_believed(cluster, client):
    file_id = replicated(cluster, client)
    source = cluster.source_of(file_id.remote_name)
    for size in (len(CONTENT) - 1, 5, 0):
        source.path(file_id.remote_name).write_bytes(CONTENT[:size])
        assert b"".join(client.download(file_id)) == CONTENT
        assert b"".join(client.download(file_id, offset_bytes=10)) == CONTENT[10:]
    cluster.other_than(source).path(file_id.remote_name).write_bytes(CONTENT[:5])
    with pytest.raises((Unavailable, BadRequest)):
        list(client.download(file_id))


def test_a_file_is_deleted_everywhere_while_its_source_is_down(cluster, client):
    file_id = replicated(cluster, client)
    client.set_metadata(file_id, {"a": "1"})
    cluster.settle()
    source = cluster.source_of(file_id.remote_name)
    source.stop()
    assert client.metadata(file_id) == {"a": "1"}
    client.delete(file_id)
    assert stored(cluster) == []
    source.start()
    with pytest.raises(NotFound):
        client.delete(file_id)


def test_metadata_that_the_source_has_not_is_not_taken_from_a_late_replica(cluster, client):
    file_id = replicated(cluster, client)
    client.set_metadata(file_id, {"a": "1"})
    cluster.settle()
    cluster.hold_replication()
    client.set_metadata(file_id, {})
    assert client.metadata(file_id) == {}


def test_a_frozen_source_is_waited_for_once(cluster, hasty):
    file_ids = [replicated(cluster, hasty) for _ in range(8)]
    frozen = cluster.storages[0]
    mine = [file_id for file_id in file_ids if file_id.source == frozen.host]
    frozen.freeze()
    for file_id in mine:
        hasty.delete(file_id)
    assert len(mine) == 4
    assert frozen.accepted == 1  # the first deletion used the uploads' connection, the others none


def test_an_append_is_done_once_even_if_nobody_knows(cluster, client):
    file_id = client.upload(io.BytesIO(b"start "), appender=True)
    cluster.source_of(file_id.remote_name).fault(cut_reply_at=0, commands=frozenset({Command.APPEND}))
    with pytest.raises(Unavailable):
        client.append(file_id, io.BytesIO(b"more"))
    assert b"".join(client.download(file_id)) == b"start more"


def test_a_write_at_an_offset_can_be_repeated(cluster, client):
    file_id = client.upload(io.BytesIO(b"start "), appender=True)
    cluster.source_of(file_id.remote_name).fault(cut_reply_at=0, commands=frozenset({Command.MODIFY}), times=1)
    with pytest.raises(Unavailable):
        client.modify(file_id, io.BytesIO(b"more"), offset_bytes=6)
    client.modify(file_id, io.BytesIO(b"more"), offset_bytes=6)
    assert b"".join(client.download(file_id)) == b"start more"


def test_a_changed_file_is_never_changed_on_another_storage(cluster, client):
    file_id = client.upload(io.BytesIO(b"start"), appender=True)
    cluster.settle()
    cluster.source_of(file_id.remote_name).stop()
    with pytest.raises(Unavailable):
        client.append(file_id, io.BytesIO(b"more"))
    assert stored(cluster) == [b"start", b"start"]


def test_an_appender_file_that_shrank_meanwhile_ends_the_download(cluster, client):
    file_id = client.upload(io.BytesIO(CONTENT), appender=True)
    source = cluster.source_of(file_id.remote_name)
    source.fault(cut_reply_at=10 + PIECE_BYTES, commands=frozenset({Command.DOWNLOAD}))
    download = client.download(file_id)
    assert next(download) == CONTENT[:PIECE_BYTES]
    client.truncate(file_id, 5)
    cluster.settle()
    with pytest.raises((BadRequest, Unavailable)):
        list(download)
