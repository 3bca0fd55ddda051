"""The upload addresses, by the letter of tus 1.0.0."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from apps.media.models import Upload, Video
from apps.media.services.ingest import tus
from tests.media.uploading import BODY, TUS, b64, begin, create, curator, empty_storage, head, patch, stored_files
from utils.storages import videos

__all__ = ["curator", "empty_storage"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_storage")]


def test_options_say_what_the_server_can(client):
    answer = client.options(reverse("media:uploads"))
    assert answer.status_code == 204
    assert answer["Tus-Version"] == answer["Tus-Resumable"] == "1.0.0"
    assert set(answer["Tus-Extension"].split(",")) == {
        "creation", "creation-with-upload", "expiration", "checksum", "termination",
    }  # fmt: skip
    assert answer["Tus-Checksum-Algorithm"] == "sha1,md5,sha256"
    assert int(answer["Tus-Max-Size"]) > 2**31


def test_a_file_arrives_in_pieces_and_becomes_a_video(curator):
    content = os.urandom(300_000)
    path = begin(curator, len(content), **{"Upload-Metadata": f"filename {b64('片段 一.MP4')},note"})
    told = head(curator, path)
    assert (told.status_code, told["Upload-Offset"], told["Upload-Length"]) == (200, "0", "300000")
    assert told["Upload-Metadata"] == f"filename {b64('片段 一.MP4')},note"
    assert "no-store" in told["Cache-Control"]
    assert "Upload-Expires" in told
    first = patch(curator, path, 0, content[:1000])
    assert (first.status_code, first["Upload-Offset"], first.content) == (204, "1000", b"")
    assert head(curator, path)["Upload-Offset"] == "1000"
    assert patch(curator, path, 1000, content[1000:])["Upload-Offset"] == "300000"
    assert head(curator, path)["Upload-Offset"] == "300000"
    video = Video.objects.get()
    assert (video.original_name, video.size) == ("片段 一.MP4", 300_000)
    assert (video.sha256, video.md5) == (
        hashlib.sha256(content).hexdigest(),
        hashlib.md5(content, usedforsecurity=False).hexdigest(),
    )
    assert [p.read_bytes() for p in stored_files()] == [content]
    assert video.original.endswith(".mp4")
    told = curator.get(path).json()
    assert (told["state"], told["video"]["id"], told["video"]["sha256"]) == ("done", video.pk, video.sha256)


def test_bytes_may_come_with_the_creation(curator):
    answer = curator.post(reverse("media:uploads"), b"film", content_type=BODY, headers={**TUS, "Upload-Length": "6"})
    assert (answer.status_code, answer["Upload-Offset"]) == (201, "4")
    assert patch(curator, answer["Location"], 4, b"ed")["Upload-Offset"] == "6"
    assert Video.objects.get().sha256 == hashlib.sha256(b"filmed").hexdigest()


@pytest.mark.parametrize("version", [None, "0.2.2", "1.0.1"])
def test_another_version_is_refused_and_changes_nothing(curator, version):
    headers = {"Upload-Length": "5", **({"Tus-Resumable": version} if version else {})}
    answer = curator.post(reverse("media:uploads"), headers=headers)
    assert (answer.status_code, answer["Tus-Version"]) == (412, "1.0.0")
    path = begin(curator, 5)
    assert curator.patch(path, b"abc", content_type=BODY, headers={"Upload-Offset": "0"}).status_code == 412
    assert curator.head(path).status_code == 412
    assert curator.delete(path).status_code == 412
    assert head(curator, path)["Upload-Offset"] == "0"


def test_wrong_offsets_types_and_lengths(curator):
    path = begin(curator, 10)
    assert patch(curator, path, 5, b"abc").status_code == 409
    assert patch(curator, path, 0, b"abc", kind="application/octet-stream").status_code == 415
    assert patch(curator, path, 0, b"12345678901").status_code == 413
    for offset in ("", "-1", "x", "1.0", "٣", "+1", " "):
        assert patch(curator, path, offset, b"abc").status_code == 400, offset
    assert patch(curator, path, "9" * 30, b"abc").status_code == 413
    assert curator.patch(path, b"abc", content_type=BODY, headers=TUS).status_code == 400
    assert head(curator, path)["Upload-Offset"] == "0"
    assert patch(curator, path, 0, b"1234567890").status_code == 204
    assert patch(curator, path, 10, b"x").status_code == 409
    assert patch(curator, path, 0, b"1234567890").status_code == 409


@pytest.mark.parametrize(
    ("length", "status"),
    [("0", 400), ("-1", 400), ("", 400), ("1e9", 400), ("x", 400), ("५", 400), ("9" * 19, 413), ("9" * 5000, 413),
     (str(2**63), 413), (str(2**60), 413)],
)  # fmt: skip
def test_sizes_that_cannot_be(curator, length, status):
    assert create(curator, length).status_code == status
    assert not Upload.objects.exists()
    assert stored_files() == []


def test_the_size_must_be_said(curator):
    url = reverse("media:uploads")
    assert curator.post(url, headers=TUS).status_code == 400
    assert curator.post(url, headers={**TUS, "Upload-Defer-Length": "1"}).status_code == 400
    answer = curator.post(
        url, b"x", content_type=BODY, headers={**TUS, "Upload-Length": "5", "Transfer-Encoding": "chunked"}
    )
    assert answer.status_code == 411
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "header",
    ["filename", "filename ,", ",", "a b c", "filename !!!", f"filename {b64('a')},filename {b64('b')}", "ключ YQ==",
     "filename /w==", "filename YQ", "x" * 5000],
)  # fmt: skip
def test_malformed_metadata(curator, header):
    answer = create(curator, 5, **{"Upload-Metadata": header})
    assert answer.status_code in ({201} if header == "filename" else {400, 431})


@given(st.dictionaries(st.text("abcXYZ019_-", min_size=1, max_size=20), st.text(max_size=60), max_size=8))
def test_metadata_survives_its_encoding(pairs):
    header = ",".join(f"{key} {b64(value)}" for key, value in pairs.items())
    assert tus.metadata(header) == pairs


@pytest.mark.parametrize("algorithm", tus.ALGORITHMS)
def test_checksums(curator, algorithm):
    content = os.urandom(1000)
    path = begin(curator, 1000)

    def send(offset, data, digest):
        return patch(curator, path, offset, data, **{"Upload-Checksum": f"{algorithm} {b64(digest)}"})

    good = hashlib.new(algorithm, content[:600]).digest()
    assert send(0, content[:599], good).status_code == 460
    assert head(curator, path)["Upload-Offset"] == "0"
    assert send(0, content[:600], good).status_code == 204
    assert send(600, b"?" * 400, hashlib.new(algorithm, content[600:]).digest()).status_code == 460
    assert send(600, content[600:], hashlib.new(algorithm, content[600:]).digest()).status_code == 204
    assert Video.objects.get().sha256 == hashlib.sha256(content).hexdigest()
    assert [p.read_bytes() for p in stored_files()] == [content]


@pytest.mark.parametrize("header", ["crc32 AAAA", "sha1", "sha1 !!!", "sha1 YQ==", "", "sha512 " + b64(b"0" * 64)])
def test_checksums_that_are_none(curator, header):
    path = begin(curator, 5)
    assert patch(curator, path, 0, b"12345", **{"Upload-Checksum": header}).status_code == 400
    assert head(curator, path)["Upload-Offset"] == "0"


def test_methods_may_be_overridden(curator):
    path = begin(curator, 5)
    headers = {**TUS, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert curator.post(path, b"123", content_type=BODY, headers=headers).status_code == 204
    assert curator.post(path, headers={**TUS, "X-HTTP-Method-Override": "DELETE"}).status_code == 204
    assert curator.put(path, headers=TUS).status_code == 404


def test_termination_frees_the_disk(curator):
    path = begin(curator, 5)
    patch(curator, path, 0, b"123")
    assert len(stored_files()) == 1
    assert curator.delete(path, headers=TUS).status_code == 204
    assert stored_files() == []
    assert head(curator, path).status_code == 404
    assert patch(curator, path, 3, b"45").status_code == 404


def test_termination_after_the_end_leaves_the_video(curator):
    path = begin(curator, 5)
    patch(curator, path, 0, b"12345")
    assert curator.delete(path, headers=TUS).status_code == 204
    assert Path(videos().path(Video.objects.get().original)).read_bytes() == b"12345"
