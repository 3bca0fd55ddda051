"""A flash and a beep every second, in films whose clocks are odd: whatever was made of them, both come together."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from apps.media import services
from apps.media.models import State, Video
from apps.media.services.encoding import encode, ladder, passes
from tests.media import footage, timing
from utils.mediakit.probe import probe
from utils.mediakit.sandbox import process as sandbox
from utils.storages import videos

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LENGTH = 12.0  # seconds
APART = 0.04  # seconds
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "25")
Film = Callable[..., Path]


@pytest.fixture
def film(tmp_path) -> Film:
    """Makes a film at `rate`, with an event about every second, on a frame of its own: ffmpeg's `options` follow."""

    def make(name: str, *options: str, rate: str = "25", picture: str = "null", sound: str = "anull") -> Path:
        frames = Fraction(rate)
        period, first = float(round(frames) / frames), float(round(frames) // 2 / frames)
        event = f"between(mod(t,{period:.6f}),{first - 0.002:.6f},{first + 0.1:.6f})"
        footage.ffmpeg(
            *("-f", "lavfi", "-i", f"color=gray:s=192x108:r={rate}:d={LENGTH}"),
            *("-f", "lavfi", "-i", f"aevalsrc=exprs='0.5*sin(880*2*PI*t)*{event}':s=48000:d={LENGTH}"),
            *("-vf", f"drawbox=w=iw:h=ih:color=white:t=fill:enable='{event}',{picture}", "-af", sound),
            *("-pix_fmt", "yuv420p", *options, str(tmp_path / name)),
        )
        return tmp_path / name

    return make


def copied(path: Path, name: str, before: tuple[str, ...] = (), after: tuple[str, ...] = ()) -> Path:
    """Its packets in another container or with another clock."""
    footage.ffmpeg(*before, "-i", str(path), "-c", "copy", *after, str(path.with_name(name)))
    return path.with_name(name)


def one_after_another(film: Film, *sounds: tuple[str, ...]) -> Path:
    """A recording in which one programme with its kind of sound follows another."""
    parts = [
        film(f"{n}.ts", *H264, *sound, "-output_ts_offset", str(n * LENGTH)).read_bytes()
        for n, sound in enumerate(sounds)
    ]
    path = film("a.ts", "-t", "1")
    path.write_bytes(b"".join(parts))
    return path


AC3, WIDE = ("-c:a", "ac3", "-ac", "2"), ("-c:a", "ac3", "-ac", "6")
STEREO, MONO = ("-c:a", "mp2", "-ac", "2"), ("-c:a", "mp2", "-ar", "32000", "-ac", "1")
VARIED = "select='not(mod(n,3))+lt(mod(n,90),45)+between(mod(n,60),29,36)'"
# how each is made, and how many events there are to be seen and to be heard
KINDS: dict[str, tuple[Callable[[Film], Path], int, int]] = {
    "plain": (lambda film: film("a.mp4", *H264), 12, 12),
    "b_frames": (lambda film: film("a.mp4", *H264, "-bf", "3", rate="30000/1001"), 12, 12),
    "film_rate": (lambda film: film("a.mkv", *H264, "-c:a", "libopus", rate="24000/1001"), 12, 12),
    "mp3_44100": (lambda film: film("a.avi", "-c:v", "mpeg4", "-c:a", "libmp3lame", "-ar", "44100"), 12, 12),
    "fast": (lambda film: film("a.mp4", *H264, rate="120"), 12, 12),
    "varied_rate": (lambda film: film("a.mp4", *H264, "-fps_mode", "vfr", rate="60", picture=VARIED), 12, 12),
    "late_sound": (lambda film: film("a.mkv", *H264, sound="atrim=start=0.7"), 12, 11),
    "late_sound_mp4": (lambda film: film("a.mp4", *H264, sound="atrim=start=0.7"), 12, 11),
    "late_picture": (lambda film: film("a.mkv", *H264, "-fps_mode", "passthrough", picture="trim=start=0.72"), 11, 12),
    "short_sound": (lambda film: film("a.mp4", *H264, sound="atrim=end=7.2"), 12, 7),
    "short_picture": (lambda film: film("a.mp4", *H264, picture="trim=end=7.2"), 7, 12),
    "hour_later_ts": (
        lambda film: film("a.ts", "-c:v", "mpeg2video", "-c:a", "mp2", "-output_ts_offset", "3600"), 12, 12,
    ),
    "clock_turns_over_ts": (
        lambda film: film("a.ts", *H264, "-bf", "2", "-output_ts_offset", str(2**33 / 90000 - 5)), 12, 12,
    ),
    "edit_list": (lambda film: copied(film("a.mp4", *H264, "-bf", "2"), "b.mp4", before=("-ss", "1.8")), 10, 10),
    "late_start": (lambda film: copied(film("a.mp4", *H264), "b.mp4", after=("-output_ts_offset", "20")), 12, 12),
    "hole_in_sound": (
        lambda film: copied(
            film("a.mkv", *H264, "-c:a", "aac"), "b.ts", after=("-bsf:a", r"noise=drop=lt(abs(pts*tb-4)\,0.3)")
        ), 12, 12,
    ),
    "wider_sound_ts": (lambda film: one_after_another(film, AC3, WIDE), 24, 24),
    "narrower_sound_ts": (lambda film: one_after_another(film, WIDE, AC3), 24, 24),
    "late_and_wider_sound_ts": (  # with a hole of five seconds where it changes
        lambda film: one_after_another(film, (*AC3, "-af", "atrim=start=2.7:end=7.2"), WIDE), 24, 16,
    ),
    "mono_between_ts": (lambda film: one_after_another(film, STEREO, MONO, STEREO), 36, 36),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_flash_and_beep_come_together(kind, film):
    make, flashes, beeps = KINDS[kind]
    check(processed(queued(make(film))), flashes, beeps)


def test_sound_that_changes_takes_no_memory_for_what_went_before(tmp_path, monkeypatch):
    """ffmpeg restarts its filters: they would make the silence before the change once more, all at once."""
    parts = []
    for name, begins, seconds, sound in (("1.ts", 0, 120, MONO), ("2.ts", 120, 10, STEREO)):
        sources = ("-f", "lavfi", "-i", f"color=s=64x36:r=1:d={seconds}", "-f", "lavfi", "-i", f"anullsrc=d={seconds}")
        picture = ("-r", "25", "-c:v", "mpeg2video", "-output_ts_offset", str(begins))
        footage.ffmpeg(*sources, *picture, *sound, str(tmp_path / name))
        parts.append((tmp_path / name).read_bytes())
    source = tmp_path / "film.ts"
    source.write_bytes(b"".join(parts))
    monkeypatch.setattr(sandbox, "TICK", 0.05)
    most = 0

    def tick() -> None:
        nonlocal most
        for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
            with contextlib.suppress(OSError):  # it ended meanwhile
                if "ffmpeg" not in Path(f"/proc/{pid}/exe").readlink().name:
                    continue  # still a copy of this process, as large as it
                found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
                most = max(most, int(found[1]) if found else 0)

    probed = probe(source)
    listener = passes.ProgressListener(lambda share: None, tick)
    encode.make(source, probed, ladder.plan(probed), folder=tmp_path, listener=listener, levels=[], sound=True)
    assert (tmp_path / "a0.mp4").stat().st_size > 30_000
    assert 20 < most / 1024 < 80  # MiB; the silence alone would take 100


def test_no_drift_where_chunks_are_joined(film, monkeypatch):
    monkeypatch.setattr(ladder, "CHUNKED_FROM", 6)
    monkeypatch.setattr(ladder, "CHUNK", 3)
    video = queued(film("a.mp4", *H264, "-profile:v", "high444", "-pix_fmt", "yuv444p", rate="30000/1001"))
    services.process(video_id=video.pk)
    video.refresh_from_db()
    assert video.state == State.UPLOADED  # passed on, to be cut up
    check(processed(video), 12, 12)


def queued(path: Path) -> Video:
    return services.add_video(path=path, original_name=path.name)


def processed(video: Video) -> Video:
    services.process(video_id=video.pk, long=True)
    video.refresh_from_db()
    assert video.state == State.READY, video.failure_detail
    return video


def check(video: Video, flashes: int, beeps: int) -> None:
    """In every level and sound there are as many events, and those of the same second coincide."""
    heard = [timing.beeps(Path(videos().path(row.file))) for row in footage.audio_of(video)]
    seen = [timing.flashes(Path(videos().path(row.file))) for row in footage.levels_of(video)]
    assert {len(moments) for moments in seen} == {flashes}
    assert {len(moments) for moments in heard} == {beeps}
    for lights in seen:
        for sounds in heard:
            both = [(light, sound) for light in lights for sound in sounds if abs(light - sound) < 0.5]
            assert len(both) == min(flashes, beeps)
            for light, sound in both:
                assert light == pytest.approx(sound, abs=APART)
