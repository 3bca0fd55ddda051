"""Which of a file's tracks are the film's own, which of them plays first, and which can't be played without a key."""

from __future__ import annotations

import pytest

from apps.media import hls
from apps.media.models import State
from tests.media import footage
from tests.media.footage import BEEP, SECONDS, make, picture
from tests.media.outcome import H264, check, ended, processed
from utils.mediakit.probe import probe
from utils.mediakit.refusals import Refused

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SILENCE = BEEP.replace("0.5*", "0*").replace(f"d={SECONDS}", "d=3.4")


@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
@pytest.mark.parametrize("wanted", [0, 1, 2])
def test_the_sound_marked_as_default_plays_first(suffix, wanted, tmp_path):
    plain, path = make(tmp_path / "plain.mp4", *H264), tmp_path / f"three.{suffix}"
    flags = [word for n in range(3) for word in (f"-disposition:a:{n}", "default" if n == wanted else "0")]
    names = [word for n, tag in enumerate(["chi", "eng", "fra"]) for word in (f"-metadata:s:a:{n}", f"language={tag}")]
    maps = ["-map", "0:v", *["-map", "0:a"] * 3]
    footage.ffmpeg("-i", str(plain), *maps, "-c:v", "copy", "-c:a", "aac", *names, *flags, str(path))
    video = processed(path)
    check(video, sounds=3)
    rows = list(video.renditions.all())
    text = hls.master(rows, [], rendition_url=lambda row: row.name, subtitle_url=lambda row: row.file)
    first = [line for line in text.splitlines() if "TYPE=AUDIO" in line]
    assert ["DEFAULT=YES" in line for line in first] == [True, False, False]
    assert f'LANGUAGE="{["zh", "en", "fr"][wanted]}"' in first[0]


@pytest.mark.parametrize("swapped", [False, True])
def test_a_programme_has_its_own_sound_only(swapped, tmp_path):
    """Two in one stream: the larger picture is the film, wherever it stands and however long the other goes on."""
    film = make(tmp_path / "film.mp4", *H264, source=picture("192x108"))
    other = make(tmp_path / "other.mp4", *H264, source=picture("64x36", seconds=3.4), sound=SILENCE)
    path = tmp_path / "two.ts"
    first, second = (other, film) if swapped else (film, other)
    footage.ffmpeg(
        "-i", str(first), "-i", str(second), "-map", "0", "-map", "1", "-c", "copy",
        "-program", "title=one:st=0:st=1", "-program", "title=two:st=2:st=3", str(path),
    )  # fmt: skip
    check(processed(path))


def test_a_programme_of_many_streams_keeps_them_all(tmp_path):
    """Its table takes more than one packet."""
    plain, path = make(tmp_path / "plain.mp4", *H264), tmp_path / "many.ts"
    names = [word for n in range(24) for word in (f"-metadata:s:a:{n}", f"language={'eng' if n % 2 else 'chi'}")]
    footage.ffmpeg("-i", str(plain), "-map", "0:v", *["-map", "0:a"] * 24, "-c", "copy", *names, str(path))
    assert len(probe(path).audio) == 24


@pytest.mark.parametrize("flags", ["", "frag_keyframe+empty_moov"])
def test_common_encryption_is_named(flags, tmp_path):
    path = tmp_path / "locked.mp4"
    key = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "0" * 32, "-encryption_kid", "1" * 32)
    make(path, *H264, *key, *(("-movflags", flags) if flags else ()))
    assert ended(path) == (State.FAILED, "encrypted")
    data = path.read_bytes()
    path.write_bytes(data.replace(b"senc", b"\xff\xff\xff\xff"))  # and where FFmpeg can't read it
    assert ended(path) == (State.FAILED, "encrypted")


def test_sound_that_is_encrypted_alone_is_named(tmp_path):
    plain = make(tmp_path / "plain.mp4", *H264, "-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "0" * 32,
                 "-encryption_kid", "1" * 32).read_bytes()  # fmt: skip
    path = tmp_path / "mute.mp4"
    path.write_bytes(plain.replace(b"encv", b"avc1"))
    with pytest.raises(Refused, match="encrypted"):
        probe(path)


@pytest.mark.parametrize("pids", [{0x100, 0x101}, {0x100}, {0x101}])
def test_scrambled_packets_are_named(pids, tmp_path):
    """All, or those of the picture or the sound alone."""
    path = make(tmp_path / "plain.ts", *H264)
    path.write_bytes(scrambled(path.read_bytes(), pids))
    assert ended(path) == (State.FAILED, "encrypted")


def test_a_programme_that_is_scrambled_beside_the_film_is_none_of_its_business(tmp_path):
    film = make(tmp_path / "film.mp4", *H264, source=picture("192x108"))
    other = make(tmp_path / "other.mp4", *H264, source=picture("64x36", seconds=3.4), sound=SILENCE)
    path = tmp_path / "two.ts"
    footage.ffmpeg(
        "-i", str(film), "-i", str(other), "-map", "0", "-map", "1", "-c", "copy",
        "-program", "title=one:st=0:st=1", "-program", "title=two:st=2:st=3", str(path),
    )  # fmt: skip
    path.write_bytes(scrambled(path.read_bytes(), {0x102, 0x103}))
    check(processed(path))


def scrambled(stream: bytes, pids: set[int]) -> bytes:
    data = bytearray(stream)
    for at in range(0, len(data), 188):
        if int.from_bytes(data[at + 1 : at + 3], "big") & 0x1FFF in pids:
            data[at + 3] |= 0x80
    return bytes(data)
