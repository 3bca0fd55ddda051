"""What is made of an ingested file: levels, previews, leases, with the real ffmpeg."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from apps.media import services
from apps.media.models import Rendition, State, Video
from apps.media.services.encoding import ladder
from apps.media.services.leases import ATTEMPTS
from apps.media.services.publishing.previews import preview_end
from tests.conftest import make_video
from utils.storages import videos

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def processed(path: Path, **options: int) -> Video:
    video = services.add_video(path=path, original_name=path.name, **options)
    services.process(video_id=video.pk)
    video.refresh_from_db()
    return video


def test_rungs_share_their_keyframes_and_carry_true_figures(tmp_path):
    path = make_video(tmp_path / "plain.mp4", seconds=6, size="720x480", extra=("-pix_fmt", "yuv444p"))
    video = processed(path)
    pictures = list(video.renditions.filter(kind=Rendition.Kind.VIDEO))
    assert len(pictures) >= 1
    cuts = {tuple(round(s, 3) for _, _, s in row.segments) for row in pictures}
    assert len(cuts) == 1
    assert pictures[0].segments[0][2] == pytest.approx(ladder.SEGMENT, abs=0.05)
    for row in pictures:
        assert row.codecs.startswith("avc1.")
        assert row.average_bandwidth <= row.bandwidth
    sound = video.renditions.get(kind=Rendition.Kind.AUDIO)
    assert (sound.codecs, sound.channels) == ("mp4a.40.2", 1)
    assert video.thumbnail.size > 2000
    assert video.storyboard.count >= 1


def test_a_preview_is_a_shorter_file_of_its_own(tmp_path):
    video = processed(
        make_video(tmp_path / "long.mp4", seconds=14, size="320x240", extra=("-g", "100")), preview_seconds=5
    )
    for preview in video.renditions.filter(variant=Rendition.Variant.PREVIEW):
        full = video.renditions.get(variant=Rendition.Variant.FULL, name=preview.name)
        assert preview.file != full.file
        assert 4 <= preview.duration <= 8.2 < full.duration
        with videos().open(preview.file) as short, videos().open(full.file) as whole:
            start = short.read()
            assert len(start) == preview.size < full.size
            assert whole.read(preview.size) == start
    services.set_preview(video=video, seconds=0)
    assert not video.renditions.filter(variant=Rendition.Variant.PREVIEW).exists()


@pytest.mark.parametrize("length", [2.5, 4.0, 4.6])
def test_a_title_too_short_for_a_preview_has_none(tmp_path, length):
    video = processed(make_video(tmp_path / "short.mp4", seconds=length, size="160x90"), preview_seconds=6)
    assert video.state == State.READY
    services.set_preview(video=video, seconds=2)
    video.refresh_from_db()
    assert (video.preview_seconds, video.preview_duration) == (2, 0)
    assert not video.renditions.filter(variant=Rendition.Variant.PREVIEW).exists()


@pytest.mark.parametrize(("asked", "given"), [(1, 4), (4, 4), (5, 8), (9, 8), (3600, 8)])
def test_a_preview_keeps_a_quarter_back(asked, given):
    row = Rendition(duration=13.0, segments=[[0, 9, 4.0], [9, 9, 4.0], [18, 9, 4.0], [27, 9, 1.0]])
    assert preview_end([row], asked) == given


def test_a_second_worker_does_nothing(sample):
    video = processed(sample("bbb_rabbit320.mp4"))
    files = set(video.renditions.values_list("file", flat=True))
    services.process(video_id=video.pk)
    assert set(video.renditions.values_list("file", flat=True)) == files


def test_a_lapsed_lease_is_taken_over(sample):
    from datetime import timedelta

    from django.utils import timezone

    video = services.add_video(path=sample("bbb_rabbit320.mp4"), original_name="a.mp4")
    past = timezone.now() - timedelta(minutes=5)
    Video.objects.update(state=State.PROCESSING, lease_owner="dead", lease_until=past, attempts=1)
    leftover = Path(settings.WORK_DIR) / f"job-{video.pk}-dead"
    leftover.mkdir(parents=True)
    assert services.resume_lapsed(at=timezone.now()) == 1
    assert not leftover.exists()
    services.process(video_id=video.pk)
    video.refresh_from_db()
    assert (video.state, video.attempts) == (State.READY, 2)


def test_attempts_are_bounded(sample):
    video = services.add_video(path=sample("bbb_rabbit320.mp4"), original_name="a.mp4")
    Video.objects.update(attempts=ATTEMPTS)
    services.process(video_id=video.pk)
    video.refresh_from_db()
    assert (video.state, video.failure) == (State.FAILED, "gave_up")
    assert services.retry(video_id=video.pk, at=timezone.now())
    assert not services.retry(video_id=video.pk, at=timezone.now())
