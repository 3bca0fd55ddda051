"""Files as recorders, broadcasts, downloads and phones leave them: playable and whole, or refused with their reason."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from apps.media import hls
from apps.media.models import State
from tests.media import footage
from tests.media.footage import BEEP, FLASH, SECONDS, make, picture
from tests.media.outcome import H264, check, ended, processed
from utils.storages import videos

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CLOSE = (*H264, "-g", "12", "-bf", "2")
LONG = 6  # seconds
MPEG4 = ("-c:v", "mpeg4", "-c:a", "libmp3lame")


def film(path: Path, *options: str) -> bytes:
    """The bytes of a longer film with a picture that moves all the time."""
    return make(
        path, *options, source=f"testsrc2=s=192x108:r=25:d={LONG}", sound=BEEP.replace(f"d={SECONDS}", f"d={LONG}")
    ).read_bytes()


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("turn", [("90",), ("270",), ("270", "-display_hflip")])
def test_a_turned_film_of_odd_size(turn, tmp_path):
    plain = make(tmp_path / "plain.mov", *H264, "-pix_fmt", "yuv444p", source=picture("193x109"))
    path = tmp_path / "turned.mov"
    footage.ffmpeg("-display_rotation", *turn, "-i", str(plain), "-c", "copy", str(path))
    check(processed(path), size=(109, 193))


def test_a_broadcast_joined_in_the_middle(tmp_path):
    whole = make(tmp_path / "whole.ts", *CLOSE).read_bytes()
    late = 188 * (len(whole) // 188 // 5) + 77  # within a packet, between two keyframes
    video = processed(written(tmp_path / "joined.ts", random.Random(1).randbytes(1000) + whole[late:]))
    assert (video.state, video.failure) == (State.READY, "")
    assert SECONDS / 2 < video.duration < SECONDS
    assert video.frame_rate == 25
    flash, beep = footage.flash_of(footage.levels_of(video)[0]), footage.beep_of(footage.audio_of(video)[0])
    assert flash == pytest.approx(beep, abs=0.09)


@pytest.mark.parametrize("clocks", [("0", "0"), ("0", "0", "ac3"), ("0", "5000"), ("5000", "0")])
def test_a_broadcast_whose_clock_is_set_anew(clocks, tmp_path):
    """The last packet of AC-3 is known to be whole only when the picture of the second part has begun."""
    codec = ("-c:a", clocks[2] if len(clocks) > 2 else "aac")
    parts = [make(tmp_path / f"{n}.ts", *CLOSE, *codec, "-output_ts_offset", clocks[n]) for n in range(2)]
    joined = written(tmp_path / "joined.ts", b"".join(part.read_bytes() for part in parts))
    check(processed(joined), seconds=2 * SECONDS)


@pytest.mark.parametrize("index", ["missing", "broken"])
def test_an_index_of_no_use(index, tmp_path):
    whole = make(tmp_path / "whole.avi", *MPEG4).read_bytes()
    at = whole.rindex(b"idx1")
    noise = whole[at : at + 8] + random.Random(2).randbytes(len(whole) - at - 8)
    check(processed(written(tmp_path / "film.avi", whole[:at] + (noise if index == "broken" else b""))))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("streamed.flv", (*H264, "-ar", "44100", "-c:a", "aac", "-flvflags", "no_duration_filesize")),
        ("streamed.webm", ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus", "-live", "1")),
        ("alpha.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-pix_fmt", "yuva420p", "-c:a", "libopus")),
        ("studio.mov", (*H264, "-pix_fmt", "yuv422p10le", "-g", "1", "-c:a", "pcm_s24le", "-ar", "96000")),
        ("scans.mov", ("-c:v", "tiff", "-c:a", "pcm_s16le")),  # its pictures bring EXIF along
        ("constant_luminance.ts", (*H264, "-x264-params", "colormatrix=bt2020c")),
        ("hdr_without_a_matrix.mkv", (*H264, "-pix_fmt", "yuv420p10le", "-x264-params", "transfer=smpte2084")),
        ("sixteen_channels.mov", (*H264, "-af", f"pan=16c|{'|'.join(f'c{n}=c0' for n in range(16))}")),
    ],
)  # fmt: skip
def test_a_recording(name, options, tmp_path):
    options = (*options, "-c:a", "pcm_s16le") if name.startswith("sixteen") else options
    check(processed(make(tmp_path / name, *options)), sounds=2 if name.startswith("sixteen") else 1)


def test_a_recording_in_fragments_of_a_frame(tmp_path):
    """From a film that is there: encoders bring their first pictures and sounds in another order every time."""
    plain, path = make(tmp_path / "plain.mp4", *H264), tmp_path / "streamed.mp4"
    footage.ffmpeg("-i", str(plain), "-c", "copy", "-movflags", "dash+frag_every_frame+empty_moov", str(path))
    check(processed(path))


@pytest.mark.parametrize("suffix", ["h264", "hevc", "y4m"])
def test_a_bare_stream_without_a_clock(suffix, tmp_path):
    codecs = {"h264": H264, "hevc": ("-c:v", "libx265", "-preset", "ultrafast")}
    video = processed(make(tmp_path / f"bare.{suffix}", *codecs.get(suffix, ()), sound=""))
    check(video, sounds=0)
    assert footage.flash_of(footage.levels_of(video)[0]) == pytest.approx(FLASH, abs=0.09)


def test_an_animated_photo_is_the_animation(tmp_path):
    """AVIF holds the first picture beside the sequence."""
    video = processed(make(tmp_path / "moving.avif", "-c:v", "libaom-av1", "-cpu-used", "8", sound=""))
    check(video, sounds=0)
    assert video.frame_rate == 25


@pytest.mark.parametrize("matrix", [bytes(36), struct.pack(">9i", 46341, 46341, 0, -46341, 46341, 0, 0, 0, 1 << 30)])
def test_a_turn_that_is_none_leaves_the_shape(matrix, tmp_path):
    data = bytearray(make(tmp_path / "plain.mp4", *H264).read_bytes())
    at = data.index(b"tkhd") + 44  # ISO/IEC 14496-12 §8.3.2: of the picture's track, which comes first
    data[at : at + 36] = matrix
    check(processed(written(tmp_path / "askew.mp4", bytes(data))))


def test_a_crop_that_only_the_container_tells_leaves_the_shape(tmp_path):
    """Browsers leave it out: the whole picture is shown, of a copy and of what is encoded alike."""
    border = ("-pix_fmt", "yuv444p", "-vf", "pad=192:128:0:10:white")
    clap = struct.pack(">I4s8i", 40, b"clap", 192, 1, 108, 1, 0, 1, 0, 1)  # ISO/IEC 14496-12 §12.1.4
    film = make(tmp_path / "plain.mp4", *H264, *border).read_bytes()
    video = processed(written(tmp_path / "cropped.mp4", footage.with_box(film, clap)))
    check(video, size=(192, 128))
    assert footage.first_picture(footage.levels_of(video)[0])[2, 96].min() > 200


def test_a_last_packet_cut_short_isn_t_handed_to_players(tmp_path):
    flags = ("-movflags", "frag_keyframe+empty_moov+delay_moov")  # one fragment, its sound behind its picture
    whole = make(tmp_path / "whole.mp4", *H264, *flags).read_bytes()
    video = processed(written(tmp_path / "cut.mp4", whole[: len(whole) * 3 // 5]))
    assert video.state == State.READY
    for row in [*footage.levels_of(video), *footage.audio_of(video)]:
        footage.ffmpeg("-xerror", "-err_detect", "explode", "-i", videos().path(row.file), "-f", "null", "-")


def test_a_sound_that_can_t_be_decoded_isn_t_handed_to_players(tmp_path):
    plain = make(tmp_path / "plain.mp4", *H264)
    path = tmp_path / "scratched.mkv"
    footage.ffmpeg("-i", str(plain), "-c", "copy", "-bsf:a", "noise=amount=if(lt(abs(n-60)\\,8)\\,3)", str(path))
    row = footage.audio_of(processed(path))[0]
    footage.ffmpeg("-xerror", "-i", videos().path(row.file), "-f", "null", "-")


def test_a_picture_with_a_hole_isn_t_handed_to_players(tmp_path):
    whole = make(tmp_path / "whole.mp4", *H264, "-x264-params", "slices=2")
    video = processed(footage.with_hole(whole, tmp_path / "hole.mp4"))
    check(video)
    for row in footage.levels_of(video):
        footage.ffmpeg("-xerror", "-i", videos().path(row.file), "-f", "null", "-")


def test_one_picture_with_a_sound(tmp_path):
    video = processed(make(tmp_path / "one.mp4", *H264, source=picture(seconds=0.04)))
    assert (video.state, video.failure) == (State.READY, "")
    assert video.duration == pytest.approx(SECONDS, abs=0.2)


def test_a_copy_of_uneven_pictures_is_as_long_as_its_source(tmp_path):
    """When pictures are decoded says little about when they are shown: the playlist was 0.4 s short."""
    uneven = ("-vf", "select='not(mod(n,7))+lt(n,50)'", "-fps_mode", "vfr", "-bf", "3", "-preset", "medium")
    path = make(
        tmp_path / "film.mkv", "-c:v", "libx264", *uneven, source="testsrc2=s=480x270:r=30:d=6", sound="sine=d=5"
    )
    video = processed(path)
    assert video.state == State.READY, video.failure_detail
    levels = footage.levels_of(video)
    assert len(levels) == 2
    for row in levels:
        text = hls.media(row, file_url="x")
        lengths = [float(line[8:-1]) for line in text.splitlines() if line.startswith("#EXTINF:")]
        assert sum(lengths) == pytest.approx(176 / 30, abs=1 / 30), row.name


def test_a_cut_that_lost_pictures_keeps_its_rate(tmp_path):
    whole, path = make(tmp_path / "whole.mp4", *CLOSE), tmp_path / "cut.mp4"
    footage.ffmpeg("-ss", "0.31", "-t", "1.4", "-i", str(whole), "-c", "copy", str(path))
    video = processed(path)
    assert (video.state, video.frame_rate) == (State.READY, 25)


@pytest.mark.parametrize("second", ["00:00:02,000 --> 00:00:30,000\nBye", "00:00:29,000 --> 00:00:30,000\n "])
def test_a_text_that_outlasts_the_film(second, tmp_path):
    """What is blank leaves nothing in Matroska but its end in the header."""
    (tmp_path / "a.srt").write_text(f"1\n00:00:00,500 --> 00:00:01,500\nBye\n\n2\n{second}\n")
    plain, path = make(tmp_path / "plain.mp4", *H264), tmp_path / "talkative.mkv"
    footage.ffmpeg("-i", str(plain), "-i", str(tmp_path / "a.srt"), "-c", "copy", "-c:s", "srt", str(path))
    video = processed(path)
    check(video)
    assert "Bye" in videos().open(video.subtitles.get().file).read().decode()


def test_words_as_old_chinese_programs_write_them(tmp_path):
    title = "国语配音".encode("gb18030").decode("utf-8", "surrogateescape")
    (tmp_path / "a.srt").write_text("1\n00:00:00,500 --> 00:00:01,500\nXXXXXXXX\n")
    (tmp_path / "b.srt").write_text("1\n00:00:00,500 --> 00:00:01,500\n再见\n")
    plain, path = make(tmp_path / "plain.mp4", *H264), tmp_path / "old.mkv"
    inputs = [word for name in (plain, tmp_path / "a.srt", tmp_path / "b.srt") for word in ("-i", str(name))]
    footage.ffmpeg(
        *inputs, "-map", "0", "-map", "1", "-map", "2", "-c", "copy", "-c:s", "srt", "-metadata:s:a", f"title={title}",
        "-metadata", f"title={title}", str(path),
    )  # fmt: skip
    video = processed(written(path, path.read_bytes().replace(b"XXXXXXXX", "大家好吗".encode("gb18030"))))
    check(video)
    assert footage.audio_of(video)[0].label == "国语配音"
    texts = [videos().open(row.file).read().decode() for row in video.subtitles.order_by("pk")]
    assert ["大家好吗" in texts[0], "再见" in texts[1]] == [True, True]


def test_a_cover_that_is_not_marked_as_one(tmp_path):
    plain, path = make(tmp_path / "plain.mp4", *H264), tmp_path / "covered.mkv"
    cover = make(tmp_path / "cover.png", "-frames:v", "1", source=picture("400x400"), sound="")
    footage.ffmpeg("-i", str(cover), "-i", str(plain), "-map", "0", "-map", "1", "-c", "copy", str(path))
    check(processed(path))


@pytest.mark.parametrize("name", ["cut.avi", "cut.flv", "cut.mkv", "cut.webm", "cut.mp4"])
@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_download_that_ended_early(name, share, tmp_path):
    codecs = {"avi": MPEG4, "webm": ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus")}
    codec = codecs.get(name[4:], (*H264, "-c:a", "aac", "-ar", "44100", "-g", "25"))
    whole = film(tmp_path / f"whole.{name[4:]}", *codec, *(("-movflags", "faststart") if name == "cut.mp4" else ()))
    state, failure = ended(written(tmp_path / name, whole[: int(share * len(whole))]))
    code, _, second = failure.partition("@")
    assert (state, code) == (State.FAILED, "damaged")
    assert int(second) == pytest.approx(share * LONG, abs=1.5)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_room_that_was_kept_for_a_download_but_not_filled(suffix, tmp_path):
    flags = ("-movflags", "faststart") if suffix == "mp4" else ()
    whole = film(tmp_path / f"whole.{suffix}", *H264, "-g", "25", *flags)
    filled = len(whole) // 2
    state, failure = ended(written(tmp_path / f"hollow.{suffix}", whole[:filled] + bytes(len(whole) - filled)))
    assert state == State.FAILED
    assert failure in {"damaged@2", "damaged@3"}


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("bought.m4v", (b"avc1", b"drmi"), "encrypted"),
        ("IMG_0001.heic", (b"ftypisom", b"ftypheic"), "not_a_video"),
        ("picture.avif", (b"ftypisom", b"ftypavif"), "not_a_video"),
    ],
)
def test_what_only_looks_like_a_film(name, change, code, tmp_path):
    data = make(tmp_path / "plain.mp4", *H264).read_bytes()
    assert change[0] in data
    assert ended(written(tmp_path / name, data.replace(*change))) == (State.FAILED, code)


@pytest.mark.parametrize("suffix", ["mkv", "ts"])
def test_a_clock_that_stands_still(suffix, tmp_path):
    plain, path = make(tmp_path / "plain.mp4", *H264), tmp_path / f"still.{suffix}"
    footage.ffmpeg("-i", str(plain), "-c", "copy", "-bsf", "setts=pts=0:dts=0", str(path))
    assert ended(path) == (State.FAILED, "damaged@0")


@pytest.mark.parametrize(("byte", "value"), [(4, 0x40), (5, 0x13)])  # more than an hour, four seconds
def test_a_clock_that_leaps_and_comes_back(byte, value, tmp_path):
    """One time that is off would make an hour of one picture, and drop what follows."""
    data = bytearray(make(tmp_path / "plain.flv", *H264, "-c:a", "aac", "-ar", "44100").read_bytes())
    at = 13  # behind the header; then tags: type, size in 3 bytes, milliseconds in 3 (and 1), 3 of nothing, data, 4
    while data[at] != 9 or int.from_bytes(data[at + 4 : at + 7], "big") < 1000 * FLASH:
        at += 15 + int.from_bytes(data[at + 1 : at + 4], "big")
    data[at + byte] = value
    assert ended(written(tmp_path / "leaping.flv", bytes(data))) == (State.FAILED, "damaged@0")


def test_a_sound_whose_packets_can_t_be_so_long(tmp_path):
    data = bytearray(make(tmp_path / "plain.mp4", *H264, "-movflags", "faststart").read_bytes())
    at = data.rindex(b"stts") + 8  # ISO/IEC 14496-12 §8.6.1.2: of the sound, which comes last; one entry
    data[at : at + 12] = struct.pack(">3I", 1, 1, 48000 * 600)
    assert processed(written(tmp_path / "stretched.mp4", bytes(data))).duration == pytest.approx(SECONDS, abs=0.2)


def test_a_time_code_that_is_its_own(tmp_path):
    """ffmpeg 9 can't open what refers to itself."""
    plain, path = make(tmp_path / "plain.mov", *H264, "-timecode", "01:00:00:00"), tmp_path / "first.mov"
    footage.ffmpeg("-i", str(plain), "-map", "0:2", "-map", "0:0", "-map", "0:1", "-c", "copy", str(path))
    assert ended(path) in [(State.READY, ""), (State.FAILED, "damaged@0")]


def test_an_instant_of_which_most_is_missing(tmp_path):
    whole = make(
        tmp_path / "whole.mp4", *H264, "-g", "5", "-movflags", "faststart", source="testsrc2=d=0.8", sound=""
    ).read_bytes()
    assert ended(written(tmp_path / "cut.mp4", whole[: len(whole) // 2])) == (State.FAILED, "damaged@0")


def test_an_index_wiped_out(tmp_path):
    data = make(tmp_path / "plain.mp4", *H264, "-movflags", "faststart").read_bytes()
    assert ended(written(tmp_path / "wiped.mp4", data[:40] + bytes(200) + data[240:])) == (State.FAILED, "damaged@0")


def test_a_track_that_says_its_data_are_in_another_file(tmp_path):
    """A data reference (ISO/IEC 14496-12 §8.7.2) to a file of this machine: nothing but the film itself is read."""
    data = make(tmp_path / "plain.mp4", *H264).read_bytes()
    at = data.index(b"url \0\0\0\1")  # the flag: "in this file"
    check(processed(written(tmp_path / "elsewhere.mp4", data[:at] + b"url \0\0\0\0" + data[at + 8 :])))


def test_bits_that_flipped_spoil_nothing(tmp_path):
    whole = film(tmp_path / "whole.mp4", *H264, "-g", "25", "-movflags", "faststart")
    data, start = bytearray(whole), whole.index(b"mdat") + 4
    for at in random.Random(200).sample(range(start, len(data)), 200):
        data[at] ^= 1 << at % 8
    video = processed(written(tmp_path / "flipped.mp4", bytes(data)))
    assert video.state == State.READY
    assert video.duration == pytest.approx(LONG, abs=0.2)
