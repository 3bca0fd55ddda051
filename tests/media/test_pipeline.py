"""From a file to a ladder, with the real ffmpeg."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from apps.media import ladder
from apps.media.models import Rendition, State, Video
from apps.media.services import add_video, process, resume_lapsed, retry, set_preview
from apps.media.services.leases import ATTEMPTS
from apps.media.services.previews import preview_end
from tests.conftest import ROOT, make_video
from utils.storages import videos

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CORPUS = ROOT.parent / "shared" / "data" / "video"
REFUSED = {
    "audio_only_15s.mp4": "no_video",
    "bbb_truncated_400k.mp4": "damaged@3",
    "html_named.mp4": "not_a_video",
    "m3u8_localfile_named.mp4": "not_a_video",
    "malformed_free_box.mp4": "not_a_video",
    "zero_length.mp4": "not_a_video",
}
PLAYABLE = {
    "anamorphic_sar64_45.mp4": (1138, 640),
    "audio_shorter_than_video.mp4": (320, 240),
    "avi_mjpeg_or_mpeg4.avi": (960, 400),
    "flv_h264.flv": (1080, 720),
    "hdr10_av1_portrait.mp4": (720, 1280),
    "invalid_nalu.mp4": (1080, 720),
    "mkv_ass_subs.mkv": (1080, 720),
    "mkv_chapters_yuv444.mkv": (320, 240),
    "mpeg2_ts.ts": (640, 426),
    "portrait_coded.mp4": (720, 1080),
    "vp9_odd_dimensions.webm": (161, 121),
    "中文 空格 & emoji🎬 (第1集).mp4": (320, 240),
}


def processed(path: Path, **options: int) -> Video:
    video = add_video(path=path, original_name=path.name, **options)
    process(video_id=video.pk)
    video.refresh_from_db()
    return video


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_it_refuses_with_a_reason(name, tmp_path):
    path = CORPUS / name
    if not path.exists():
        contents = {"html_named.mp4": b"<html></html>", "m3u8_localfile_named.mp4": b"#EXTM3U\n/etc/passwd\n"}
        path = tmp_path / name
        path.write_bytes(contents.get(name, b""))
        if name == "audio_only_15s.mp4":
            make_video(path.with_suffix(".src.mp4"), seconds=1)
            path = make_video(tmp_path / "sound.mp4", seconds=1, extra=("-vn",))
    video = processed(path)
    expected = REFUSED[name] if (CORPUS / name).exists() or name == "audio_only_15s.mp4" else "not_a_video"
    assert (video.state, video.failure) == (State.FAILED, expected)
    assert not video.renditions.exists()
    assert list(Path(settings.WORK_DIR).iterdir()) == []


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not beside the project")
@pytest.mark.parametrize("name", sorted(PLAYABLE))
def test_it_makes_odd_files_playable(name):
    video = processed(CORPUS / name)
    assert video.state == State.READY, video.failure_detail
    assert (video.width, video.height) == PLAYABLE[name]
    for row in video.renditions.all():
        assert videos().size(row.file) == row.size == row.segments[-1][0] + row.segments[-1][1] or row.size > 0
        assert row.duration == pytest.approx(video.duration, abs=0.6) or row.kind == Rendition.Kind.AUDIO
        if row.kind == Rendition.Kind.VIDEO:
            assert row.width % 2 == row.height % 2 == 0
            assert row.height <= video.height + 1


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
    assert video.still.size > 2000
    assert video.storyboard.count >= 1


def test_a_preview_is_a_shorter_file_of_its_own(tmp_path):
    video = processed(
        make_video(tmp_path / "long.mp4", seconds=14, size="320x240", extra=("-g", "100")), preview_seconds=5
    )
    for cut in video.renditions.filter(cut=Rendition.Cut.PREVIEW):
        full = video.renditions.get(cut=Rendition.Cut.FULL, name=cut.name)
        assert cut.file != full.file
        assert 4 <= cut.duration <= 8.2 < full.duration
        with videos().open(cut.file) as short, videos().open(full.file) as whole:
            start = short.read()
            assert len(start) == cut.size < full.size
            assert whole.read(cut.size) == start
    set_preview(video=video, seconds=0)
    assert not video.renditions.filter(cut=Rendition.Cut.PREVIEW).exists()


@pytest.mark.parametrize("length", [2.5, 4.0, 4.6])
def test_a_title_too_short_for_a_preview_has_none(tmp_path, length):
    video = processed(make_video(tmp_path / "short.mp4", seconds=length, size="160x90"), preview_seconds=6)
    assert video.state == State.READY
    set_preview(video=video, seconds=2)
    video.refresh_from_db()
    assert (video.preview_seconds, video.preview_duration) == (2, 0)
    assert not video.renditions.filter(cut=Rendition.Cut.PREVIEW).exists()


@pytest.mark.parametrize(("asked", "given"), [(1, 4), (4, 4), (5, 8), (9, 8), (3600, 8)])
def test_a_preview_keeps_a_quarter_back(asked, given):
    row = Rendition(duration=13.0, segments=[[0, 9, 4.0], [9, 9, 4.0], [18, 9, 4.0], [27, 9, 1.0]])
    assert preview_end([row], asked) == given


def test_a_second_worker_does_nothing(sample):
    video = processed(sample("bbb_rabbit320.mp4"))
    files = set(video.renditions.values_list("file", flat=True))
    process(video_id=video.pk)
    assert set(video.renditions.values_list("file", flat=True)) == files


def test_a_lapsed_lease_is_taken_over(sample):
    from datetime import timedelta

    from django.utils import timezone

    video = add_video(path=sample("bbb_rabbit320.mp4"), original_name="a.mp4")
    past = timezone.now() - timedelta(minutes=5)
    Video.objects.update(state=State.PROCESSING, lease_owner="dead", lease_until=past, attempts=1)
    leftover = Path(settings.WORK_DIR) / f"job-{video.pk}-dead"
    leftover.mkdir(parents=True)
    assert resume_lapsed() == 1
    assert not leftover.exists()
    process(video_id=video.pk)
    video.refresh_from_db()
    assert (video.state, video.attempts) == (State.READY, 2)


def test_attempts_are_bounded(sample):
    video = add_video(path=sample("bbb_rabbit320.mp4"), original_name="a.mp4")
    Video.objects.update(attempts=ATTEMPTS)
    process(video_id=video.pk)
    video.refresh_from_db()
    assert (video.state, video.failure) == (State.FAILED, "gave_up")
    assert retry(video_id=video.pk)
    assert not retry(video_id=video.pk)
