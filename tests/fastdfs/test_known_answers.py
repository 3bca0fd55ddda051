"""Bytes and ids that FastDFS itself made, against ours and against the double's.

The ids with size, CRC-32 and time are outputs of `fdfs_test` that operators published (README files on GitHub; the
appender file is in qpwoeiru96/PHP-FastDFS-Client, testcase.php). The messages were recorded between the C programs and
servers of FastDFS 6.16.1: fdfs_upload_file, fdfs_upload_appender, fdfs_append_file, fdfs_file_info, fdfs_download_file,
fdfs_regenerate_filename, fdfs_delete_file, fdfs_test1.
"""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.fastdfs import protocol
from utils.fastdfs.errors import BadRequest, Exists, NoSpace, NotFound, Unavailable
from utils.fastdfs.names import FileId, Kind, extension_of
from utils.fastdfs.protocol import Address, Command

PUBLISHED = [
    # id, source, time, size, CRC-32
    ("joey/M00/00/00/wKgBFF1Tvn6AL_ulAAhuqKakO_M091.png", "192.168.1.20", 1565769342, 552616, 2795781107),
    ("group1/M00/00/00/wKhJhGHYF2CAbacYAAAADLCV5eM801.txt", "192.168.73.132", 1641551712, 12, 2962613731),
    ("group1/M00/00/00/wKgfC18vs3aATQtfAAF9JumPvag836.jpg", "192.168.31.11", 1596961654, 97574, 3918511528),
    ("group1/M00/00/00/rBACFVyIpkyAW-GPAACDlqtGkq042055.h", "172.16.2.21", 1552459340, 33686, 2873529005),
    ("group1/M00/00/00/rCBkhFgUbpuAEZfxAI662SrTJ6w612.jpg", "172.32.100.132", 1477734043, 9353945, 718481324),
]
NORMAL = FileId.parse("group1/M00/00/00/fwAAFWsKEIWAVbblAAAADK8IOy0014.txt")
APPENDER = FileId.parse("group1/M00/00/00/fwAAFWsKEIWEWV1IAAAAAK8IOy0248.txt")
MASTER = FileId.parse("group1/M00/00/00/fwAAFWsKEIWAVKnMAAAADK8IOy0744.txt")
DATA = b"hello world\n"
GROUP1 = "67726f75703100000000000000000000"
NORMAL_HEX = "4d30302f30302f30302f667741414657734b454957415662626c41414141444b38494f79303031342e747874"
APPENDER_HEX = "4d30302f30302f30302f667741414657734b454957455756314941414141414b38494f79303234382e747874"
MASTER_HEX = "4d30302f30302f30302f667741414657734b45495741564b6e4d41414141444b38494f79303734342e747874"
STORAGE_21 = "3132372e302e302e32310000000000" + "00000000000059d8"  # 127.0.0.21, port 23000


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


# --- Requests, as the C programs sent them ---

REQUESTS = {
    "store one": (protocol.header(Command.QUERY_STORE_ONE, 0), "00000000000000006500"),
    "store all in a group": (
        protocol.header(Command.QUERY_STORE_IN_GROUP_ALL, 16) + protocol.group_field("group1"),
        "00000000000000106b00" + GROUP1,
    ),
    "update": (
        protocol.header(Command.QUERY_UPDATE, 60) + protocol.file_field(APPENDER),
        "000000000000003c6700" + GROUP1 + APPENDER_HEX,
    ),
    "active test": (protocol.header(Command.ACTIVE_TEST, 0), "00000000000000006f00"),
    "upload": (
        protocol.header(Command.UPLOAD, 27) + protocol.upload_head(0, 12, "txt") + DATA,
        "000000000000001b0b00" + "00" + "000000000000000c" + "747874000000" + DATA.hex(),
    ),
    "upload appender": (
        protocol.header(Command.UPLOAD_APPENDER, 27) + protocol.upload_head(0, 12, "txt"),
        "000000000000001b1700" + "00" + "000000000000000c" + "747874000000",
    ),
    "append": (
        protocol.header(Command.APPEND, 72) + protocol.change_head(APPENDER, 12) + DATA,
        "00000000000000481800" + "000000000000002c" + "000000000000000c" + APPENDER_HEX + DATA.hex(),
    ),
    "download": (
        protocol.header(Command.DOWNLOAD, 76) + protocol.download_body(NORMAL, 3, 5),
        "000000000000004c0e00" + "0000000000000003" + "0000000000000005" + GROUP1 + NORMAL_HEX,
    ),
    "file info": (
        protocol.header(Command.FILE_INFO, 60) + protocol.file_field(APPENDER),
        "000000000000003c1600" + GROUP1 + APPENDER_HEX,
    ),
    "regenerate": (
        protocol.header(Command.REGENERATE, 44) + APPENDER.remote_name.encode(),
        "000000000000002c2600" + APPENDER_HEX,
    ),
    "delete": (
        protocol.header(Command.DELETE, 60) + protocol.file_field(NORMAL),
        "000000000000003c0c00" + GROUP1 + NORMAL_HEX,
    ),
    "set metadata": (
        protocol.header(Command.SET_METADATA, 126)
        + protocol.metadata_body(
            MASTER, {"ext_name": "jpg", "width": "160", "height": "80", "file_size": "115120"}, merge=False
        ),
        "000000000000007e0d00" + "000000000000002c" + "0000000000000031" + "4f" + GROUP1 + MASTER_HEX
        + "6578745f6e616d65026a706701776964746802313630016865696768740238300166696c655f73697a6502313135313230",
    ),
    "upload slave": (
        protocol.header(Command.UPLOAD_SLAVE, 94) + protocol.slave_head(MASTER, 12, "_big", "txt") + DATA,
        "000000000000005e1500" + "000000000000002c" + "000000000000000c" + "5f626967000000000000000000000000"
        + "747874000000" + MASTER_HEX + DATA.hex(),
    ),
    # no C program sends these; the comments above storage_modify_file and storage_do_truncate_file say how they look
    "modify": (
        protocol.header(Command.MODIFY, 80) + protocol.change_head(APPENDER, 5, 12) + DATA,
        "00000000000000502200" + "000000000000002c" + "0000000000000005" + "000000000000000c"
        + APPENDER_HEX + DATA.hex(),
    ),
    "truncate": (
        protocol.header(Command.TRUNCATE, 60) + protocol.change_head(APPENDER, 7),
        "000000000000003c2400" + "000000000000002c" + "0000000000000007" + APPENDER_HEX,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_are_those_of_the_c_programs(name):
    ours, theirs = REQUESTS[name]
    assert ours.hex() == theirs


# --- Replies, as servers sent them ---


def test_the_reply_that_names_a_storage_for_an_upload():
    store = protocol.parse_store(bytes.fromhex(GROUP1 + STORAGE_21 + "00"))
    assert store == protocol.Store("group1", (Address("127.0.0.21", 23000),), 0)


def test_the_reply_that_names_a_stored_file():
    assert protocol.parse_file_id(bytes.fromhex(GROUP1 + NORMAL_HEX)) == NORMAL


def test_the_reply_about_a_file():
    body = "0000000000000018" + "000000006b0a1085" + "000000000a1720aa" + "3132372e302e302e3231" + "00" * 6
    info = protocol.parse_file_info(bytes.fromhex(body), APPENDER)
    assert info == protocol.FileInfo(24, 1795821701, None, "127.0.0.21")


def address(host: str, width: int, port: int | None) -> bytes:
    return host.encode().ljust(width, b"\0") + (b"" if port is None else port.to_bytes(8, "big"))


HOSTS = st.ip_addresses(v=4).map(str).filter(lambda host: host != "0.0.0.0")  # noqa: S104
PORTS = st.integers(1, 65535)


@given(st.lists(HOSTS, min_size=1, max_size=32), PORTS, st.sampled_from([15, 45]), st.booleans())
def test_every_layout_of_every_number_of_storages_is_read(hosts, port, width, each):
    """tracker_deal_service_query_fetch_update of 6.10, 6.12, 6.15.5 and 6.16; a group has 32 storages at most."""
    body = b"group1".ljust(16, b"\0") + address(hosts[0], width, port)
    body += b"".join(address(host, width, port if each else None) for host in hosts[1:])
    assert protocol.parse_servers(body) == ("group1", tuple(Address(host, port) for host in hosts))


@given(st.lists(st.ip_addresses().map(str), min_size=1, max_size=32), st.lists(PORTS, min_size=32, max_size=32))
def test_storages_with_ipv6_and_ports_of_their_own_are_read(hosts, ports):
    body = b"g".ljust(16, b"\0") + b"".join(address(*one) for one in zip(hosts, [45] * 32, ports, strict=False))
    assert protocol.parse_servers(body)[1] == tuple(Address(*one) for one in zip(hosts, ports, strict=False))


def test_lengths_that_fit_two_layouts_are_told_apart_by_their_content():
    # 53 bytes of addresses: one of 45 with its port, or three of 15 of which the first has one
    wide = b"g".ljust(16, b"\0") + address("10.0.0.1", 45, 23000)
    narrow = b"g".ljust(16, b"\0") + address("10.0.0.1", 15, 23000) + address("10.0.0.2", 15, None) * 2
    assert len(wide) == len(narrow)
    assert [str(one) for one in protocol.parse_servers(wide)[1]] == ["10.0.0.1:23000"]
    assert [str(one) for one in protocol.parse_servers(narrow)[1]] == ["10.0.0.1:23000", *["10.0.0.2:23000"] * 2]


@given(st.binary(max_size=200))
def test_what_is_no_list_of_servers_is_unavailable(body):
    try:
        _group, addresses = protocol.parse_servers(body)
    except Unavailable:
        return
    assert all(0 < one.port < 65536 for one in addresses)


@pytest.mark.parametrize("body", [b"", b"group1", b"\xff" * 60, b"group1".ljust(16, b"\0") + b"M00/00/00/nonsense"])
def test_a_reply_that_names_no_file_is_unavailable(body):
    with pytest.raises(Unavailable):
        protocol.parse_file_id(body)


@pytest.mark.parametrize(
    ("status", "kind", "builtin", "errno"),
    [
        (2, NotFound, FileNotFoundError, 2),
        (17, Exists, FileExistsError, 17),
        (22, BadRequest, ValueError, None),
        (28, NoSpace, OSError, 28),
        (5, Unavailable, OSError, 5),
        (255, Unavailable, OSError, 5),
    ],
)
def test_a_status_is_an_errno(status, kind, builtin, errno):
    error = protocol.refusal(status, "It")
    assert type(error) is kind
    assert isinstance(error, builtin)
    assert getattr(error, "errno", None) == errno
    assert str(error).startswith("It: ")


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("tracker", "tracker", 22122),
        ("tracker:1", "tracker", 1),
        (" 10.0.0.1:22122 ", "10.0.0.1", 22122),
        ("[fe80::1]:7", "fe80::1", 7),
        ("[fe80::1]", "fe80::1", 22122),
        ("fe80::1", "fe80::1", 22122),
    ],
)
def test_addresses_of_trackers(text, host, port):
    assert Address.parse(text) == Address(host, port)


@pytest.mark.parametrize("text", ["", ":1", "tracker:", "tracker:0", "tracker:65536", "tracker:x", "tracker:²", "[]:1"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(BadRequest):
        Address.parse(text)


# --- The double, against the same recording ---


def exchange(node, request: bytes) -> bytes:
    with socket.create_connection((node.host, node.port)) as line:
        line.sendall(request)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(1000), b""))


def test_the_double_answers_the_c_programs_as_fastdfs_did(cluster):
    storage = cluster.storages[0]
    upload, upload_appender = (bytes.fromhex(REQUESTS[name][1]) for name in ("upload", "upload appender"))
    reply = exchange(storage, upload)
    assert reply[:26].hex() == "000000000000003c6400" + GROUP1
    name = reply[26:].decode()
    assert FileId.parse(f"group1/{name}").crc32 == 0xAF083B2D  # of DATA, as FastDFS had it
    assert FileId.parse(f"group1/{name}").size_bytes == 12
    grown = exchange(storage, upload_appender + DATA)[26:]

    def about(what: str, other: bytes) -> bytes:
        """A recorded request, for a file that is here."""
        for recorded in (NORMAL_HEX, APPENDER_HEX, MASTER_HEX):
            what = what.replace(recorded, other.hex())
        return exchange(storage, bytes.fromhex(what))

    assert about(REQUESTS["append"][1], grown).hex() == "00000000000000006400"
    assert about(REQUESTS["download"][1], name.encode()).hex() == "000000000000000564006c6f20776f"
    assert about(REQUESTS["file info"][1], grown)[:18].hex() == "00000000000000286400" + "0000000000000018"
    assert about(REQUESTS["file info"][1], grown)[30:34].hex() == "0a1720aa"
    assert about(REQUESTS["set metadata"][1], name.encode()).hex() == "00000000000000006400"
    assert about(REQUESTS["upload slave"][1], name.encode()).hex() == (
        "00000000000000406400" + GROUP1 + name.encode().hex().replace("2e747874", "5f6269672e747874")
    )
    assert FileId.parse(f"group1/{about(REQUESTS['regenerate'][1], grown)[26:].decode()}").crc32 == 0x0A1720AA
    assert about(REQUESTS["delete"][1], name.encode()).hex() == "00000000000000006400"
    assert about(REQUESTS["delete"][1], name.encode()).hex() == "00000000000000006402"


def test_the_double_keeps_files_where_fastdfs_keeps_them(cluster, client):
    import io

    file_id = client.upload(io.BytesIO(DATA), extension="txt")
    client.set_metadata(file_id, {"b": "2", "a": "1"})
    cluster.settle()
    place = str(file_id.path_below_store)
    for storage in cluster.storages:
        assert storage.files() == {place: DATA, f"{place}-m": b"a\x021\x01b\x022"}  # sorted, as FastDFS writes it
