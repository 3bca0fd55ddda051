"""media_doctor finds and mends what is stuck, missing or left over, and says what it did."""

from __future__ import annotations

import os
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.utils import timezone

from apps.media import services
from apps.media.models import Chunk, PendingDeletion, State, Video
from apps.media.services.leases import LEASE, LeaseLost, fail, release, take_video
from apps.media.services.storage import Arrivals, GivenUp, drop_arrivals
from tests import factories
from utils.databases import is_full
from utils.mediakit import ffmpeg
from utils.storages import videos

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_stored():
    for path in Path(videos().path("")).rglob("*"):
        if path.is_file():
            path.unlink()


def doctor(*arguments: str) -> list[str]:
    said = StringIO()
    call_command("media_doctor", *arguments, stdout=said)
    return said.getvalue().splitlines()


def sound_video(**fields) -> Video:
    """A video with every file it names."""
    video = factories.make_video(**fields)
    video.original = f"{video.pk}.mp4"
    video.save(update_fields=["original"])
    videos().save(video.original, ContentFile(b"0"))
    for name in video.storyboard.files:
        videos().save(name, ContentFile(b"0"))
    return video


def old_file(name: str) -> Path:
    path = Path(videos().path(videos().save(name, ContentFile(b"0"))))
    os.utime(path, (1, 1))
    return path


def test_all_is_well():
    sound_video()
    assert doctor() == ["All is well"]


def test_a_stored_file_that_nothing_names_goes_once_it_is_old():
    kept = sound_video()
    fresh = videos().save("aa/arriving.mp4", ContentFile(b"0"))
    orphan = old_file("aa/orphan.mp4")
    for name in [kept.original, *kept.storyboard.files, *kept.renditions.values_list("file", flat=True)]:
        os.utime(videos().path(name), (1, 1))
    assert doctor("--dry-run") == ["stored file aa/orphan.mp4 belongs to nothing: would be deleted", "1 found"]
    assert orphan.exists()
    assert doctor() == ["stored file aa/orphan.mp4 belongs to nothing: deleted", "1 found"]
    assert not orphan.exists()
    assert videos().exists(fresh)
    assert videos().exists(kept.original)
    assert doctor() == ["All is well"]


def test_a_missing_rung_is_encoded_again_and_a_missing_original_is_told():
    video, other = sound_video(), sound_video()
    videos().delete(video.renditions.first().file)
    videos().delete(other.original)
    last, first, count = doctor()  # the newest first
    assert first.startswith(f"{video} ({video.pk}) lacks ")
    assert first.endswith(": encoded again")
    assert count == "2 found"
    assert last == f"{other} ({other.pk}) plays, but its original is missing: nothing"
    video.refresh_from_db()
    assert video.state == State.UPLOADED


def test_what_can_t_be_mended_says_so():
    video = sound_video()
    videos().delete(video.renditions.first().file)
    videos().delete(video.original)
    assert doctor()[0].endswith("failed: its original is missing too")
    video.refresh_from_db()
    assert (video.state, video.failure) == (State.FAILED, "missing")


def test_a_stuck_job_is_queued_again_and_its_leftovers_go():
    video = sound_video()
    past = timezone.now() - timedelta(seconds=1)
    Video.objects.filter(pk=video.pk).update(state=State.PROCESSING, lease_owner="dead", lease_until=past)
    work = Path(settings.WORK_DIR) / f"job-{video.pk}-dead"
    work.mkdir(parents=True)
    (work / "720p.mp4").write_bytes(b"0")
    assert "queued again" in doctor()[0]
    assert not work.exists()
    video.refresh_from_db()
    assert (video.state, video.lease_owner) == (State.UPLOADED, "")
    assert services.resume_lapsed(at=timezone.now()) == 0


def test_chunks_of_a_title_that_is_done_go():
    video = sound_video()
    Chunk.objects.bulk_create([Chunk(video=video, number=number) for number in range(3)])
    assert doctor() == [f"3 chunks of video {video.pk}, which is done: removed", "1 found"]
    assert not Chunk.objects.exists()


def test_a_missing_preview_is_cut_again():
    video = sound_video(preview=True)
    Video.objects.filter(pk=video.pk).update(preview_seconds=8)
    lost = video.renditions.filter(variant="preview").first()
    videos().delete(lost.file)
    assert doctor() == [f"the preview of {video} ({video.pk}) isn't as it should be: cut again", "1 found"]
    assert doctor() == ["All is well"]


def test_a_lease_is_held_by_one_and_lost_to_another():
    video = Video.objects.create(original="x", original_name="x", size=1, sha256="0" * 64)
    first = take_video(video.pk, clock=timezone.now)
    assert first
    assert take_video(video.pk, clock=timezone.now) is None
    first.progress(0.5)
    first.renew()
    Video.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    second = take_video(video.pk, clock=timezone.now)
    assert second
    for loses in (first.renew, first.renew):
        with pytest.raises(LeaseLost):
            loses()
    fail(first, "encoding")
    assert not release(first, until=timezone.now())
    video.refresh_from_db()
    assert (video.state, video.lease_owner, video.attempts) == (State.PROCESSING, second.owner, 2)
    assert video.lease_until > timezone.now() + LEASE / 2


def test_a_file_that_arrives_is_named_before_it_is_there(tmp_path):
    video = Video.objects.create(original="x", original_name="x", size=1, sha256="0" * 64)

    def arrive() -> tuple[Arrivals, str]:
        (tmp_path / "a.mp4").write_bytes(b"0")
        arrivals = Arrivals(video, clock=timezone.now)
        return arrivals, arrivals.place(tmp_path / "a.mp4")

    _, of_a_dead_worker = arrive()
    assert drop_arrivals(video.pk) == 1
    assert not videos().exists(of_a_dead_worker)
    settled, stays = arrive()
    settled.settle()
    assert services.discard_due(at=timezone.now() + timedelta(days=9)) == 0
    assert videos().exists(stays)
    late, gone = arrive()
    assert services.discard_due(at=timezone.now() + timedelta(days=9)) == 1
    assert not videos().exists(gone)
    with pytest.raises(GivenUp):
        late.settle()
    with arrive()[0] as stopped:
        assert videos().exists(stopped.names[0])
    assert not videos().exists(stopped.names[0])
    assert not PendingDeletion.objects.exists()


def test_a_file_that_can_t_be_stored_whole_leaves_no_part():
    with pytest.raises(OSError, match="Input/output error"):
        videos().adopt(Path("/proc/self/mem"), move=False)
    assert [path for path in Path(videos().path("")).rglob("*") if path.is_file()] == []


def test_an_old_file_that_comes_in_is_not_taken_for_a_left_one(tmp_path):
    old = tmp_path / "old.mp4"
    old.write_bytes(b"0")
    os.utime(old, (1, 1))
    name = videos().adopt(old, suffix=".mp4")
    assert doctor() == ["All is well"]
    assert videos().exists(name)


def test_a_full_disk_is_told_from_a_file_that_can_t_be_encoded(sample):
    source = ffmpeg.Input(sample("rot180_720p.mp4"))
    with pytest.raises(OSError, match="No space left") as error:
        ffmpeg.FFmpeg().run(
            [source], ["-t", "0.1", "-c", "copy", "-f", "matroska", "full"], cwd=Path("/dev"), timeout=60
        )
    assert is_full(error.value)
