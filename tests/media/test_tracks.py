"""Sounds, texts, covers and chapters that come in one file with the picture."""

from __future__ import annotations

import pytest
from django.utils import translation

from apps.media.source_info import describe
from tests.media import footage
from tests.media.footage import BEEP, make, picture
from tests.media.outcome import H264, check, processed
from utils.mediakit.probe import probe
from utils.storages import videos

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
WIDE = f"{BEEP},pan=7.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0|c6=c0|c7=c0"


def test_surround_is_kept_beside_stereo(tmp_path):
    video = processed(make(tmp_path / "wide.mkv", *H264, "-c:a", "flac", sound=WIDE))
    check(video, sounds=2)
    assert [row.channels for row in footage.audio_of(video)] == [2, 6]


def test_six_sounds_are_alternates_with_names(tmp_path):
    languages = ["chi", "eng", "jpn", "fre", "und", "eng"]
    options = [*H264, "-map", "0:v"] + ["-map", "1:a"] * 6
    for number, language in enumerate(languages):
        options += [f"-metadata:s:a:{number}", f"language={language}"]
    video = processed(make(tmp_path / "many.mkv", *options))
    check(video, sounds=6)
    rows = footage.audio_of(video)
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
    with translation.override("en"):
        assert dict(describe(video))["Subtitles"] == [
            "unknown language · PGS · shown by default · image-based, skipped",
            "unknown language · SRT",
        ]


@pytest.mark.parametrize("title", ["Forced", "English (forced)", "强制字幕"])
def test_a_text_for_foreign_parts_by_its_name(title, tmp_path):
    """Many films have no flag for them."""
    (tmp_path / "a.srt").write_text("1\n00:00:00,500 --> 00:00:01,500\nHello\n")
    plain, path = make(tmp_path / "plain.mkv", *H264), tmp_path / "film.mkv"
    name = ("-metadata:s:s", f"title={title}")
    footage.ffmpeg(
        "-i", str(plain), "-i", str(tmp_path / "a.srt"), "-map", "0", "-map", "1", "-c", "copy", *name, str(path)
    )
    assert [text.forced for text in probe(path).texts] == [True]


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
