"""Tokens of media addresses."""

from __future__ import annotations

import time

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import make_episode
from utils.signing import Verdict, sign, verify

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


@pytest.mark.django_db
def test_the_answers_of_the_file_address(client):
    row = make_episode().video.renditions.first()
    path = reverse("playback:file", args=[row.file])
    good = sign(path, expires_at=int(time.time()) + 60)
    assert client.get(good).status_code == 200
    assert client.get(path).status_code == 403
    assert client.get(good[:-1] + ("0" if good[-1] != "0" else "1")).status_code == 403
    assert client.get(sign(path, expires_at=int(time.time()) - 1)).status_code == 410
    past = client.get(good, headers={"Range": "bytes=1000-"})
    assert (past.status_code, past["Content-Range"]) == (416, "bytes */1000")
    assert client.post(good).status_code == 405
    for outside in ("../db.sqlite3", "nothing/here.mp4"):
        address = sign(f"/v/{outside}", expires_at=int(time.time()) + 60)
        assert client.get(address).status_code == 404
