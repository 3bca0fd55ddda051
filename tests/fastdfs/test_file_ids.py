"""File ids that FastDFS itself made: what they hold, where the file is, and what isn't an id.

Those with size, CRC-32 and time are outputs of `fdfs_test` that operators published (README files on GitHub; the
appender file is in qpwoeiru96/PHP-FastDFS-Client, testcase.php).
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fastdfs.recording import APPENDER
from utils.fastdfs.errors import BadRequest
from utils.fastdfs.names import FileId, Kind, extension_of

PUBLISHED = [
    # id, source, time, size, CRC-32
    ("joey/M00/00/00/wKgBFF1Tvn6AL_ulAAhuqKakO_M091.png", "192.168.1.20", 1565769342, 552616, 2795781107),
    ("group1/M00/00/00/wKhJhGHYF2CAbacYAAAADLCV5eM801.txt", "192.168.73.132", 1641551712, 12, 2962613731),
    ("group1/M00/00/00/wKgfC18vs3aATQtfAAF9JumPvag836.jpg", "192.168.31.11", 1596961654, 97574, 3918511528),
    ("group1/M00/00/00/rBACFVyIpkyAW-GPAACDlqtGkq042055.h", "172.16.2.21", 1552459340, 33686, 2873529005),
    ("group1/M00/00/00/rCBkhFgUbpuAEZfxAI662SrTJ6w612.jpg", "172.32.100.132", 1477734043, 9353945, 718481324),
]


@pytest.mark.parametrize(("text", "source", "created", "size", "crc32"), PUBLISHED)
def test_ids_hold_what_fdfs_test_printed(text, source, created, size, crc32):
    file_id = FileId.parse(text)
    assert str(file_id) == text
    assert file_id.kind is Kind.NORMAL
    assert (file_id.source, file_id.created_at_seconds) == (source, created)
    assert (file_id.size_bytes, file_id.crc32) == (size, crc32)


@pytest.mark.parametrize("text", [row[0] for row in PUBLISHED])
def test_a_slave_has_the_fields_of_its_master_and_a_size_of_its_own(text):
    name, _dot, extension = text.rpartition(".")
    slave = FileId.parse(f"{name}_big.{extension}")
    assert (slave.kind, slave.size_bytes, slave.crc32) == (Kind.SLAVE, None, None)
    assert slave.source == FileId.parse(text).source


@pytest.mark.parametrize("text", ["group1/M00/00/00/CgAABVFc8duEOo6HAAAAAD1cKVQ817.txt", str(APPENDER)])
def test_an_appender_file_has_no_size_in_its_id(text):
    file_id = FileId.parse(text)
    assert (file_id.kind, file_id.size_bytes, file_id.crc32) == (Kind.APPENDER, None, None)


def test_regenerating_gives_the_size_and_checksum_that_fdfs_file_info_printed():
    fresh = FileId.parse("group1/M00/00/00/fwAAFWsKEISAfUm7AAAAGAoXIKo248.txt")
    assert (fresh.kind, fresh.size_bytes, fresh.crc32, fresh.source) == (Kind.NORMAL, 24, 0x0A1720AA, "127.0.0.21")


def test_a_size_from_4_gib_on_is_written_as_it_is():
    # storage_gen_filename masks sizes below 2^32 only; these fields are 192.168.1.20, 1565769342, 5 GiB + 1, 7
    file_id = FileId.parse("group1/M00/00/00/wKgBFF1Tvn4AAAABQAAAAQAAAAc123.mp4")
    assert (file_id.kind, file_id.size_bytes, file_id.crc32) == (Kind.NORMAL, 5 * 1024**3 + 1, 7)


def test_a_source_may_be_the_number_of_a_storage():
    # id_type_in_filename=id: 100001 is a1 86 01 00 in the name, as int2buff(htonl(id)) puts it there
    file_id = FileId.parse("group1/M00/00/00/oYYBAGMi4zGAYNoxABY-esN9nNw502.jpg")  # docker manual of FastDFS 6.0.9
    assert file_id.source == "100001"


def test_the_place_on_disk_is_in_the_id():
    file_id = FileId.parse("g1/M0A/62/C5/wKgDcVS--jWAOF9tAAF9fgUE8_k712.jpg")
    assert file_id.store_path == 10
    assert str(file_id.path_below_store) == "data/62/C5/wKgDcVS--jWAOF9tAAF9fgUE8_k712.jpg"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "film.mp4",
        "ab/cd/0123456789abcdef.mp4",
        "group1/M00/00/00/nonexistent.jpg",
        "M00/00/00/wKgBFF1Tvn6AL_ulAAhuqKakO_M091.png",
        "group1/M00/00/00/wKgBFF1Tvn6AL_ulAAhuqKakO_M091.png-m",
        "group1/M00/00/00/wKgBFF1Tvn6AL_ulAAhuqKakO_M091.png\n",
        "group1/M00/00/00/../../../../../../../etc/passwd12345678901234",
        "group1/M00/0g/00/wKgBFF1Tvn6AL_ulAAhuqKakO_M091.png",
        "group1/M00/0a/00/wKgBFF1Tvn6AL_ulAAhuqKakO_M091.png",
        "group1/M00/00/00/wKgBFF1Tvn6AL+ulAAhuqKakO/M091.png",
        "group1/M00/00/00/wKgBFF1Tvn6AL_ulAAhuqKakO_M091.pngé",
        "group1/M00/00/00/wKgBFF1Tvn6AL_ulAAhuqKakO_M" + "0" * 100,
        "g" * 17 + "/M00/00/00/wKgBFF1Tvn6AL_ulAAhuqKakO_M091.png",
        "a_b/M00/00/00/wKgBFF1Tvn6AL_ulAAhuqKakO_M091.png",
    ],
)
def test_nothing_else_is_an_id(text):
    assert not FileId.looks_like(text)
    with pytest.raises(BadRequest):
        FileId.parse(text)


@given(st.text() | st.from_regex(r"group1/M00/../../.{27,40}"))
def test_any_text_is_an_id_or_a_bad_request(text):
    try:
        file_id = FileId.parse(text)
    except BadRequest:
        return
    assert str(file_id) == text
    assert file_id.kind in Kind
    assert file_id.source


@pytest.mark.parametrize(
    ("name", "extension"),
    [("Film.MP4", "mp4"), ("a/b.tar.gz", "gz"), ("film", ""), ("film.", ""), ("film.matroska", ""), ("film.m-4", "")],
)
def test_extensions_that_a_storage_takes(name, extension):
    assert extension_of(name) == extension
