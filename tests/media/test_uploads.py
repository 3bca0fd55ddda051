"""Uploads through everything that can happen to them, and the rights they take."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.http.request import UnreadablePostError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from apps.media import services
from apps.media.admin import VideoAdmin
from apps.media.models import State, Upload, Video
from apps.media.services.ingest import tus
from apps.media.services.ingest import uploads as service
from apps.media.views import upload_protocol
from tests.factories import make_user
from tests.media.uploading import BODY, TUS, b64, begin, create, curator, empty_storage, head, patch, stored_files
from tests.naughty import NAUGHTY
from utils.storages import videos
from utils.tasks import queue_length

__all__ = ["curator", "empty_storage"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_storage")]


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


def test_a_file_whose_hash_was_lost_is_hashed_by_the_worker(curator):
    content = os.urandom(5000)
    path = begin(curator, 5000)
    patch(curator, path, 0, content[:2000])
    service._digests.__init__()  # the server was started anew
    assert patch(curator, path, 2000, content[2000:])["Upload-Offset"] == "5000"
    upload = Upload.objects.get()
    assert upload.state == Upload.State.RECEIVED
    assert curator.get(path).json()["video"] is None
    services.finish_upload(upload_id=upload.pk)
    services.finish_upload(upload_id=upload.pk)
    assert Video.objects.get().sha256 == hashlib.sha256(content).hexdigest()
    assert curator.get(path).json()["state"] == "done"


def test_a_received_file_that_nobody_finished_is_put_on_the_queue_again(curator):
    path = begin(curator, 10)
    Upload.objects.update(state=Upload.State.RECEIVED, offset=10, expires_at=timezone.now() - timedelta(seconds=1))
    services.look_after_uploads(at=timezone.now())
    assert Upload.objects.get().expires_at > timezone.now()
    assert head(curator, path).status_code == 200


def test_hashing_a_large_file_holds_no_short_work(curator, monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr(service, "HASHED_QUICKLY", 10)
    sent = {}
    for size in (10, 11):
        begin(curator, size)
        Upload.objects.update(state=Upload.State.RECEIVED, offset=size, expires_at=timezone.now())
        before = {queue: queue_length(queue) for queue in ("light", "media")}
        with django_capture_on_commit_callbacks(execute=True):
            services.look_after_uploads(at=timezone.now())
        sent[size] = {queue: queue_length(queue) - before[queue] for queue in before}
        Upload.objects.all().delete()
    assert sent == {10: {"light": 1, "media": 0}, 11: {"light": 0, "media": 1}}


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
    root = Path(videos().path("")).resolve()
    files = stored_files()
    assert len(files) == len(NAUGHTY)
    assert all(file.resolve().is_relative_to(root) for file in files)
    shown = ""
    for page in range(1, len(NAUGHTY) // VideoAdmin.list_per_page + 2):
        shown += curator.get(reverse("admin:media_video_changelist"), {"p": page}).content.decode()
    assert "<script>alert" not in shown
    assert sum(escape(name) in shown for name in NAUGHTY) > 0.95 * len(NAUGHTY)


def test_abandoned_uploads_are_gone_and_then_swept(curator):
    path, kept = begin(curator, 5), begin(curator, 6)
    patch(curator, path, 0, b"123")
    Upload.objects.filter(size=5).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert head(curator, path).status_code == 410
    assert patch(curator, path, 3, b"45").status_code == 410
    services.look_after_uploads(at=timezone.now())
    services.look_after_uploads(at=timezone.now())
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
    settings.DISK_RESERVE = videos().free_bytes() - 10_000_000
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


@pytest.mark.django_db(transaction=True)
def test_resuming_at_once_counts_what_the_broken_request_still_brought(curator):
    """The answer comes once that request is over, however long the disk takes."""
    path = begin(curator, 10)
    inside = threading.Event()

    def bring(_count: int) -> bytes:
        if inside.is_set():
            raise UnreadablePostError
        inside.set()
        time.sleep(0.5)
        return b"1234"

    def broken() -> None:
        with pytest.raises(UnreadablePostError):
            service.receive(upload=Upload.objects.get(), offset=0, length=10, read=bring)
        connection.close()

    former = threading.Thread(target=broken)
    former.start()
    inside.wait(10)
    assert head(curator, path)["Upload-Offset"] == "4"
    former.join()
    assert patch(curator, path, 4, b"567890").status_code == 204


def test_one_writer_at_a_time(curator, monkeypatch):
    monkeypatch.setattr(service, "PATIENCE", 0.2)
    path = begin(curator, 5)
    with service._locked(Upload.objects.get()):
        assert patch(curator, path, 0, b"12345").status_code == 423
        assert curator.delete(path, headers=TUS).status_code == 423
        assert head(curator, path).status_code == 200
        Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        services.look_after_uploads(at=timezone.now())
    assert Upload.objects.count() == 1


def test_bodies_leave_threads_for_the_pages(curator):
    path = begin(curator, 5)
    places = [upload_protocol.Place() for _ in range(upload_protocol.BODIES_AT_ONCE)]
    for place in places:
        place.__enter__()
    try:
        answer = patch(curator, path, 0, b"12345")
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    finally:
        for place in places:
            place.__exit__()
    assert patch(curator, path, 0, b"12345").status_code == 204


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
    Video.objects.update(state=State.FAILED, failure="cancelled")
    known = {"size": 5, "sha256": hashlib.sha256(b"12345").hexdigest()}
    assert curator.post(reverse("media:known"), known).json()["upload"]["video"]["state"] == State.UPLOADED


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
