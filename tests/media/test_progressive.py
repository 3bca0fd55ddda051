"""A title can be watched while it is encoded: a growing part of it, until it is complete or deleted."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import imageio_ffmpeg
import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from apps.media import services
from apps.media.models import PendingDeletion, Rendition, State, Video
from apps.media.services.doctor import named_files
from apps.media.services.encoding import ladder
from apps.media.services.encoding.job import Job
from apps.media.services.leases import LeaseLost
from apps.media.services.publishing import progressive
from apps.movies.models import Access, Episode
from tests.factories import make_movie
from tests.media import footage
from tests.media.test_replacement import Viewer
from utils.mediakit import ffmpeg
from utils.mediakit.probe import probe
from utils.mediakit.sandbox import process as sandbox
from utils.storages import videos

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SECONDS = 14
SOURCE = f"testsrc2=s=640x480:r=25,trim=duration={SECONDS}"
PACE = 4.0  # times as fast as it is watched: however quick the machine is, it can be looked at while it is encoded


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Path:
    return footage.make(
        tmp_path_factory.mktemp("progressive") / "film.mkv", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12",
        "-g", "50", "-pix_fmt", "yuv444p", source=SOURCE, sound=f"sine=d={SECONDS}",
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_stored() -> None:
    shutil.rmtree(videos().path(""), ignore_errors=True)


@pytest.fixture
def episode(film, tmp_path) -> Episode:
    (tmp_path / "a.srt").write_text("1\n00:00:00,500 --> 00:00:01,500\nHello\n")
    path = tmp_path / "film.mkv"
    footage.ffmpeg("-i", str(film), "-i", str(tmp_path / "a.srt"), "-c", "copy", str(path))
    video = services.add_video(path=path, original_name=path.name)
    return Episode.objects.create(movie=make_movie(), number=1, video=video)


@pytest.fixture
def published(monkeypatch) -> list:
    """Functions that are called after each publication."""
    monkeypatch.setattr(progressive, "LEAST", 4.0)
    monkeypatch.setattr(progressive, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(progressive, "LOOK_SHARE", 0)
    monkeypatch.setattr(progressive, "TRUSTED", 100)  # however busy the machine is
    monkeypatch.setattr(sandbox, "TICK", 0.25)
    run = ffmpeg.FFmpeg.run

    def slowly(program, inputs, outputs, **how) -> str:
        if "libx264" in outputs:
            inputs = [replace(one, options=[*one.options, "-readrate", str(PACE)]) for one in inputs]
        return run(program, inputs, outputs, **how)

    monkeypatch.setattr(ffmpeg.FFmpeg, "run", slowly)
    calls: list = []
    publish = progressive.ProgressivePublisher._publish

    def publish_and_tell(self, rows) -> None:
        publish(self, rows)
        for call in calls:
            call()

    monkeypatch.setattr(progressive.ProgressivePublisher, "_publish", publish_and_tell)
    return calls


@pytest.fixture(params=["whole", "in chunks"])
def way(request, monkeypatch) -> bool:
    """Whether it is long work."""
    if request.param == "in chunks":
        monkeypatch.setattr(ladder, "CHUNKED_FROM", 8.0)
        monkeypatch.setattr(ladder, "CHUNK", 4.0)
    return request.param == "in chunks"


def stored() -> set[str]:
    return {str(p.relative_to(videos().path(""))) for p in Path(videos().path("")).rglob("*") if p.is_file()}


def decoded(data: bytes) -> float:
    """Seconds that ffmpeg decodes of a CMAF file without complaint."""
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-v",
        "error",
        "-xerror",
        "-i",
        "-",
        "-progress",
        "-",
        "-f",
        "null",
        "-",
    ]
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    assert done.stderr == b""
    times = [line for line in done.stdout.decode().splitlines() if line.startswith("out_time_us=")]
    return int(times[-1].split("=")[1]) / 1e6


def test_it_can_be_watched_as_far_as_it_is_made(client, episode, published, way):
    video, seen, thumbnails = episode.video, [], []

    def watch() -> None:
        video.refresh_from_db()
        assert (video.state, video.duration) == (State.PROCESSING, pytest.approx(SECONDS, abs=0.1))
        thumbnails.append(video.thumbnail.name)
        viewer = Viewer(client, episode)
        assert len(viewer.tracks) == 3  # a level, a sound, a text
        for path, (file, _) in viewer.tracks.items():
            text = viewer.get(path).decode()
            grows = ".mp4" in file
            assert ("#EXT-X-PLAYLIST-TYPE:EVENT" in text) == grows == ("#EXT-X-ENDLIST" not in text)
        seen.append((viewer, viewer.watch()))

    published.append(watch)
    services.process(video_id=video.pk, long=way)
    video.refresh_from_db()
    assert video.state == State.READY, video.failure_detail
    assert len(seen) >= 2
    assert thumbnails[0] == ""
    assert all(thumbnails[1:])
    assert video.thumbnail.name not in thumbnails  # the whole title gives a better one
    late = Viewer(client, episode)
    whole = late.watch()
    assert len(whole) == 5  # three levels, a sound, a text
    for path in (p for p in whole if p.endswith(("/240p.m3u8", "/a0.m3u8"))):
        parts = [tracks[path] for _, tracks in seen]
        assert all(whole[path].startswith(part) for part in parts)
        assert sorted(map(len, parts)) == [len(part) for part in parts]
        assert decoded(parts[0]) >= 3.9
        assert "#EXT-X-ENDLIST" in late.get(path).decode()
    assert len({len(tracks) for _, tracks in seen}) == 1
    for viewer, tracks in seen:
        assert viewer.watch() == tracks  # who began early goes on with what was there
    assert not Rendition.objects.filter(progressive=True).exists()
    assert not PendingDeletion.objects.exclude(storage="default").exists()
    assert stored() == named_files()


def test_a_viewer_that_would_overtake_the_encode_has_to_wait(episode):
    found = replace(probe(Path(videos().path(episode.video.original))), duration=100.0)
    job = Job(episode.video, None, Path(), found, ladder.plan(found), Path(), timezone.now)
    watcher = progressive.ProgressivePublisher(job)

    def lets_in(there: float, took: float) -> bool:
        row = Rendition(name="240p", duration=there, size=9)
        return watcher._worth_it([row, Rendition(name="a0", duration=200.0)], took)

    assert not lets_in(4, 1)  # too little to begin with
    assert lets_in(8, 4)  # twice as fast as it is watched
    assert lets_in(12, 9.6)
    assert not lets_in(30, 60)  # half as fast: the last second is made 170 s from now, and reached in 100 s
    assert lets_in(61, 122)
    watcher._ahead = 70  # an encode before this one had shown as much
    assert not lets_in(61, 122)
    assert lets_in(71, 142)


def test_an_encode_that_is_stopped_takes_its_beginning_back(client, episode, published, way):
    watched = []
    published += [
        lambda: watched.append(Viewer(client, episode)),
        lambda: services.cancel(video_id=episode.video_id, at=timezone.now()),
    ]
    services.process(video_id=episode.video_id, long=way)
    video = Video.objects.get(pk=episode.video_id)
    assert (video.state, video.failure, video.ready_at) == (State.FAILED, "cancelled", None)
    assert client.get(reverse("playback:master", args=[episode.movie_id, 1])).status_code == 404
    assert not video.renditions.exists()
    watched[0].watch()  # until its addresses expire
    services.discard_due(at=timezone.now() + timedelta(seconds=settings.TOKEN_TTL) + timedelta(minutes=10))
    assert stored() == {video.original, *video.subtitles.values_list("file", flat=True)}


def test_an_encode_that_fails_takes_its_beginning_back(client, episode, published, monkeypatch):
    def fail() -> None:
        raise ffmpeg.FFmpegError("the disk gave up")

    published.append(fail)
    services.process(video_id=episode.video_id)
    video = Video.objects.get(pk=episode.video_id)
    assert (video.state, video.failure, video.ready_at) == (State.FAILED, "encoding", None)
    assert not video.renditions.exists()


@pytest.mark.parametrize("death", [ffmpeg.Interrupted, LeaseLost])
def test_another_worker_goes_on_where_one_died(client, episode, published, death):
    video, lengths = episode.video, []

    def die() -> None:
        lengths.append(min(video.renditions.values_list("duration", flat=True)))
        if len(lengths) == 2:
            raise death("killed")

    published.append(die)
    services.process(video_id=video.pk)
    viewer = Viewer(client, episode)
    there = viewer.watch()
    Video.objects.filter(pk=video.pk).update(state=State.UPLOADED, lease_owner="")
    services.process(video_id=video.pk)
    video.refresh_from_db()
    assert video.state == State.READY, video.failure_detail
    assert lengths == sorted(lengths)  # nobody was thrown back
    assert viewer.watch() == there
    assert not Rendition.objects.filter(progressive=True).exists()
    services.discard_due(at=timezone.now() + timedelta(seconds=settings.TOKEN_TTL) + timedelta(minutes=10))
    assert stored() == named_files()


@pytest.fixture
def gated(episode) -> Episode:
    type(episode.movie).objects.filter(pk=episode.movie_id).update(access=Access.VIP)
    services.set_preview(video=episode.video, seconds=6)
    return episode


def test_a_preview_is_cut_once_there_is_enough(client, gated, published):
    video, seen = gated.video, []
    master = reverse("playback:master", args=[gated.movie_id, 1])

    def look() -> None:
        video.refresh_from_db()
        status = client.get(master).status_code
        assert (status == 200) == bool(video.preview_duration)  # a stranger sees the preview and no more
        seen.append(round(video.preview_duration))

    published.append(look)
    services.process(video_id=video.pk)
    video.refresh_from_db()
    assert video.state == State.READY, video.failure_detail
    assert (seen[0], seen[-1]) == (0, 8)
    assert video.preview_duration == pytest.approx(8, abs=0.1)
    assert video.renditions.filter(variant="preview").count() == 4
    assert not PendingDeletion.objects.exclude(storage="default").exists()
    assert stored() == named_files()


def test_a_preview_of_another_length_is_cut_while_it_grows(gated, published):
    video = gated.video
    published.append(lambda: services.set_preview(video=video, seconds=3))
    services.process(video_id=video.pk)
    video.refresh_from_db()
    assert video.state == State.READY, video.failure_detail
    assert video.preview_duration == pytest.approx(4, abs=0.1)
    assert set(video.renditions.filter(variant="preview").values_list("name", flat=True)) == {
        "480p", "360p", "240p", "a0",
    }  # fmt: skip
    services.discard_due(at=timezone.now() + timedelta(seconds=settings.TOKEN_TTL) + timedelta(minutes=10))
    assert stored() == named_files()


def test_what_was_copied_in_vain_is_not_shown_as_the_beginning(tmp_path, published, monkeypatch):
    """A compliant source that can't be decoded without complaint is encoded after all, under the same names."""
    monkeypatch.setattr(ladder, "CHUNKED_FROM", 8.0)
    monkeypatch.setattr(ladder, "CHUNK", 4.0)
    path = footage.make(
        tmp_path / "film.mp4", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "50", "-c:a", "aac",
        "-b:v", "400k", "-maxrate", "500k", "-bufsize", "500k",
        source=f"testsrc2=s=320x180:r=25:d={SECONDS}", sound=f"sine=d={SECONDS}",
    )  # fmt: skip
    data = bytearray(path.read_bytes())
    middle = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    plan = ladder.plan(probe(path))
    assert plan.levels == [plan.copied]
    video = services.add_video(path=path, original_name=path.name)
    services.process(video_id=video.pk, long=True)
    video.refresh_from_db()
    assert video.state == State.READY, video.failure_detail
    (level,) = footage.levels_of(video)
    with videos().open(level.file) as file:
        assert decoded(file.read()) == pytest.approx(SECONDS, abs=0.2)
