"""Texts that come with a film or in its pictures: text and nothing else, and which of them are shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils import translation

from apps.media import hls, services
from apps.media.models import State, Subtitle, Video
from apps.media.services.encoding import ladder
from apps.media.source_info import describe
from tests.media import footage
from tests.media.footage import make
from tests.media.outcome import H264
from tests.media.teletext import with_teletext
from utils.mediakit import webvtt
from utils.storages import videos

HOSTILE = (
    '<script>window.ran=1</script><img src=x onerror="window.ran=2"> & <v Bob>{\\i1}Slanted{\\i0}',
    "{\\pos(1,2)}{\\bad{\\worse}<i>kept</i>\\N\\NSTYLE\\N::cue{color:red}\\N\\N"
    "00:00:00.000 --> 00:00:09.000\\Nhidden &lt;b&gt;",
)


def written_ass(path: Path, *texts: str) -> Path:
    """A script whose n-th text is shown from half a second later on each."""
    events = [f"Dialogue: 0,0:00:0{0.5 + n / 2:.2f},0:00:0{1 + n / 2:.2f},D,,0,0,0,,{t}" for n, t in enumerate(texts)]
    path.write_text(
        "[Script Info]\nScriptType: v4.00+\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\nStyle: D,Arial,20\n"
        "[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n" + "\n".join(events) + "\n"
    )
    return path


def with_texts(path: Path, *texts: Path, film: Path | None = None, options: tuple[str, ...] = ()) -> Path:
    """A film with text tracks."""
    plain = film or make(path.with_name("plain.mp4"), *H264)
    inputs = [word for one in (plain, *texts) for word in ("-i", str(one))]
    maps = [word for number in range(len(texts) + 1) for word in ("-map", str(number))]
    footage.ffmpeg(*inputs, *maps, "-c", "copy", *options, str(path))
    return path


def processed(path: Path) -> Video:
    video = services.add_video(path=path, original_name=path.name)
    services.process(video_id=video.pk, long=True)
    video.refresh_from_db()
    assert video.state == State.READY, video.failure_detail
    return video


def said(row: Subtitle) -> str:
    return videos().open(row.file).read().decode()


def test_a_cue_is_text_and_nothing_else():
    text = webvtt.plain(
        "WEBVTT\n\n00:00.500 --> 00:01.500 line:0%\n<script>a</script> & <i>b</i> <v Bob>c</v> {\\pos(1,2)}d\n\n"
        "STYLE\n::cue { background: url(//x) }\n\n00:02.000 --> 00:03.000\n<00:02.500><c.x>e &lt;\0\n\n"
        "00:04.000 --> 00:05.000\n{\\an8}\n\n00:06.000 --> 00:07.000\n<i></i>\n"
    )
    assert text == (
        "WEBVTT\n\n00:00.500 --> 00:01.500\n&lt;script&gt;a&lt;/script&gt; &amp; <i>b</i> &lt;v Bob&gt;c&lt;/v&gt; d\n"
        "STYLE\n::cue { background: url(//x) }\n\n00:02.000 --> 00:03.000\n&lt;00:02.500&gt;&lt;c.x&gt;e &amp;lt;\n"
    )
    assert webvtt.plain("WEBVTT\n\n") == "WEBVTT\n"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_hostile_texts_are_shown_as_they_were_typed(tmp_path):
    video = processed(with_texts(tmp_path / "film.mkv", written_ass(tmp_path / "a.ass", *HOSTILE)))
    text = said(video.subtitles.get())
    assert set(re.findall("<[^>]*>", text)) == {"<i>", "</i>"}
    assert not re.search(r"\{\\", text.replace("{\\bad", ""))
    assert "&lt;script&gt;window.ran=1&lt;/script&gt;" in text
    assert "<i>Slanted</i>" in text


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_what_a_film_wants_shown_is_in_its_playlist(suffix, tmp_path):
    texts = [tmp_path / f"{n}.srt" for n in range(3)]
    for path in texts:
        path.write_text("1\n00:00:00,500 --> 00:00:01,500\nHello\n")
    flags = ("-disposition:s:0", "0", "-disposition:s:1", "default", "-disposition:s:2", "forced")
    names = ("-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=chi", "-metadata:s:s:2", "language=chi")
    codec = ("-c:s", "mov_text") if suffix == "mp4" else ()
    video = processed(with_texts(tmp_path / f"film.{suffix}", *texts, options=(*codec, *flags, *names)))
    text = hls.master(
        video.renditions.all(), video.subtitles.all(), rendition_url=lambda row: row.name, subtitle_url=lambda row: "x"
    )
    shown = {
        re.search('NAME="([^"]*)"', line)[1]: re.findall("(?:DEFAULT|FORCED)=(YES|NO)", line)
        for line in text.splitlines()
        if "TYPE=SUBTITLES" in line
    }
    assert shown == {"English": ["NO", "NO"], "中文": ["YES", "NO"], "中文（仅外语对白）": ["NO", "YES"]}
    assert text.count("AUTOSELECT=YES,FORCED") == 3


def odd(byte: int) -> int:
    """With the parity bit that line 21 has (CTA-608-E §3)."""
    return byte | (0x80 if byte.bit_count() % 2 == 0 else 0)


def pop_on(text: str) -> list[bytes]:
    """The pairs that show a text at once: resume caption loading, erase, row 15, the letters, end of caption."""
    letters = text.encode().ljust(len(text) + len(text) % 2)
    return [
        b"\x14\x20",
        b"\x14\x2e",
        b"\x14\x70",
        *(letters[n : n + 2] for n in range(0, len(letters), 2)),
        b"\x14\x2f",
    ]


def captioned(path: Path, *fields: dict[int, list[bytes]], kinds: tuple[int, ...] = (0, 1), seconds: float = 4) -> Path:
    """An H.264 film of 25 pictures a second, captions in its SEI (ATSC A/53 part 4 §6.2.3) from those pictures on.

    `kinds` of their fields are CEA-608's first and second, or 2 and 3 of CEA-708.
    """
    options = (*H264, "-bf", "0", "-g", "25", "-x264-params", "slices=1:sliced-threads=0")
    raw = make(path.with_name("raw.h264"), *options, source=f"testsrc2=s=192x108:r=25:d={seconds}", sound="")
    data, out, number = raw.read_bytes(), b"", 0
    queues: list[list[bytes]] = [[] for _ in fields]
    starts = [found.start() for found in re.finditer(b"\0\0\0\1|(?<!\0)\0\0\1", data)]
    for start, end in zip(starts, [*starts[1:], len(data)], strict=True):
        if data[data.index(1, start) + 1] & 31 in {1, 5}:
            body = b"\xb5\0\x31GA94\3" + bytes([0x40 | len(fields), 0xFF])
            for kind, queue, cues in zip(kinds, queues, fields, strict=False):
                queue += cues.get(number, [])
                pair = queue.pop(0) if queue else b"\0\0"
                body += bytes([0xFC | kind, *(odd(byte) for byte in pair)])
            body += b"\xff"
            out += b"\0\0\0\1\6\4" + bytes([len(body)]) + body + b"\x80"
            number += 1
        out += data[start:end]
    raw.write_bytes(out)
    sound = ("-f", "lavfi", "-i", f"sine=d={seconds}", "-metadata:s:a", "language=eng")
    footage.ffmpeg("-f", "h264", "-r", "25", "-i", str(raw), *sound, "-c:v", "copy", "-c:a", "aac", str(path))
    return path


def in_second_field(pairs: list[bytes]) -> list[bytes]:
    """Its commands begin with 15 instead of 14 (CTA-608-E §8.4)."""
    return [b"\x15" + pair[1:] if pair[:1] == b"\x14" else pair for pair in pairs]


CUES = {10: pop_on("HELLO <B>"), 50: [b"\x14\x2c"], 60: pop_on("AGAIN"), 90: [b"\x14\x2c"]}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["film.ts", "film.mp4", "long.mkv"])
def test_captions_in_the_pictures_become_a_track(name, tmp_path, monkeypatch):
    if name.startswith("long"):
        monkeypatch.setattr(ladder, "CHUNKED_FROM", 3.0)
        monkeypatch.setattr(ladder, "CHUNK", 1.2)
    row = processed(captioned(tmp_path / name, CUES)).subtitles.get()
    assert (row.language, row.label) == ("en", "English (CC)")
    times = re.findall(r"(\S+) --> (\S+)\n(.*)", said(row))
    assert [line for _, _, line in times] == ["HELLO &lt;B&gt;", "AGAIN"]
    for (begins, ends, _), (first, last) in zip(times, [(0.72, 2.0), (2.64, 3.6)], strict=True):
        assert float(begins[-6:]) == pytest.approx(first, abs=0.1)
        assert float(ends[-6:]) == pytest.approx(last, abs=0.1)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_captions_that_say_nothing_are_no_track(tmp_path):
    assert not processed(captioned(tmp_path / "film.ts", {})).subtitles.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_captions_of_both_fields_are_two_tracks(tmp_path):
    other = {10: in_second_field(pop_on("HOLA")), 50: in_second_field([b"\x14\x2c"])}
    rows = processed(captioned(tmp_path / "film.ts", CUES, other)).subtitles.order_by("pk")
    assert [row.language for row in rows] == ["en", "und"]
    assert ["HELLO" in said(row) for row in rows] == [True, False]
    assert ["HOLA" in said(row) for row in rows] == [False, True]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_captions_in_a_track_of_their_own(tmp_path):
    """As QuickTime keeps them."""
    film, path = captioned(tmp_path / "film.ts", CUES), tmp_path / "film.mov"
    graph = f"movie={film}:si=0[out0+subcc]"
    plain = make(tmp_path / "plain.ts", *H264)
    footage.ffmpeg("-i", str(plain), "-f", "lavfi", "-i", graph, "-map", "0:v", "-map", "1:s", "-c", "copy", str(path))
    assert "AGAIN" in said(processed(path).subtitles.get())


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_teletext_becomes_tracks(tmp_path):
    film = make(tmp_path / "film.ts", *H264, "-bf", "0", source="testsrc2=s=192x108:r=25:d=5", sound="sine=d=5")
    pages = {0x888: ("eng", 2), 0x889: ("deu", 5), 0x100: ("eng", 1)}
    cues = [
        *((1.0, 0x888, "1 < 2"), (1.5, 0x889, "HALLO"), (1.7, 0x100, "NEWS"), (2.5, 0x888, "")),
        *((3.0, 0x889, ""), (3.5, 0x888, "AGAIN"), (4.0, 0x888, "")),
    ]
    video = processed(with_teletext(film, tmp_path / "broadcast.ts", pages, cues))
    assert {row.label: re.findall(r"-->.*\n(.*)", said(row)) for row in video.subtitles.all()} == {
        "English": ["1 &lt; 2", "AGAIN"],
        "Deutsch (CC)": ["HALLO"],
    }
    begins, ends = re.search(r"(\S+) --> (\S+)\n1", said(video.subtitles.get(language="en"))).groups()
    assert float(ends[-6:]) - float(begins[-6:]) == pytest.approx(1.5, abs=0.2)
    assert "English · Teletext 888" in " ".join(line for _, lines in describe(video) for line in lines)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_is_left_out_is_told(tmp_path):
    """CEA-708 alone, and a page that says nothing. For pictures of text see test_tracks."""
    newer = captioned(tmp_path / "newer.ts", {10: [b"\x02\x21"]}, kinds=(3,))
    silent = with_teletext(newer, tmp_path / "silent.ts", {0x888: ("eng", 2)}, [(1.0, 0x888, "")])
    video = processed(silent)
    with translation.override("en"):
        lines = dict(describe(video))["Subtitles"]
    assert lines == [
        "English · Teletext 888 · empty or unreadable, skipped",
        "English · CEA-708 · unsupported format, skipped",
    ]
