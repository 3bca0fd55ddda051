"""A task that outlasts the broker's visibility timeout is delivered again; the second run does nothing."""

from __future__ import annotations

import fcntl
import hashlib
from pathlib import Path

import pytest
from celery import current_app
from django.utils import timezone

from apps.media.models import Chunk, State, Upload, Video
from apps.media.services.leases import LEASE
from tests.media.uploading import begin, curator, empty_storage
from utils.storages import videos

__all__ = ["curator", "empty_storage"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_storage")]


def _video(**values: object) -> Video:
    return Video.objects.create(
        original="x", original_name="x", size=1, sha256="0" * 64, lease_owner="first", attempts=1,
        lease_until=timezone.now() + LEASE, **values,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["media.process", "media.process_long"])
@pytest.mark.parametrize("state", [State.PROCESSING, State.READY])
def test_an_encode(name, state):
    video = _video(state=state)
    before = Video.objects.values().get()
    current_app.tasks[name].run(video_id=video.pk)
    assert Video.objects.values().get() == before


@pytest.mark.parametrize("done", [False, True])
def test_a_chunk(done):
    holder = {"lease_owner": "" if done else "first", "lease_until": None if done else timezone.now() + LEASE}
    chunk = Chunk.objects.create(video=_video(state=State.PROCESSING), number=0, done=done, **holder)
    before = Chunk.objects.values().get()
    current_app.tasks["media.encode_chunk"].run(chunk_id=chunk.pk)
    assert Chunk.objects.values().get() == before


def test_hashing_a_large_file(curator):
    begin(curator, 5)
    upload = Upload.objects.get()
    path = Path(videos().path(upload.stored))
    path.write_bytes(b"12345")
    Upload.objects.update(state=Upload.State.RECEIVED, offset=5)
    finish = current_app.tasks["media.finish_large_upload"].run
    with path.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # the first run reads it
        finish(upload_id=str(upload.pk))
        assert (Upload.objects.get().state, Video.objects.count()) == (Upload.State.RECEIVED, 0)
    for _ in range(2):
        finish(upload_id=str(upload.pk))
    assert Upload.objects.get().state == Upload.State.DONE
    assert Video.objects.get().sha256 == hashlib.sha256(b"12345").hexdigest()
