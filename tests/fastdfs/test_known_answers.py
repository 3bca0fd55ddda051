"""Messages that FastDFS itself exchanged, against ours and against the double's (tests/fastdfs/recording.py)."""

from __future__ import annotations

import io
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fastdfs.recording import APPENDER, APPENDER_HEX, DATA, GROUP1, MASTER_HEX, NORMAL, NORMAL_HEX, REQUESTS
from utils.fastdfs import protocol
from utils.fastdfs.errors import BadRequest, Exists, NoSpace, NotFound, Unavailable
from utils.fastdfs.names import FileId
from utils.fastdfs.protocol import Address

STORAGE_21 = "3132372e302e302e32310000000000" + "00000000000059d8"  # 127.0.0.21, port 23000


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
    file_id = client.upload(io.BytesIO(DATA), extension="txt")
    client.set_metadata(file_id, {"b": "2", "a": "1"})
    cluster.settle()
    place = str(file_id.path_below_store)
    for storage in cluster.storages:
        assert storage.files() == {place: DATA, f"{place}-m": b"a\x021\x01b\x022"}  # sorted, as FastDFS writes it
