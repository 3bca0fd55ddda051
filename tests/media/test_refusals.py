"""What is no video, or none that can be used, is refused with its reason."""

from __future__ import annotations

import random
import struct

import pytest

from apps.media import services
from apps.media.failures import reason
from apps.media.models import State
from tests.media import footage
from tests.media.footage import BEEP, make, picture
from tests.media.outcome import H264, ended
from utils.mediakit import probe, sandbox
from utils.mediakit.refusals import Refused

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
TEXTS = {
    "page.mp4": b"<!doctype html><title>404 Not Found</title>",
    "subtitle.mp4": b"1\n00:00:00,500 --> 00:00:01,500\nHello\n",
    "empty.mkv": b"",
    "byte.avi": b"\0",
    "noise.ts": random.Random(3).randbytes(200_000),
    "zeros.mp4": bytes(100_000),
    "archive.mp4": b"PK\x03\x04" + bytes(1000),
    "picture.mp4": b"\x89PNG\r\n\x1a\n" + bytes(1000),
    "program.mp4": b"\x7fELF" + bytes(1000),
}


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_no_video(name, tmp_path):
    (tmp_path / name).write_bytes(TEXTS[name])
    assert ended(tmp_path / name) == (State.FAILED, "not_a_video")


def test_an_animated_webp_is_no_video(tmp_path):
    """FFmpeg's libraries, as PyAV carries them, read the first picture of one at most."""
    make(tmp_path / "moving.webp", "-pix_fmt", "yuv420p", sound="")
    assert ended(tmp_path / "moving.webp") == (State.FAILED, "not_a_video")


@pytest.mark.parametrize("name", ["still.jpg", "still.png", "still.gif", "still.webp", "still.bmp"])
def test_a_photo_is_no_video_whatever_it_is_called(name, tmp_path):
    footage.ffmpeg("-f", "lavfi", "-i", picture(), "-frames:v", "1", str(tmp_path / name))
    path = (tmp_path / name).rename(tmp_path / f"{name}.mp4")
    assert ended(path) == (State.FAILED, "not_a_video")


@pytest.mark.parametrize("name", ["song.mp4", "song.mkv", "song.wav", "song.mp3", "song.ogg", "song.flac", "song.ts"])
def test_sound_alone(name, tmp_path):
    footage.ffmpeg("-f", "lavfi", "-i", BEEP, str(tmp_path / name))
    assert ended(tmp_path / name) == (State.FAILED, "no_video")


def test_a_song_with_a_cover(tmp_path):
    cover, path = tmp_path / "cover.png", tmp_path / "song.m4a"
    footage.ffmpeg("-f", "lavfi", "-i", picture(), "-frames:v", "1", str(cover))
    footage.ffmpeg(
        "-f", "lavfi", "-i", BEEP, "-i", str(cover), "-map", "0", "-map", "1", "-c:v", "copy",
        "-disposition:v", "attached_pic", str(path),
    )  # fmt: skip
    assert ended(path) == (State.FAILED, "no_video")


@pytest.mark.parametrize("size", ["8200x16", "16x8200"])
def test_a_picture_too_large(size, tmp_path):
    path = make(tmp_path / "huge.mkv", "-c:v", "ffv1", source=picture(size, seconds=0.2), sound="")
    assert ended(path) == (State.FAILED, "too_large")


@pytest.mark.parametrize("scheme", ["cenc-aes-ctr"])
@pytest.mark.parametrize("flags", ["", "frag_keyframe+empty_moov"])
def test_an_encrypted_film(scheme, flags, tmp_path):
    key = ("-encryption_scheme", scheme, "-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb")
    path = make(
        tmp_path / "locked.mp4", *H264, *key, "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8",
        *(("-movflags", flags) if flags else ()),
    )  # fmt: skip
    assert ended(path) == (State.FAILED, "encrypted")


def test_a_scrambled_broadcast(tmp_path):
    data = bytearray(make(tmp_path / "plain.ts", *H264).read_bytes())
    for packet in range(0, len(data), 188):
        if (data[packet + 1] & 0x1F, data[packet + 2]) not in {(0, 0), (16, 0)}:  # all but the tables
            data[packet + 3] |= 0x80
    (tmp_path / "locked.ts").write_bytes(data)
    assert ended(tmp_path / "locked.ts") == (State.FAILED, "encrypted")


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize(("profile", "compatible", "end"), [(5, 0, (State.FAILED, "codec")), (8, 1, (State.READY, ""))])
def test_dolby_vision_plays_where_others_can_see_it(profile, compatible, end, suffix, tmp_path):
    """Profile 5 would come out in green and purple: only Dolby Vision knows what its colours stand for."""
    record = bytes([1, 0]) + struct.pack(">H", profile << 9 | 0b1101) + bytes([compatible << 4]) + bytes(19)
    film = make(tmp_path / "plain.mp4", *H264).read_bytes()
    box = struct.pack(">I", 8 + len(record)) + b"dvcC" + record
    (tmp_path / "bright.mp4").write_bytes(footage.with_box(film, box))
    if suffix == "mkv":
        footage.ffmpeg("-i", str(tmp_path / "bright.mp4"), "-c", "copy", "-strict", "-2", str(tmp_path / "bright.mkv"))
    assert ended(tmp_path / f"bright.{suffix}") == end


@pytest.mark.parametrize("name", ["cut.mp4", "cut.mkv", "cut.avi", "cut.mov", "cut.flv"])
def test_a_film_cut_short_says_where(name, tmp_path):
    film = make(
        tmp_path / f"whole.{name[-3:]}", "-c:v", "mpeg4" if name.endswith("avi") else "libx264", "-g", "5",
        *(("-movflags", "faststart") if name.endswith(("mp4", "mov")) else ()),
        *(("-ar", "44100") if name.endswith("flv") else ()), source=picture(seconds=8),
    )  # fmt: skip
    data = film.read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) // 2])
    state, failure = ended(tmp_path / name)
    code, _, second = failure.partition("@")
    assert (state, code) == (State.FAILED, "damaged")
    assert 1 <= int(second) <= 6
    assert f"0:0{second}" in reason(failure)


@pytest.mark.parametrize("held", [0, 200])  # bytes of it
def test_a_film_whose_index_is_missing(held, tmp_path):
    data = make(tmp_path / "whole.mp4", *H264).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: data.rindex(b"moov") + held - 4])
    assert ended(tmp_path / "cut.mp4") == (State.FAILED, "damaged@0")


def test_a_film_of_noise(tmp_path):
    path = make(tmp_path / "whole.mp4", *H264, "-movflags", "faststart")
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    data[start:] = random.Random(5).randbytes(len(data) - start)
    (tmp_path / "noise.mp4").write_bytes(data)
    assert ended(tmp_path / "noise.mp4") == (State.FAILED, "damaged@0")


def test_a_film_that_is_noise_from_its_middle_on(tmp_path):
    """Its index promises the whole, and all of it can be read: only decoding tells."""
    path = make(tmp_path / "whole.mp4", *H264, "-g", "25", "-movflags", "faststart", source=picture(seconds=6))
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    start += (len(data) - start) * 2 // 5
    data[start:] = random.Random(5).randbytes(len(data) - start)
    (tmp_path / "noise.mp4").write_bytes(data)
    state, failure = ended(tmp_path / "noise.mp4")
    assert (state, failure) in [(State.FAILED, f"damaged@{second}") for second in (1, 2, 3)]


def test_more_than_a_day(tmp_path):
    path = make(tmp_path / "day.mkv", "-c:v", "ffv1", source="color=s=16x16:r=1/50:d=90000", sound="")
    assert ended(path) == (State.FAILED, "too_long")


def test_garbage_behind_that_reads_like_a_time_is_no_day(tmp_path):
    path = make(tmp_path / "film.ivf", "-c:v", "libvpx", "-deadline", "realtime", source=picture("64x36"), sound="")
    garbage = (10).to_bytes(4, "little") + (2**40).to_bytes(8, "little") + bytes(10)  # IVF: size, time, picture
    path.write_bytes(path.read_bytes() + garbage)
    assert ended(path) == (State.FAILED, "damaged@0")


def test_a_codec_nobody_knows(tmp_path):
    data = make(tmp_path / "plain.mp4", *H264).read_bytes().replace(b"avc1", b"zzz1")
    (tmp_path / "strange.mp4").write_bytes(data)
    assert ended(tmp_path / "strange.mp4") == (State.FAILED, "codec")


def test_a_few_broken_bytes_spoil_nothing(tmp_path):
    path = make(tmp_path / "whole.mp4", *H264, "-g", "10", "-movflags", "faststart", source=picture(seconds=6))
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    for at in random.Random(7).sample(range(start + len(data) // 4, len(data)), 12):
        data[at] ^= 0x55
    (tmp_path / "scratched.mp4").write_bytes(data)
    assert ended(tmp_path / "scratched.mp4")[0] == State.READY


@pytest.mark.parametrize("name", ["-i.mp4", "concat:a|b.mp4", "file:x.mp4", "$(touch x).mp4", "%03d.mp4", "a\nb.mp4"])
def test_a_name_means_nothing(name, tmp_path):
    path = make(tmp_path / "plain.mp4", *H264, source=picture("64x36", seconds=0.4))
    video = services.add_video(path=path, original_name=name)
    services.process(video_id=video.pk)
    video.refresh_from_db()
    assert (video.state, video.original_name) == (State.READY, name)


def test_the_probe_takes_no_more_than_it_may(tmp_path, monkeypatch):
    """A decoder that takes all memory or goes on for ever ends only its own process."""
    path = make(tmp_path / "plain.mp4", *H264)
    monkeypatch.setattr(probe, "LIMITS", sandbox.Limits(seconds=60, memory=60 * 1024**2))
    with pytest.raises(Refused) as refused:
        probe.probe(path)
    assert (refused.value.refusal.code, refused.value.refusal.at_seconds) == ("damaged", 0)
    monkeypatch.setattr(probe, "LIMITS", sandbox.Limits(seconds=0.05))
    with pytest.raises(Refused, match="stopped after"):
        probe.probe(path)
