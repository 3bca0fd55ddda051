"""A picture whose size or proportions change on the way: nothing is squeezed, in any level and either half."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from apps.media import services
from apps.media.models import Rendition, State
from apps.media.services.encoding import ladder
from apps.media.source_info import describe
from tests.media import footage
from tests.media.outcome import H264, processed
from utils.storages import videos

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

FAULTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "video_faults"
SECONDS = 2.0  # of each half
MPEG2 = ("-c:v", "mpeg2video", "-q:v", "3")
INTERLACED = (*MPEG2, "-flags", "+ildct+ilme")
NARROW, WIDE = ("192x144", "176x144", "12/11"), ("256x144", "176x144", "16/11")  # shown, coded, width of a pixel
FEW, MANY = ("192x144", "192x144", "1"), ("384x216", "384x216", "1")


def half(path: Path, shape: tuple[str, str, str], *options: str, seconds: float = SECONDS) -> Path:
    """Half a film: a white square in the middle of grey, seen in the shape's proportions."""
    shown, coded, sar = shape
    side = int(shown.partition("x")[2]) // 2
    square = f"drawbox=x=(iw-{side})/2:y=(ih-{side})/2:w={side}:h={side}:color=white:t=fill"
    source = f"color=gray:s={shown}:r=25:d={seconds},format=yuv444p,{square}"
    fields = ",setfield=tff" if "+ildct+ilme" in options else ""
    vf = ("-vf", f"scale={coded.replace('x', ':')},setsar={sar}{fields}")
    return footage.make(path, *vf, *options, source=source, sound=f"sine=d={seconds}")


def joined(folder: Path, name: str, *halves: Path) -> Path:
    """One film of several, as recorders leave it (TS) or as a cutter does that encodes nothing."""
    target = folder / name
    if target.suffix == ".ts":
        target.write_bytes(b"".join(one.read_bytes() for one in halves))
    else:
        listed = folder / "list.txt"
        listed.write_text("".join(f"file '{one}'\n" for one in halves))
        footage.ffmpeg("-f", "concat", "-safe", "0", "-i", str(listed), "-c", "copy", str(target))
    return target


def squares(row: Rendition) -> dict[float, tuple[float, float]]:
    """(width by height, share of the picture's height) of the white square, by the second."""
    found = {}
    with av.open(videos().path(row.file)) as container:
        for frame in container.decode(video=0):
            white = np.argwhere(frame.to_ndarray(format="gray") > 190)
            if white.size:
                height, width = white.max(axis=0) - white.min(axis=0) + 1
                found[float(frame.time)] = (width / height, height / frame.height)
    return found


def check(path: Path, *, shown: tuple[int, int], seconds: float = 2 * SECONDS, shares: tuple[float, float]) -> None:
    """The square is one in every picture of every level, and as large as it can be in each half."""
    video = services.add_video(path=path, original_name=path.name)
    services.process(video_id=video.pk, long=True)
    video.refresh_from_db()
    assert video.state == State.READY, (video.failure, video.failure_detail)
    assert (video.width, video.height) == shown
    assert video.duration == pytest.approx(seconds, abs=0.15)
    for row in footage.levels_of(video):
        assert row.width / row.height == pytest.approx(shown[0] / shown[1], rel=0.03)
        found = squares(row)
        assert len(found) >= seconds * 25 - 4
        for at, (ratio, share) in found.items():
            if abs(at - SECONDS) > 0.1:
                assert ratio == pytest.approx(1, abs=0.08), (row.name, at)
                assert share == pytest.approx(shares[at > SECONDS], abs=0.05), (row.name, at)
    lines = [line for _name, lines in describe(video) for line in lines]
    assert any("176 × 144" in line or "384 × 216" in line for line in lines)


@pytest.mark.parametrize("codec", [MPEG2, H264, INTERLACED])
def test_a_broadcast_that_becomes_wide(codec, tmp_path):
    """Only the width of its pixels changes. What lasts longer gives the canvas."""
    first = half(tmp_path / "1.ts", NARROW, *codec)
    second = half(tmp_path / "2.ts", WIDE, *codec, "-output_ts_offset", str(SECONDS), seconds=SECONDS + 0.4)
    check(
        joined(tmp_path, "broadcast.ts", first, second), shown=(256, 144), seconds=2 * SECONDS + 0.4, shares=(0.5, 0.5)
    )


def test_a_broadcast_that_becomes_narrow(tmp_path):
    first = half(tmp_path / "1.ts", WIDE, *MPEG2)
    second = half(tmp_path / "2.ts", NARROW, *MPEG2, "-output_ts_offset", str(SECONDS), seconds=SECONDS + 0.4)
    check(
        joined(tmp_path, "broadcast.ts", first, second),
        shown=(256, 192),
        seconds=2 * SECONDS + 0.4,
        shares=(0.375, 0.5),
    )


@pytest.mark.parametrize("suffix", ["ts", "mp4", "mkv", "flv"])
def test_a_film_whose_size_changes(suffix, tmp_path):
    rate = ("-c:a", "aac", "-ar", "44100")
    first = half(tmp_path / f"1.{suffix}", FEW, *H264, *rate)
    late = ("-output_ts_offset", str(SECONDS)) if suffix == "ts" else ()
    second = half(tmp_path / f"2.{suffix}", MANY, *H264, *rate, *late, seconds=SECONDS + 0.4)
    path = joined(tmp_path, f"film.{suffix}", first, second)
    check(path, shown=(384, 216), seconds=2 * SECONDS + 0.4, shares=(0.5, 0.5))


def test_interlaced_pictures_of_two_sizes(tmp_path):
    first = half(tmp_path / "1.ts", FEW, *INTERLACED)
    second = half(tmp_path / "2.ts", MANY, *INTERLACED, "-output_ts_offset", str(SECONDS), seconds=SECONDS + 0.4)
    path = joined(tmp_path, "film.ts", first, second)
    check(path, shown=(384, 216), seconds=2 * SECONDS + 0.4, shares=(0.5, 0.5))


def test_every_chunk_knows_where_it_stands(tmp_path, monkeypatch):
    monkeypatch.setattr(ladder, "CHUNKED_FROM", 3.0)
    monkeypatch.setattr(ladder, "CHUNK", 1.2)
    options = (*MPEG2, "-g", "12", "-bf", "0")
    first, second = half(tmp_path / "1.mkv", NARROW, *options), half(tmp_path / "2.mkv", WIDE, *options, seconds=2.4)
    path = joined(tmp_path, "long.mkv", first, second)
    check(path, shown=(256, 144), seconds=2 * SECONDS + 0.4, shares=(0.5, 0.5))


@pytest.mark.skipif(not FAULTS.exists(), reason="the shared corpus isn't here; its kinds are made above")
def test_the_broadcast_of_the_corpus():
    video = processed(FAULTS / "dvb_4x3_then_16x9.ts")
    assert (video.state, video.width, video.height) == (State.READY, 1024, 576)
