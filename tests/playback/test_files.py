"""Tokens of media addresses."""

from __future__ import annotations

import time

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from utils.ranges import RangeNotSatisfiable, byte_ranges
from utils.signing import Verdict, sign, verify
from utils.storages import videos

PATHS = st.text(st.characters(categories=["L", "N"]), min_size=1).map(lambda t: f"/v/{t}")


def _parts(address: str) -> tuple[str, str]:
    token, ts = address.rsplit("?st=", 1)[1].split("&ts=")
    return token, ts


@given(path=PATHS, expires=st.integers(1, 2**40))
def test_a_token_is_good_until_it_expires(path, expires):
    token, ts = _parts(sign(path, expires_at=expires))
    assert verify(path, token, ts, now=expires - 1) is Verdict.VALID
    assert verify(path, token, ts, now=expires) is Verdict.EXPIRED


@given(path=PATHS, other=PATHS, expires=st.integers(1, 2**40), at=st.integers(0, 21), by=st.integers(1, 255))
def test_an_altered_token_is_forged(path, other, expires, at, by):
    token, ts = _parts(sign(path, expires_at=expires))
    altered = token[:at] + chr((ord(token[at]) + by) % 256) + token[at + 1 :]
    assert verify(path, altered, ts, now=0) is Verdict.FORGED
    assert verify(path, token, str(expires + by), now=0) is Verdict.FORGED
    assert verify(path, token[:-1], ts, now=0) is Verdict.FORGED
    assert verify(path, token, "", now=0) is Verdict.FORGED
    if other != path:
        assert verify(other, token, ts, now=0) is Verdict.FORGED


@given(path=PATHS, tail=st.text(min_size=1), expires=st.integers(1, 2**40))
def test_a_token_names_one_file(path, tail, expires):
    token, ts = _parts(sign(path, expires_at=expires))
    assert verify(path + tail, token, ts, now=0) is Verdict.FORGED
    assert verify(path, tail + token, ts, now=0) is Verdict.FORGED
    assert verify(path, token, ts + tail, now=0) is Verdict.FORGED


@given(size=st.integers(1, 5000), first=st.integers(0, 6000), length=st.integers(1, 6000))
def test_ranges_stay_inside_the_file(size, first, length):
    try:
        found = byte_ranges(f"bytes={first}-{first + length - 1}", size)
    except RangeNotSatisfiable:
        assert first >= size
    else:
        assert found == [(first, min(first + length, size) - 1)]
    assert byte_ranges(f"bytes=-{length}", size) == [(max(0, size - length), size - 1)]


@pytest.mark.parametrize("header", ["", "bytes=", "lines=0-1", "bytes =0-1", "bytes=" + ",".join(["0-1"] * 17)])
def test_what_asks_for_no_range_of_bytes_means_the_whole_file(header):
    assert byte_ranges(header, 1000) == []


@pytest.mark.parametrize(
    "header", ["bytes=-", "bytes=a-b", "bytes=9-1", "bytes=0-1,", "bytes=0-1,x", f"bytes={9**30}-"]
)
def test_a_malformed_range_is_none_that_can_be_had(header):
    with pytest.raises(RangeNotSatisfiable):
        byte_ranges(header, 1000)


def test_several_ranges_leave_out_what_is_outside():
    assert byte_ranges("bytes=0-1, 5-6 ,-3", 1000) == [(0, 1), (5, 6), (997, 999)]
    assert byte_ranges("bytes=2000-,0-1", 1000) == [(0, 1)]
    with pytest.raises(RangeNotSatisfiable):
        byte_ranges("bytes=1000-,-0", 1000)


@pytest.fixture
def stored(db) -> str:
    """The name of a stored file of 1000 bytes that count up."""
    return videos().save("range.mp4", ContentFile(bytes(n % 251 for n in range(1000))))


def _address(name: str, *, seconds: float = 60) -> str:
    return sign(reverse("playback:file", args=[name]), expires_at=int(time.time() + seconds))


def test_the_answers_of_the_file_address(client, stored):
    good = _address(stored)
    path = good.split("?")[0]
    answer = client.get(good)
    assert (answer.status_code, answer["Accept-Ranges"]) == (200, "bytes")
    assert answer["Cache-Control"].startswith("private")
    assert len(b"".join(answer)) == 1000
    assert client.get(path).status_code == 403
    assert client.get(good[:-1] + ("0" if good[-1] != "0" else "1")).status_code == 403
    assert client.get(_address(stored, seconds=-1)).status_code == 410
    assert client.post(good).status_code == 405
    for outside in ("../db.sqlite3", "nothing/here.mp4"):
        address = sign(f"/v/{outside}", expires_at=int(time.time()) + 60)
        assert client.get(address).status_code == 404


def test_ranges_are_answered(client, stored):
    part = client.get(_address(stored), headers={"Range": "bytes=100-199"})
    assert (part.status_code, part["Content-Range"]) == (206, "bytes 100-199/1000")
    assert b"".join(part) == bytes(range(100, 200))
    tail = client.get(_address(stored), headers={"Range": "bytes=-10"})
    assert (tail.status_code, len(b"".join(tail))) == (206, 10)
    past = client.get(_address(stored), headers={"Range": "bytes=1000-"})
    assert (past.status_code, past["Content-Range"]) == (416, "bytes */1000")


def test_head_tells_the_size(client, stored):
    answer = client.head(_address(stored))
    assert (answer.status_code, answer["Content-Length"], b"".join(answer)) == (200, "1000", b"")
