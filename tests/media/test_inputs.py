"""Every format, shape and rate becomes playable."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.media import footage
from tests.media.footage import FLASH, make, picture
from tests.media.outcome import H264, check, processed

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PQ = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
HLG = "colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc"


FORMATS = {
    "fragmented.mp4": (*H264, "-movflags", "frag_keyframe+empty_moov+default_base_moof"),
    "index_first.mp4": (*H264, "-movflags", "faststart"),
    "hevc_10bit.mp4": ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1"),
    "hdr10.mkv": ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params", PQ),
    "hlg.mp4": ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params", HLG),
    "vp8.webm": ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libvorbis"),
    "vp9_10bit.webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-pix_fmt", "yuv420p10le", "-c:a", "libopus"),
    "av1.mkv": ("-c:v", "libsvtav1", "-preset", "12", "-c:a", "flac"),
    "theora.ogv": ("-c:v", "libtheora", "-c:a", "libvorbis"),
    "prores.mov": ("-c:v", "prores_ks", "-pix_fmt", "yuv422p10le", "-c:a", "pcm_s24le", "-timecode", "01:00:00:00"),
    "prores_alpha.mov": ("-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le", "-c:a", "alac"),
    "dnxhr.mxf": (
        "-c:v",
        "dnxhd",
        "-profile:v",
        "dnxhr_sq",
        "-s",
        "256x144",
        "-pix_fmt",
        "yuv422p",
        "-c:a",
        "pcm_s16le",
    ),
    "mpeg2.ts": ("-c:v", "mpeg2video", "-c:a", "mp2"),
    "mpeg2.mpg": ("-c:v", "mpeg2video", "-c:a", "ac3", "-f", "vob"),
    "mpeg1.mpg": ("-c:v", "mpeg1video", "-c:a", "mp2"),
    "h264.m2ts": (*H264, "-c:a", "eac3", "-f", "mpegts", "-mpegts_m2ts_mode", "1"),
    "sorenson.flv": ("-c:v", "flv", "-c:a", "libmp3lame", "-ar", "44100"),
    "windows.wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
    "xvid.avi": ("-c:v", "mpeg4", "-bf", "2", "-c:a", "libmp3lame"),
    "old_phone.3gp": ("-c:v", "mpeg4", "-c:a", "aac", "-ar", "22050", "-ac", "1"),
    "jpegs.mov": ("-c:v", "mjpeg", "-pix_fmt", "yuvj422p", "-c:a", "pcm_s16be"),
    "archive.mkv": ("-c:v", "ffv1", "-pix_fmt", "gbrp16le", "-c:a", "pcm_f32le"),
    "grey.mkv": ("-c:v", "ffv1", "-pix_fmt", "gray10le"),
    "quarter.mkv": ("-c:v", "ffv1", "-pix_fmt", "yuv410p"),
    "raw.avi": ("-c:v", "rawvideo", "-pix_fmt", "bgr24", "-c:a", "pcm_u8"),
    "palette.mov": ("-c:v", "qtrle", "-pix_fmt", "rgb24"),
    "h264_422.mkv": (*H264, "-pix_fmt", "yuv422p10le", "-c:a", "dca", "-strict", "-2"),
    "h264_444.mp4": (*H264, "-pix_fmt", "yuv444p"),
    "full_range.mp4": (*H264, "-pix_fmt", "yuvj420p", "-color_range", "pc"),
    "open_gop.mkv": ("-c:v", "libx264", "-g", "10", "-bf", "3", "-x264-params", "open-gop=1:b-pyramid=strict"),
    "paff.ts": (*H264, "-flags", "+ilme+ildct", "-x264-params", "tff=1:fake-interlaced=1"),
    "mp3_in.mp4": (*H264, "-c:a", "libmp3lame"),
    "low_rate_sound.mp4": (*H264, "-c:a", "aac", "-ar", "8000"),
    "sound_96k.mkv": (*H264, "-c:a", "flac", "-ar", "96000"),
    "no_index.nut": (*H264, "-c:a", "aac"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format(name, tmp_path):
    options = FORMATS[name]
    video = processed(make(tmp_path / name, *options))
    check(video, size=(256, 144) if name.endswith(".mxf") else (192, 108))
    assert footage.flash_of(footage.levels_of(video)[0]) == pytest.approx(FLASH, abs=0.09)


# how a player turns a film as it was taken → where its red corner, at the top left as taken, is then seen
TURNS = {
    ("-display_rotation", "90"): ("bottom left", (108, 192)),
    ("-display_rotation", "180"): ("bottom right", (192, 108)),
    ("-display_rotation", "270"): ("top right", (108, 192)),
    ("-display_hflip",): ("top right", (192, 108)),
    ("-display_vflip",): ("bottom left", (192, 108)),
    ("-display_rotation", "90", "-display_hflip"): ("", (108, 192)),
}


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_it_is_turned_as_it_was_meant(turn, suffix, tmp_path):
    plain = make(tmp_path / "plain.mp4", *H264)
    path = tmp_path / f"turned.{suffix}"
    footage.ffmpeg(*turn, "-i", str(plain), "-c", "copy", str(path))
    video = processed(path)
    corner, size = TURNS[turn]
    check(video, size=size)
    assert {footage.red_corner(row) for row in footage.levels_of(video)} == {corner or shown_by_ffmpeg(path, tmp_path)}


def shown_by_ffmpeg(path: Path, folder: Path) -> str:
    """Where ffmpeg itself shows the red corner."""
    footage.ffmpeg("-i", str(path), "-an", *H264, str(folder / "shown.mp4"))
    return footage.red_corner_in(folder / "shown.mp4")


@pytest.mark.parametrize(
    ("name", "size", "options", "shown"),
    [
        ("anamorphic.mp4", "144x108", ("-vf", "setsar=4/3"), (192, 108)),
        ("tall_pixels.mkv", "192x108", ("-vf", "setsar=1/2"), (96, 108)),
        ("odd.mkv", "193x109", ("-pix_fmt", "yuv444p"), (193, 109)),
        ("portrait.mp4", "108x192", (), (108, 192)),
        ("square.mp4", "128x128", (), (128, 128)),
        ("banner.mkv", "512x32", (), (512, 32)),
        ("tiny.mkv", "16x16", (), (16, 16)),
        ("between.mp4", "1000x562", (), (1000, 562)),
    ],
)  # fmt: skip
def test_a_shape(name, size, options, shown, tmp_path):
    check(processed(make(tmp_path / name, *H264, *options, source=picture(size))), size=shown)


@pytest.mark.parametrize(
    ("name", "rate", "options", "given"),
    [
        ("film.mp4", "24000/1001", (), 23.976),
        ("fast.mp4", "240", (), 60),
        ("hundred.mkv", "100", (), 50),
        ("slow.mp4", "2", (), 5),
        ("top_first.ts", "50", ("-vf", "interlace=scan=tff", "-flags", "+ilme+ildct", "-c:v", "mpeg2video"), 25),
        ("bottom_first.mp4", "50", ("-vf", "interlace=scan=bff", "-flags", "+ilme+ildct", "-x264-params", "bff=1"), 25),
        ("telecine.mkv", "30", ("-vf", "select='if(lt(t,1.5),mod(n,5),1)'", "-fps_mode", "vfr"), 30),
        ("burst.mkv", "60", ("-vf", "select='if(lt(t,0.8),not(mod(n,4)),1)'", "-fps_mode", "vfr"), 60),
    ],
)  # fmt: skip
def test_a_frame_rate(name, rate, options, given, tmp_path):
    video = processed(make(tmp_path / name, *H264, *options, source=picture(rate=rate)))
    check(video)
    assert video.frame_rate == pytest.approx(given, rel=0.01)


@pytest.mark.parametrize("name", ["moving.gif", "moving.apng"])
def test_an_animation_is_a_film(name, tmp_path):
    options = ("-pix_fmt", "pal8" if name.endswith("gif") else "rgba")
    check(processed(make(tmp_path / name, *options, sound="")), sounds=0)


@pytest.mark.parametrize(
    ("seconds", "sound", "size"),
    [(2.4, 2.85, "192x108"), (0.04, 2.4, "192x108"), (1, 1, "2x108")],
    ids=["a sound that goes on", "one picture with a song", "hardly any width"],
)
def test_it_is_as_long_as_it_was_and_has_its_pictures(seconds, sound, size, tmp_path):
    video = processed(make(tmp_path / "a.mp4", *H264, source=picture(size, seconds=seconds), sound=f"sine=d={sound}"))
    assert video.duration == pytest.approx(max(seconds, sound), abs=0.1)
    assert video.thumbnail.size > 300
    assert video.storyboard.count >= 1
