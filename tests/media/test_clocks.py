"""Picture and sound stay in step, whatever the clocks of a file do."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.media.models import State
from tests.media import footage
from tests.media.footage import BEEP, FLASH, SECONDS, make, picture
from tests.media.outcome import H264, check, processed

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def delayed(folder: Path, which: str, seconds: float) -> Path:
    """A film whose sound (a) or picture (v) begins later, by the container's clock."""
    plain, path = make(folder / "plain.mp4", *H264), folder / "delayed.mkv"
    order = ("0:v", "1:a") if which == "a" else ("1:v", "0:a")
    footage.ffmpeg(
        "-i", str(plain), "-itsoffset", str(seconds), "-i", str(plain), "-map", order[0], "-map", order[1],
        "-c", "copy", str(path),
    )  # fmt: skip
    return path


@pytest.mark.parametrize(("which", "suffix"), [("a", "mkv"), ("v", "mkv"), ("a", "mp4"), ("v", "mp4"), ("v", "ts")])
def test_a_track_that_begins_late_stays_late(which, suffix, tmp_path):
    path = delayed(tmp_path, which, 0.5)
    other = tmp_path / f"late.{suffix}"
    footage.ffmpeg("-i", str(path), "-c", "copy", str(other))
    video = processed(other)
    assert video.state == State.READY, video.failure_detail
    assert video.duration == pytest.approx(SECONDS + 0.5, abs=0.2)
    flash, beep = footage.flash_of(footage.levels_of(video)[0]), footage.beep_of(footage.audio_of(video)[0])
    late = FLASH + 0.5
    assert (flash, beep) == pytest.approx((FLASH, late) if which == "a" else (late, FLASH), abs=0.09)


CLOCKS = {
    "hour_later.ts": ("-output_ts_offset", "3600"),
    "clock_turns_over.ts": ("-output_ts_offset", str(2**33 / 90000 - 1.2)),
    "before_zero.mkv": ("-output_ts_offset", "-0.3", "-avoid_negative_ts", "disabled"),
    "before_zero.mp4": ("-output_ts_offset", "-0.3", "-avoid_negative_ts", "disabled"),
    "late_start.mp4": ("-output_ts_offset", "20"),
    "late_start.mkv": ("-output_ts_offset", "20"),
    "late_start.asf": ("-output_ts_offset", "20"),
    "recorded_live.flv": ("-output_ts_offset", "20", "-copyts", "-flvflags", "no_duration_filesize"),
}


@pytest.mark.parametrize("name", CLOCKS)
def test_a_clock(name, tmp_path):
    plain = make(tmp_path / "plain.mp4", *H264, "-g", "10", "-bf", "2")
    footage.ffmpeg("-i", str(plain), "-c", "copy", *CLOCKS[name], str(tmp_path / name))
    video = processed(tmp_path / name)
    # what lies before zero isn't shown
    seconds = SECONDS - 0.3 if name == "before_zero.mp4" else SECONDS
    check(video, seconds=seconds)


def test_an_edit_list_cuts_the_beginning_off(tmp_path):
    plain, path = make(tmp_path / "plain.mp4", *H264, "-bf", "2"), tmp_path / "cut.mp4"
    footage.ffmpeg("-ss", "0.52", "-i", str(plain), "-c", "copy", str(path))
    video = processed(path)
    check(video, seconds=SECONDS - 0.52)
    assert footage.flash_of(footage.levels_of(video)[0]) == pytest.approx(FLASH - 0.52, abs=0.09)


def test_an_edit_list_cuts_the_end_off(tmp_path):
    """As a phone does that trims a film: what it hides is still there, to be decoded for what is shown."""
    data = bytearray(make(tmp_path / "plain.mp4", *H264, "-bf", "2").read_bytes())
    clock, at = data.index(b"mvhd") + 16, data.index(b"elst") + 12  # ISO/IEC 14496-12 §8.2.2, §8.6.6; one entry
    shown = round(1.4 * int.from_bytes(data[clock : clock + 4], "big"))
    data[at : at + 4] = shown.to_bytes(4, "big")
    at = data.rindex(b"elst") + 12
    data[at : at + 4] = shown.to_bytes(4, "big")
    (tmp_path / "trimmed.mp4").write_bytes(data)
    check(processed(tmp_path / "trimmed.mp4"), seconds=1.4)


@pytest.mark.parametrize("name", ["gap.mp4", "gap.mkv", "gap.ts"])
@pytest.mark.parametrize("copied", [True, False])
def test_a_hole_in_the_sound_doesn_t_shift_the_rest(name, copied, tmp_path):
    whole = make(tmp_path / "whole.mkv", *H264, "-c:a", "aac" if copied else "mp2")
    footage.ffmpeg(
        "-i", str(whole), "-c", "copy", "-bsf:a", r"noise=drop=lt(abs(pts*tb-0.45)\,0.25)", str(tmp_path / name)
    )
    check(processed(tmp_path / name))


@pytest.mark.parametrize(("picture_s", "sound_s"), [(SECONDS, 1.4), (1.4, SECONDS), (SECONDS, 0)])
def test_lengths_that_differ(picture_s, sound_s, tmp_path):
    sound = f"{BEEP},atrim=end={sound_s}" if sound_s else ""
    path = make(tmp_path / "uneven.mp4", *H264, source=picture(seconds=picture_s), sound=sound)
    check(processed(path), sounds=1 if sound_s else 0)


def test_a_picture_and_a_sound_that_change_on_the_way(tmp_path):
    first = make(tmp_path / "1.ts", *H264, "-c:a", "aac", "-ac", "2")
    second = make(
        tmp_path / "2.ts",
        *H264,
        "-c:a",
        "aac",
        "-ac",
        "1",
        "-output_ts_offset",
        str(SECONDS),
        source=picture("384x216"),
    )
    path = tmp_path / "changing.ts"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    check(processed(path), size=(384, 216), seconds=2 * SECONDS)  # the larger: both last as long
