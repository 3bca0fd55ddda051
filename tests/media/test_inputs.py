"""Whatever comes in ends playable and in step, or refused with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from apps.media.models import State, Video
from apps.media.services import add_video, process
from tests.media import footage
from tests.media.footage import BEEP, FLASH, SECONDS, make, picture
from utils.storages import videos

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

H264 = ("-c:v", "libx264", "-preset", "ultrafast")
STEREO = f"{BEEP},aformat=channel_layouts=stereo"
WIDE = f"{BEEP},pan=7.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0|c6=c0|c7=c0"
PQ = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
HLG = "colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc"


def processed(path: Path) -> Video:
    video = add_video(path=path, original_name=path.name)
    process(video_id=video.pk)
    video.refresh_from_db()
    return video


def check(video: Video, *, size: tuple[int, int] = (192, 108), seconds: float = SECONDS, sounds: int = 1) -> None:
    """It is ready, of the right shape and length, and picture and sound are in step."""
    assert video.state == State.READY, (video.failure, video.failure_detail)
    assert (video.width, video.height) == size
    assert video.duration == pytest.approx(seconds, abs=0.2)
    rungs, tracks = footage.rungs_of(video), footage.sounds_of(video)
    assert len(tracks) == sounds
    for row in rungs:
        assert row.width / row.height == pytest.approx(size[0] / size[1], rel=0.05)
        assert row.height <= size[1] + 1
        assert row.duration == pytest.approx(video.duration, abs=0.1)
    for row in [*rungs, *tracks]:
        assert videos().size(row.file) == row.size == row.segments[-1][0] + row.segments[-1][1]
    flash = footage.flash_of(rungs[-1])
    for row in tracks:
        assert footage.beep_of(row) == pytest.approx(flash, abs=0.09), row.name
    assert list(Path(settings.WORK_DIR).iterdir()) == []


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
    assert footage.flash_of(footage.rungs_of(video)[0]) == pytest.approx(FLASH, abs=0.09)


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
    assert {footage.red_corner(row) for row in footage.rungs_of(video)} == {corner or shown_by_ffmpeg(path, tmp_path)}


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
    flash, beep = footage.flash_of(footage.rungs_of(video)[0]), footage.beep_of(footage.sounds_of(video)[0])
    late = FLASH + 0.5
    assert (flash, beep) == pytest.approx((FLASH, late) if which == "a" else (late, FLASH), abs=0.09)


CLOCKS = {
    "hour_later.ts": ("-output_ts_offset", "3600"),
    "clock_turns_over.ts": ("-output_ts_offset", str(2**33 / 90000 - 1.2)),
    "before_zero.mkv": ("-output_ts_offset", "-0.3", "-avoid_negative_ts", "disabled"),
    "before_zero.mp4": ("-output_ts_offset", "-0.3", "-avoid_negative_ts", "disabled"),
    "late_start.mp4": ("-output_ts_offset", "20"),
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
    assert footage.flash_of(footage.rungs_of(video)[0]) == pytest.approx(FLASH - 0.52, abs=0.09)


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


def test_surround_is_kept_beside_stereo(tmp_path):
    video = processed(make(tmp_path / "wide.mkv", *H264, "-c:a", "flac", sound=WIDE))
    check(video, sounds=2)
    assert [row.channels for row in footage.sounds_of(video)] == [2, 6]


def test_six_sounds_are_alternates_with_names(tmp_path):
    languages = ["chi", "eng", "jpn", "fre", "und", "eng"]
    options = [*H264, "-map", "0:v"] + ["-map", "1:a"] * 6
    for number, language in enumerate(languages):
        options += [f"-metadata:s:a:{number}", f"language={language}"]
    video = processed(make(tmp_path / "many.mkv", *options))
    check(video, sounds=6)
    rows = footage.sounds_of(video)
    assert [row.language for row in rows] == ["zh", "en", "ja", "fr", "", "en"]
    labels = [row.label for row in rows]
    assert labels[:4] == ["中文", "English", "日本語", "français"]
    assert len(set(labels)) == 6


@pytest.mark.parametrize(
    ("name", "codec"), [("a.mp4", "mov_text"), ("a.mkv", "srt"), ("b.mkv", "ass"), ("a.webm", "webvtt")]
)
def test_texts_become_webvtt(name, codec, tmp_path):
    for language, line in (("chi", "你好 <b>世界</b>"), ("eng", "Hello & goodbye")):
        (tmp_path / f"{language}.srt").write_text(f"1\n00:00:00,500 --> 00:00:01,500\n{line}\n", encoding="utf-8")
    plain = make(tmp_path / "plain.webm", "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus")
    footage.ffmpeg(
        "-i", str(plain), "-i", str(tmp_path / "chi.srt"), "-i", str(tmp_path / "eng.srt"),
        "-map", "0", "-map", "1", "-map", "2", "-metadata:s:s:0", "language=chi", "-metadata:s:s:1", "language=eng",
        *(("-c", "copy") if name.endswith(("webm", "mkv")) else H264), "-c:s", codec, str(tmp_path / name),
    )  # fmt: skip
    video = processed(tmp_path / name)
    check(video)
    texts = {row.language: videos().open(row.file).read().decode() for row in video.subtitles.all()}
    assert set(texts) == {"zh", "en"}
    assert "00:00.500 --> 00:01.500" in texts["zh"]
    assert "你好" in texts["zh"]
    assert "Hello" in texts["en"]


def test_pictures_of_text_are_left_out(tmp_path):
    plain = make(tmp_path / "plain.mkv", *H264)
    (tmp_path / "a.srt").write_text("1\n00:00:00,500 --> 00:00:01,500\nHello\n")
    # a one-picture subtitle, as DVDs have
    (tmp_path / "a.sup").write_bytes(_sup())
    footage.ffmpeg(
        "-i", str(plain), "-i", str(tmp_path / "a.sup"), "-i", str(tmp_path / "a.srt"), "-map", "0", "-map", "1",
        "-map", "2", "-c", "copy", str(tmp_path / "both.mkv"),
    )  # fmt: skip
    video = processed(tmp_path / "both.mkv")
    check(video)
    assert video.subtitles.count() == 1


def _sup() -> bytes:
    """A Presentation Graphic Stream of one display set that shows nothing."""

    def segment(kind: int, body: bytes) -> bytes:
        return b"PG" + (45000).to_bytes(4, "big") + bytes(4) + bytes([kind]) + len(body).to_bytes(2, "big") + body

    composition = bytes([0, 192, 0, 108, 0x10, 0, 1, 0x80, 0, 0, 0])
    window = bytes([1, 0, 0, 0, 0, 0, 0, 8, 0, 8])
    return segment(0x16, composition) + segment(0x17, window) + segment(0x80, b"")


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_a_cover_is_not_the_film(suffix, tmp_path):
    cover, plain = tmp_path / "cover.jpg", make(tmp_path / "plain.mp4", *H264)
    footage.ffmpeg("-f", "lavfi", "-i", "color=blue:s=640x640", "-frames:v", "1", str(cover))
    path = tmp_path / f"covered.{suffix}"
    order = ("-map", "1", "-map", "0") if suffix == "mp4" else ("-map", "0")
    art = ("-i", str(cover), "-c", "copy", "-disposition:v:0", "attached_pic")
    attached = ("-attach", str(cover), "-metadata:s:t", "mimetype=image/jpeg", "-c", "copy")
    footage.ffmpeg("-i", str(plain), *(art if suffix == "mp4" else attached), *order, str(path))
    check(processed(path))


def test_chapters_and_the_larger_of_two_pictures(tmp_path):
    (tmp_path / "chapters").write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/10\nSTART=0\nEND=12\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/10\nSTART=12\nEND=24\ntitle=二\n"
    )
    small = make(tmp_path / "small.mp4", *H264, source=picture("96x54"))
    large = make(tmp_path / "large.mp4", *H264)
    path = tmp_path / "both.mkv"
    footage.ffmpeg(
        "-i", str(small), "-i", str(large), "-i", str(tmp_path / "chapters"), "-map", "0:v", "-map", "1",
        "-map_metadata", "2", "-c", "copy", str(path),
    )  # fmt: skip
    video = processed(path)
    check(video)
    assert video.chapters == [{"start": 0.0, "title": "One"}, {"start": 1.2, "title": "二"}]


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
    check(processed(path), seconds=2 * SECONDS)


@pytest.mark.parametrize("name", ["moving.gif", "moving.apng"])
def test_an_animation_is_a_film(name, tmp_path):
    options = ("-pix_fmt", "pal8" if name.endswith("gif") else "rgba")
    check(processed(make(tmp_path / name, *options, sound="")), sounds=0)
