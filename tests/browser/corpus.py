"""The corpus beside the project, by its manifest; where there is none, films of the same kinds made on the spot.

What is there for its container is cut to ENOUGH seconds. A title is encoded in chunks for its length alone, so one that
long is made of pictures that cost little.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from apps.media.services.encoding import ladder
from tests.conftest import ROOT
from tests.media.footage import SECONDS, ffmpeg, make, picture

CORPUS = ROOT.parent / "shared" / "data" / "video"
REFUSED = {
    "audio_only_15s.mp4": "no_video",
    "bbb_truncated_400k.mp4": "damaged@3",
    "html_named.mp4": "not_a_video",
    "m3u8_localfile_named.mp4": "not_a_video",
    "malformed_free_box.mp4": "damaged@0",
    "zero_length.mp4": "not_a_video",
}
SHOWN = {"anamorphic_sar64_45.mp4": (1138, 640)}  # where it isn't the coded size
CUT = {"long_1080p_h264_aac_362s.mp4"}
ENOUGH = 8.0
LONG = ladder.CHUNKED_FROM + 5  # seconds


@dataclass(frozen=True)
class Expected:
    """How a file should end: refused with a reason, or playable as this."""

    path: Path
    reason: str = ""
    size: tuple[int, int] = (0, 0)  # pixels as shown
    duration: float = 0  # seconds
    has_audio: bool = True
    texts: bool = False
    chapters: bool = False


def corpus(folder: Path) -> list[Expected]:
    """Every file, the longest first; `folder` is where those are made that don't lie there."""
    files = list(_listed(folder) if CORPUS.exists() else _made(folder))
    return [_long(folder), *sorted(files, key=lambda file: -file.duration)]


def _long(folder: Path) -> Expected:
    """Too many colours for it to be copied."""
    path = make(
        folder / "long.mkv", *H264, "-g", "10", "-pix_fmt", "yuv444p",
        source=f"testsrc2=s=192x108:r=5:d={LONG}", sound=f"sine=d={LONG}:beep_factor=4",
    )  # fmt: skip
    return Expected(path, size=(192, 108), duration=LONG)


def _listed(folder: Path) -> Iterator[Expected]:
    with (CORPUS / "manifest.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            name = row["file"]
            if name in REFUSED:
                yield Expected(CORPUS / name, REFUSED[name])
                continue
            path, duration = CORPUS / name, float(row["duration"])
            if name in CUT:
                path, duration = _cut(path, folder / name), ENOUGH
            width, height = SHOWN.get(name) or map(int, row["size"].split("x"))
            yield Expected(
                path,
                size=(width, height),
                duration=duration,
                has_audio="a:" in row["codecs"],
                texts="s:" in row["codecs"],
                chapters="chapters" in row["oddity"],
            )


def _cut(path: Path, target: Path) -> Path:
    """Its first ENOUGH seconds, no stream encoded anew."""
    ffmpeg("-i", str(path), "-t", str(ENOUGH), "-map", "0", "-c", "copy", str(target))
    return target


H264 = ("-c:v", "libx264", "-preset", "ultrafast")
TEN_BIT = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le")
STAND_INS = {  # name: (options, size of the picture, frames per second, size as shown)
    "plain.mp4": (H264, "192x108", "25", (192, 108)),
    "中文 空格 & emoji🎬 (第1集).mp4": ((*H264, "-g", "10"), "192x108", "25", (192, 108)),
    "anamorphic.mp4": ((*H264, "-vf", "setsar=4/3"), "144x108", "25", (192, 108)),
    "portrait.mp4": (H264, "108x192", "25", (108, 192)),
    "mpeg4.avi": (("-c:v", "mpeg4", "-c:a", "libmp3lame"), "320x180", "25", (320, 180)),
    "h264.flv": ((*H264, "-ar", "44100"), "320x180", "30", (320, 180)),
    "mpeg2.ts": (("-c:v", "mpeg2video", "-c:a", "mp2"), "192x108", "25", (192, 108)),
    "odd.webm": (("-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "libopus"), "161x121", "25", (161, 121)),
    "four_four_four.mkv": ((*H264, "-pix_fmt", "yuv444p"), "192x108", "25", (192, 108)),
    "hdr10.mp4": ((*TEN_BIT, "-x265-params", "colorprim=9:transfer=16:colormatrix=9"), "192x108", "25", (192, 108)),
    "uneven.mkv": ((*H264, "-vf", "select='not(mod(n,3))+lt(t,1)'", "-fps_mode", "vfr"), "192x108", "30", (192, 108)),
}  # fmt: skip


def _made(folder: Path) -> Iterator[Expected]:
    for name, (options, size, rate, shown) in STAND_INS.items():
        yield Expected(make(folder / name, *options, source=picture(size, rate)), size=shown, duration=SECONDS)
    silent = make(folder / "silent.mp4", *H264, sound="")
    yield Expected(silent, size=(192, 108), duration=SECONDS, has_audio=False)
    turned = folder / "turned.mp4"
    ffmpeg("-display_rotation", "90", "-i", str(silent), "-c", "copy", str(turned))
    yield Expected(turned, size=(108, 192), duration=SECONDS, has_audio=False)
    ffmpeg("-i", str(folder / "plain.mp4"), "-vn", "-c", "copy", str(folder / "heard_only.mp4"))
    yield Expected(folder / "heard_only.mp4", "no_video")
    whole = (folder / "plain.mp4").read_bytes()
    for name, content, reason in (
        ("page.mp4", b"<!DOCTYPE html><title>404</title>", "not_a_video"),
        ("list.mp4", b"#EXTM3U\n#EXTINF:2,\nplain.mp4\n#EXT-X-ENDLIST\n", "not_a_video"),
        ("empty.mp4", b"", "not_a_video"),
        ("no_index.mp4", whole[: len(whole) // 2], "damaged@0"),
    ):
        (folder / name).write_bytes(content)
        yield Expected(folder / name, reason)
    shutil.copy(folder / "plain.mp4", folder / "again.mp4")  # of the same content
    yield Expected(folder / "again.mp4", size=(192, 108), duration=SECONDS)
