"""What the client promises, on the double, and on real servers if there are any."""

from __future__ import annotations

import io
import itertools
import random
import time
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fastdfs.conftest import Site, client_of
from utils.fastdfs.errors import BadRequest, Exists, NotFound, Unavailable
from utils.fastdfs.limits import PIECE_BYTES
from utils.fastdfs.names import FileId, Kind

MIB = 1024**2
SIZES = [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * MIB + 7]


def some(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def whole(site: Site, file_id: FileId) -> bytes:
    return b"".join(site.client.download(file_id))


def gone(site: Site, file_id: FileId) -> bool:
    """Replicas delete a little later than the source."""
    for _ in range(200):
        if not site.client.exists(file_id):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("size", SIZES)
def test_a_file_comes_back_as_it_was(site, size):
    content = some(size)
    file_id = site.client.upload(io.BytesIO(content), extension="mp4")
    assert whole(site, file_id) == content
    assert str(file_id).startswith("group1/M00/")
    assert str(file_id).endswith(".mp4")
    assert (file_id.kind, file_id.size_bytes, file_id.crc32) == (Kind.NORMAL, size, zlib.crc32(content))
    info = site.client.info(file_id)
    assert (info.size_bytes, info.crc32) == (size, zlib.crc32(content))
    assert abs(info.modified_at_seconds - file_id.created_at_seconds) <= 60
    assert site.client.exists(file_id)


def test_a_file_needs_no_extension(site):
    file_id = site.client.upload(io.BytesIO(b"x"))
    assert "." not in str(file_id)
    assert whole(site, file_id) == b"x"


@pytest.mark.parametrize("extension", ["toolong", "a/b", "ü", "..", "a.b"])
def test_what_can_be_no_extension_is_refused(site, extension):
    with pytest.raises(BadRequest):
        site.client.upload(io.BytesIO(b"x"), extension=extension)


def test_ranges_end_where_the_file_ends(site):
    content = some(2 * PIECE_BYTES + 100)
    size = len(content)
    file_id = site.client.upload(io.BytesIO(content))
    ranges = [
        (0, 1),
        (5, 10),
        (0, size),
        (PIECE_BYTES - 1, 2),
        (PIECE_BYTES, None),
        (size - 1, 1),
        (size - 1, 50),
        (0, 0),
    ]
    for offset, count in [*ranges, (size, 1), (size, None), (size + 1000, None)]:
        end = size if count is None else offset + count
        got = b"".join(site.client.download(file_id, offset_bytes=offset, count_bytes=count))
        assert got == content[offset:end]
    for offset, count in [(-1, None), (0, -1)]:
        with pytest.raises(BadRequest):
            site.client.download(file_id, offset_bytes=offset, count_bytes=count)


def test_pieces_are_small(site):
    file_id = site.client.upload(io.BytesIO(some(3 * MIB)))
    assert max(len(piece) for piece in site.client.download(file_id)) <= 256 * 1024


def test_a_deleted_file_is_missing_for_every_operation(site):
    file_id = site.client.upload(io.BytesIO(b"data"), appender=True, extension="bin")
    site.client.set_metadata(file_id, {"a": "1"})
    site.client.delete(file_id)
    assert gone(site, file_id)
    operations = [
        lambda: site.client.info(file_id),
        lambda: site.client.delete(file_id),
        lambda: list(site.client.download(file_id)),
        lambda: site.client.open(file_id).read(),
        lambda: site.client.append(file_id, io.BytesIO(b"x")),
        lambda: site.client.modify(file_id, io.BytesIO(b"x"), offset_bytes=0),
        lambda: site.client.truncate(file_id, 0),
        lambda: site.client.regenerate(file_id),
        lambda: site.client.metadata(file_id),
        lambda: site.client.set_metadata(file_id, {"a": "1"}),
        lambda: site.client.upload_slave(file_id, io.BytesIO(b"x"), prefix="_small"),
    ]
    for operation in operations:
        with pytest.raises(NotFound):
            operation()


@pytest.mark.parametrize("content", [b"", b"data"])
def test_a_deleted_normal_file_is_missing_even_where_nothing_is_left_to_read(site, content):
    file_id = site.client.upload(io.BytesIO(content))
    site.client.delete(file_id)
    assert gone(site, file_id)
    with pytest.raises(FileNotFoundError):
        list(site.client.download(file_id))
    with pytest.raises(FileNotFoundError):
        list(site.client.download(file_id, offset_bytes=4))


def test_an_appender_file_grows_changes_and_becomes_a_normal_one(site):
    client = site.client
    file_id = client.upload(io.BytesIO(b""), extension="mp4", appender=True)
    assert (file_id.kind, file_id.size_bytes, file_id.crc32) == (Kind.APPENDER, None, None)
    client.append(file_id, io.BytesIO(b"abc"))
    client.append(file_id, io.BytesIO(b""))
    client.append(file_id, io.BytesIO(b"defgh"), size_bytes=2)
    assert whole(site, file_id) == b"abcde"
    client.modify(file_id, io.BytesIO(b"BC"), offset_bytes=1)
    client.modify(file_id, io.BytesIO(b"FG"), offset_bytes=5)  # at the end: appends
    client.modify(file_id, io.BytesIO(b"FG"), offset_bytes=5)  # again: changes nothing
    assert whole(site, file_id) == b"aBCdeFG"
    with pytest.raises(BadRequest):
        client.modify(file_id, io.BytesIO(b"x"), offset_bytes=8)
    client.truncate(file_id, 4)
    assert whole(site, file_id) == b"aBCd"
    client.truncate(file_id, 6)
    assert whole(site, file_id) == b"aBCd\0\0"
    assert client.info(file_id).size_bytes == client.size_bytes(file_id) == 6
    fresh = client.regenerate(file_id)
    assert (fresh.kind, fresh.size_bytes, fresh.crc32) == (Kind.NORMAL, 6, zlib.crc32(b"aBCd\0\0"))
    assert whole(site, fresh) == b"aBCd\0\0"
    assert str(fresh).endswith(".mp4")
    assert gone(site, file_id)


def test_a_large_appender_file_is_written_in_pieces(site):
    content = some(3 * MIB)
    file_id = site.client.upload(io.BytesIO(content[:MIB]), appender=True)
    site.client.append(file_id, io.BytesIO(content[MIB:]), size_bytes=MIB)
    site.client.modify(file_id, io.BytesIO(content[2 * MIB :]), offset_bytes=2 * MIB)
    assert whole(site, file_id) == content


def test_a_normal_file_can_not_be_changed(site):
    file_id = site.client.upload(io.BytesIO(b"data"), extension="bin")
    for operation in (
        lambda: site.client.append(file_id, io.BytesIO(b"x")),
        lambda: site.client.modify(file_id, io.BytesIO(b"x"), offset_bytes=0),
        lambda: site.client.truncate(file_id, 1),
        lambda: site.client.regenerate(file_id),
    ):
        with pytest.raises(BadRequest):
            operation()
    assert whole(site, file_id) == b"data"


def test_metadata_is_replaced_merged_and_removed(site):
    client = site.client
    file_id = client.upload(io.BytesIO(b"data"), extension="bin")
    assert client.metadata(file_id) == {}
    client.set_metadata(file_id, {"width": "1920", "title": "西游记"})
    assert client.metadata(file_id) == {"width": "1920", "title": "西游记"}
    client.set_metadata(file_id, {"width": "640", "empty": "", "n" * 64: "v" * 256}, merge=True)
    assert client.metadata(file_id) == {"width": "640", "title": "西游记", "empty": "", "n" * 64: "v" * 256}
    client.set_metadata(file_id, {"only": "this"})
    assert client.metadata(file_id) == {"only": "this"}
    client.set_metadata(file_id, {})
    assert client.metadata(file_id) == {}


@pytest.mark.parametrize(
    "values", [{"": "v"}, {"n" * 65: "v"}, {"n": "v" * 257}, {"n": "a\x01b"}, {"a\x02": "v"}, {"n": "\0"}]
)
def test_metadata_that_the_server_would_cut_is_refused(site, values):
    file_id = site.client.upload(io.BytesIO(b"data"))
    with pytest.raises(BadRequest):
        site.client.set_metadata(file_id, values)


def test_a_slave_file_lies_beside_its_master_once(site):
    master = site.client.upload(io.BytesIO(b"film"), extension="mp4")
    slave = site.client.upload_slave(master, io.BytesIO(b"poster"), prefix="_poster", extension="jpg")
    assert str(slave) == str(master).replace(".mp4", "_poster.jpg")
    assert (slave.kind, slave.size_bytes) == (Kind.SLAVE, None)
    assert whole(site, slave) == b"poster"
    with pytest.raises(Exists):
        site.client.upload_slave(master, io.BytesIO(b"other"), prefix="_poster", extension="jpg")
    assert whole(site, slave) == b"poster"
    for prefix in ("", "a/b", "_" * 17):
        with pytest.raises(BadRequest):
            site.client.upload_slave(master, io.BytesIO(b"x"), prefix=prefix)


def test_a_lazy_file_reads_like_a_local_one(site, tmp_path):
    content = b"\n".join(some(1000).hex().encode() for _ in range(600))
    local_path = tmp_path / "same"
    local_path.write_bytes(content)
    file_id = site.client.upload(io.BytesIO(content))
    steps = random.Random(7)
    with site.client.open(file_id) as lazy, local_path.open("rb") as local:
        assert lazy.readable()
        assert lazy.seekable()
        assert not lazy.writable()
        for _ in range(60):
            whence = steps.choice([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END])
            to = steps.randrange(-len(content), 2 * len(content))
            if {0: 0, 1: local.tell(), 2: len(content)}[whence] + to >= 0:
                assert lazy.seek(to, whence) == local.seek(to, whence)
            count = steps.choice([0, 1, 100, PIECE_BYTES, PIECE_BYTES + 1])
            assert lazy.read(count) == local.read(count)
            assert lazy.readline() == local.readline()
            assert lazy.tell() == local.tell()
        assert lazy.seek(3) == local.seek(3)
        assert lazy.read() == local.read()
        with pytest.raises((ValueError, OSError)):
            lazy.seek(-1)


def test_lazy_files_do_not_disturb_one_another(site):
    files = {site.client.upload(io.BytesIO(some(size))): some(size) for size in (PIECE_BYTES * 2, PIECE_BYTES * 2 + 1)}
    opened = [(site.client.open(file_id), io.BytesIO(content)) for file_id, content in files.items()]
    for lazy, local in itertools.chain.from_iterable(zip(opened, reversed(opened), strict=True)):
        assert lazy.read(PIECE_BYTES // 2) == local.read(PIECE_BYTES // 2)


class Pipe(io.RawIOBase):
    """Can't be seeked, and gives less than it is asked for."""

    def __init__(self, content: bytes) -> None:
        self.left = content

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        part, self.left = self.left[: min(size, 1000)], self.left[min(size, 1000) :]
        return part


def test_a_pipe_is_stored_once_its_size_is_said(site):
    content = some(100_000)
    assert whole(site, site.client.upload(Pipe(content), size_bytes=len(content))) == content
    with pytest.raises(BadRequest):
        site.client.upload(Pipe(content))


def test_only_the_rest_of_a_file_is_stored(site):
    source = io.BytesIO(b"0123456789")
    source.seek(4)
    assert whole(site, site.client.upload(source)) == b"456789"
    source.seek(4)
    assert whole(site, site.client.upload(source, size_bytes=3)) == b"456"
    assert source.tell() == 7


def test_a_source_that_ends_early_is_no_file(site):
    with pytest.raises(BadRequest):
        site.client.upload(io.BytesIO(b"short"), size_bytes=PIECE_BYTES)
    assert whole(site, site.client.upload(io.BytesIO(b"fine"))) == b"fine"


def test_errors_of_the_source_are_its_own(site):
    class Bad(Pipe):
        def read(self, size: int = -1, /) -> bytes:
            if len(self.left) < 10_000:
                raise PermissionError("no")
            return super().read(size)

    with pytest.raises(PermissionError):
        site.client.upload(Bad(some(100_000)), size_bytes=100_000)


def test_memory_holds_a_few_pieces_at_most(site, tmp_path):
    path = tmp_path / "film"
    size = 32 * MIB
    path.write_bytes(bytes(size))
    peaks = []
    with path.open("rb") as source:
        tracemalloc.start()
        try:
            file_id = site.client.upload(source)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.reset_peak()
            assert sum(len(piece) for piece in site.client.download(file_id)) == size
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert max(peaks) < 8 * PIECE_BYTES  # the double's own pieces are among them
    site.client.delete(file_id)


def test_threads_share_a_client(site):
    def journey(number: int) -> None:
        for turn in range(6):
            content = some(number * 1000 + turn * 70_000)
            file_id = site.client.upload(io.BytesIO(content), extension="bin")
            assert whole(site, file_id) == content
            with site.client.open(file_id) as lazy:
                lazy.seek(len(content) // 2)
                assert lazy.read(10) == content[len(content) // 2 :][:10]
            site.client.delete(file_id)

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(journey, number) for number in range(8)]:
            done.result()


def test_a_tracker_that_is_not_there_is_passed_over(site):
    client = client_of(["127.0.0.1:1", *site.trackers])
    file_id = client.upload(io.BytesIO(b"data"))
    assert b"".join(client.download(file_id)) == b"data"
    client.close()


def test_a_group_that_does_not_exist_has_no_storage(site):
    client = client_of(site.trackers, group="nogroup")
    with pytest.raises(Unavailable):
        client.upload(io.BytesIO(b"data"))
    with pytest.raises(Unavailable):
        client.info(FileId("nogroup", "M00/00/00/wKgBFF1Tvn6AL_ulAAhuqKakO_M091.png"))
    client.close()


def test_a_group_can_be_chosen(site):
    client = client_of(site.trackers, group="group1")
    assert client.upload(io.BytesIO(b"data")).group == "group1"
    client.close()
