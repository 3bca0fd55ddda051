"""The upload addresses, by the letter of tus 1.0.0."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from hypothesis import given
from hypothesis import strategies as st

from apps.media import tus
from apps.media.models import State, Upload, Video
from apps.media.services import finish_upload, look_after_uploads
from apps.media.services import uploads as service
from apps.media.views import door
from tests.conftest import ROOT
from tests.factories import make_user
from utils.storages import videos

pytestmark = pytest.mark.django_db

TUS = {"Tus-Resumable": "1.0.0"}
BODY = "application/offset+octet-stream"
NAUGHTY = json.loads((ROOT.parent / "shared" / "data" / "attack" / "blns.json").read_text())


@pytest.fixture
def curator(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def create(client, size, **headers):
    return client.post(reverse("media:uploads"), headers={**TUS, "Upload-Length": str(size), **headers})


def begin(client, size, **headers) -> str:
    """The path of a new upload."""
    answer = create(client, size, **headers)
    assert answer.status_code == 201, answer.content
    return answer["Location"].removeprefix("http://testserver")


def patch(client, path, offset, data, **headers):
    return client.patch(
        path, data, content_type=headers.pop("kind", BODY), headers={**TUS, "Upload-Offset": str(offset), **headers}
    )


def head(client, path):
    return client.head(path, headers=TUS)


def stored_files() -> list[Path]:
    root = Path(videos().location)
    return [p for p in root.rglob("*") if p.is_file()]


@pytest.fixture(autouse=True)
def _empty_storage():
    for file in stored_files():
        file.unlink()


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


def test_a_file_whose_hash_was_lost_is_hashed_by_the_worker(curator):
    content = os.urandom(5000)
    path = begin(curator, 5000)
    patch(curator, path, 0, content[:2000])
    service._digests.__init__()  # the server was started anew
    assert patch(curator, path, 2000, content[2000:])["Upload-Offset"] == "5000"
    upload = Upload.objects.get()
    assert upload.state == Upload.State.RECEIVED
    assert curator.get(path).json()["video"] is None
    finish_upload(upload_id=upload.pk)
    finish_upload(upload_id=upload.pk)
    assert Video.objects.get().sha256 == hashlib.sha256(content).hexdigest()
    assert curator.get(path).json()["state"] == "done"


def test_a_received_file_that_nobody_finished_is_put_on_the_queue_again(curator):
    path = begin(curator, 10)
    Upload.objects.update(state=Upload.State.RECEIVED, offset=10, expires_at=timezone.now() - timedelta(seconds=1))
    look_after_uploads()
    assert Upload.objects.get().expires_at > timezone.now()
    assert head(curator, path).status_code == 200


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


@pytest.mark.slow
def test_hostile_names_are_kept_exactly_and_do_nothing(curator):
    for name in NAUGHTY:
        content = os.urandom(32)
        answer = curator.post(
            reverse("media:uploads"), content, content_type=BODY,
            headers={**TUS, "Upload-Length": "32", "Upload-Metadata": f"filename {b64(name)}"},
        )  # fmt: skip
        assert (answer.status_code, answer["Upload-Offset"]) == (201, "32")
        upload = Upload.objects.select_related("video").get(pk=answer["Location"].split("/")[-2])
        assert upload.filename == name[-255:]
        assert upload.video.original_name == (name[-255:] or "未命名")
    root = Path(videos().location).resolve()
    files = stored_files()
    assert len(files) == len(NAUGHTY)
    assert all(file.resolve().is_relative_to(root) for file in files)
    shown = ""
    for page in range(1, 8):
        shown += curator.get(reverse("admin:media_video_changelist"), {"p": page}).content.decode()
    assert "<script>alert" not in shown
    assert sum(escape(name) in shown for name in NAUGHTY) > 0.95 * len(NAUGHTY)


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


def test_only_administrators_who_may_add_videos(client):
    for fields in ({}, {"is_staff": True}):
        client.force_login(make_user(**fields))
        assert create(client, 5).status_code == 403
        assert client.post(reverse("media:known"), {"size": 5}).status_code == 403
    user = make_user(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="add_video"))
    client.force_login(user)
    assert create(client, 5).status_code == 201
    assert create(Client(), 5).status_code == 403
    assert Client().post(reverse("media:known"), {"size": 5}).status_code == 403


def test_another_administrators_upload_is_unknown(curator):
    path = begin(curator, 5)
    other = Client()
    other.force_login(make_user(is_staff=True, is_superuser=True))
    assert head(other, path).status_code == 404
    assert patch(other, path, 0, b"12345").status_code == 404
    assert other.delete(path, headers=TUS).status_code == 404
    assert other.get(path).status_code == 404
    assert head(curator, path).status_code == 200


def test_requests_from_other_sites_are_refused():
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert create(client, 5).status_code == 403
    client.get(reverse("admin:index"))
    token = client.cookies["csrftoken"].value
    path = begin(client, 5, **{"X-CSRFToken": token})
    assert patch(client, path, 0, b"12345").status_code == 403
    assert patch(client, path, 0, b"12345", **{"X-CSRFToken": token}).status_code == 204


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


def test_abandoned_uploads_are_gone_and_then_swept(curator):
    path, kept = begin(curator, 5), begin(curator, 6)
    patch(curator, path, 0, b"123")
    Upload.objects.filter(size=5).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert head(curator, path).status_code == 410
    assert patch(curator, path, 3, b"45").status_code == 410
    look_after_uploads()
    look_after_uploads()
    assert head(curator, path).status_code == 404
    assert head(curator, kept).status_code == 200
    assert len(stored_files()) == 1


def test_a_byte_puts_the_end_off(curator, settings):
    path = begin(curator, 5)
    soon = timezone.now() + timedelta(seconds=30)
    Upload.objects.update(expires_at=soon)
    patch(curator, path, 0, b"1")
    assert Upload.objects.get().expires_at > soon + timedelta(days=1)


def test_what_a_dead_process_wrote_beyond_the_safe_offset_is_cut_off(curator):
    path = begin(curator, 8)
    patch(curator, path, 0, b"1234")
    with Path(videos().path(Upload.objects.get().stored)).open("ab") as file:
        file.write(b"????????????")
    assert head(curator, path)["Upload-Offset"] == "4"
    assert patch(curator, path, 4, b"5678").status_code == 204
    assert [p.read_bytes() for p in stored_files()] == [b"12345678"]
    assert Video.objects.get().sha256 == hashlib.sha256(b"12345678").hexdigest()


def test_a_full_disk_is_said_before_anything_is_written(curator, settings):
    settings.DISK_RESERVE = 2**60
    assert create(curator, 5).status_code == 507
    assert not Upload.objects.exists()
    assert stored_files() == []


def test_uploads_on_their_way_keep_their_room(curator, settings):
    free = service._free()
    settings.DISK_RESERVE += free - 10_000_000
    assert create(curator, 8_000_000).status_code == 201
    assert create(curator, 8_000_000).status_code == 507


def test_a_disk_that_fills_up_meanwhile(curator):
    path = begin(curator, 8)
    patch(curator, path, 0, b"12")
    place = Path(videos().path(Upload.objects.get().stored))
    aside = place.rename(place.with_suffix(".aside"))
    place.symlink_to("/dev/full")  # every write answers "no space left on device"
    assert patch(curator, path, 2, b"345").status_code == 507
    assert head(curator, path)["Upload-Offset"] == "2"
    place.unlink()
    aside.rename(place)
    assert patch(curator, path, 2, b"345678").status_code == 204
    assert Video.objects.get().sha256 == hashlib.sha256(b"12345678").hexdigest()


def test_the_reserve_is_left_alone_while_bytes_come(curator, settings, monkeypatch):
    monkeypatch.setattr(service, "SAVE_EVERY", service.CHUNK)
    path = begin(curator, 3 * service.CHUNK)
    settings.DISK_RESERVE = 2**60
    assert patch(curator, path, 0, b"0" * 3 * service.CHUNK).status_code == 507
    assert head(curator, path)["Upload-Offset"] == str(service.CHUNK)


def test_one_writer_at_a_time(curator):
    path = begin(curator, 5)
    with service._locked(Upload.objects.get()):
        assert patch(curator, path, 0, b"12345").status_code == 423
        assert curator.delete(path, headers=TUS).status_code == 423
        assert head(curator, path).status_code == 200
        Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        look_after_uploads()
    assert Upload.objects.count() == 1


def test_bodies_leave_threads_for_the_pages(curator):
    path = begin(curator, 5)
    places = [door.Place() for _ in range(door.BODIES_AT_ONCE)]
    for place in places:
        place.__enter__()
    try:
        answer = patch(curator, path, 0, b"12345")
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    finally:
        for place in places:
            place.__exit__()
    assert patch(curator, path, 0, b"12345").status_code == 204


class Broken:
    """A connection that ends in the middle."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read(self, n: int) -> bytes:
        if not self.data:
            raise OSError("connection reset")
        part, self.data = self.data[:n], self.data[n:]
        return part


def test_a_broken_connection_keeps_what_came(curator):
    begin(curator, 10)
    upload = Upload.objects.get()
    with pytest.raises(OSError, match="reset"):
        service.receive(upload=upload, offset=0, length=10, read=Broken(b"1234").read)
    assert Upload.objects.get().offset == 4
    sums = tus.Checksum("sha256", hashlib.sha256(b"567890").digest())
    with pytest.raises(OSError, match="reset"):
        service.receive(upload=upload, offset=4, length=6, read=Broken(b"567").read, checksum=sums)
    assert Upload.objects.get().offset == 4
    service.receive(upload=upload, offset=4, length=6, read=Broken(b"567890").read, checksum=sums)
    assert Video.objects.get().sha256 == hashlib.sha256(b"1234567890").hexdigest()


def test_the_same_content_is_stored_once(curator):
    content = os.urandom(1000)
    path = begin(curator, 1000)
    patch(curator, path, 0, content)
    first = Video.objects.get()
    again = begin(curator, 1000)
    assert patch(curator, again, 0, content).status_code == 204
    assert Video.objects.get() == first
    assert curator.get(again).json()["video"]["id"] == first.pk
    assert len(stored_files()) == 1


def test_content_that_is_known_is_attached_at_once(curator):
    content = os.urandom(1000)
    url, sha256 = reverse("media:known"), hashlib.sha256(content).hexdigest()
    assert curator.post(url, {"size": 1000}).json() == {"possible": False}
    assert curator.post(url, {"size": 1000, "sha256": sha256}).json() == {"upload": None}
    patch(curator, begin(curator, 1000), 0, content)
    assert curator.post(url, {"size": 1000}).json() == {"possible": True}
    assert curator.post(url, {"size": 999, "sha256": sha256}).json() == {"upload": None}
    told = curator.post(url, {"size": 1000, "sha256": sha256, "filename": "b.mp4"}).json()["upload"]
    assert (told["state"], told["offset"], told["video"]["id"]) == ("done", 1000, Video.objects.get().pk)
    assert len(stored_files()) == 1
    Path(videos().path(Video.objects.get().original)).unlink()
    assert curator.post(url, {"size": 1000, "sha256": sha256}).json() == {"upload": None}
    for wrong in ({"size": "x"}, {}, {"size": 1, "sha256": "zz"}):
        assert curator.post(url, wrong).status_code == 400


def test_content_that_failed_is_tried_again_when_it_comes_again(curator):
    patch(curator, begin(curator, 5), 0, b"12345")
    Video.objects.update(state=State.FAILED, failure="damaged")
    patch(curator, begin(curator, 5), 0, b"12345")
    assert Video.objects.get().state == State.UPLOADED
