"""Films made for tests: a red corner at the top left, and at one second a white flash with a beep."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import numpy as np

from apps.media.models import Rendition, Video
from tests.environment import DATA
from utils.storages import videos

SECONDS, FLASH = 2.4, 1.0
BEEP = f"aevalsrc=exprs='0.5*sin(880*2*PI*t)*between(t,{FLASH},{FLASH + 0.2})':s=48000:d={SECONDS}"


def picture(size: str = "192x108", rate: str = "25", seconds: float = SECONDS) -> str:
    """The lavfi source of the picture, `size` pixels, `rate` frames per second."""
    flash = f"drawbox=w=iw:h=ih:color=white:t=fill:enable='between(t,{FLASH - 0.001},{FLASH + 0.2})'"
    return f"color=gray:s={size}:r={rate}:d={seconds},format=yuv444p,drawbox=w=iw/4:h=ih/4:color=red:t=fill,{flash}"


def ffmpeg(*arguments: str) -> None:
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *arguments], check=True)


def make(path: Path, *options: str, source: str = "", sound: str = BEEP) -> Path:
    """A film at `path` by ffmpeg with output `options`; without `sound` a silent one. Each is made once in a run."""
    inputs = ["-f", "lavfi", "-i", source or picture()]
    inputs += ["-f", "lavfi", "-i", sound] if sound else []
    command = (*inputs, "-pix_fmt", "yuv420p", *options)
    kept = DATA / "footage" / f"{sha256(repr(command).encode()).hexdigest()}{path.suffix}"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        ffmpeg(*command, str(path))
        shutil.copyfile(path, kept)
    else:
        shutil.copyfile(kept, path)
    return path


def with_hole(whole: Path, target: Path) -> Path:
    """A copy of an H.264 film of two slices a picture, without the lower half of its 30th.

    Decoders fill that from the picture before and say nothing.
    """
    with av.open(str(whole)) as container:
        packet = list(container.demux(video=0))[30]
        at = packet.pos + 4 + int.from_bytes(bytes(packet)[:4], "big") + 4  # the header of the second slice
    data = bytearray(whole.read_bytes())
    data[at] = 12  # ITU-T H.264 table 7-1: filler data
    target.write_bytes(data)
    return target


def with_box(film: bytes, box: bytes) -> bytes:
    """An MP4 of H.264, its index behind its data, with one more box in the sample entry of its picture."""
    data = bytearray(film)
    entry = data.index(b"avc1", data.index(b"stsd")) - 4
    end = entry + int.from_bytes(data[entry : entry + 4], "big")
    parents = (b"stsd", b"stbl", b"minf", b"mdia", b"trak", b"moov")
    for at in (entry, *(data.rindex(name, 0, entry) - 4 for name in parents)):
        data[at : at + 4] = (int.from_bytes(data[at : at + 4], "big") + len(box)).to_bytes(4, "big")
    data[end:end] = box
    return bytes(data)


def _frames(row: Rendition) -> Iterator[Any]:
    with av.open(videos().path(row.file)) as container:
        yield from container.decode(container.streams[0])


def flash_of(row: Rendition) -> float:
    """The second at which a level turns white."""
    return next(f.time for f in _frames(row) if f.to_ndarray(format="gray").mean() > 180)


def beep_of(row: Rendition) -> float:
    """The second at which a sound begins."""
    for frame in _frames(row):
        loud = np.nonzero(np.abs(frame.to_ndarray()).max(axis=0) > 0.1)[0]
        if loud.size:
            return float(frame.time + loud[0] / frame.sample_rate)
    raise AssertionError("it is silent")


def red_corner(row: Rendition) -> str:
    """Where the red corner is in a level's first picture: "top left" …"""
    return red_corner_in(Path(videos().path(row.file)))


def first_picture(row: Rendition) -> np.ndarray:
    """The first picture of a level: rows of pixels of red, green and blue."""
    return _first_picture(Path(videos().path(row.file)))


def _first_picture(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return next(container.decode(container.streams.video[0])).to_ndarray(format="rgb24").astype(int)


def red_corner_in(path: Path) -> str:
    image = _first_picture(path)
    height, width = image.shape[:2]
    corners = {
        "top left": image[height // 8, width // 8],
        "top right": image[height // 8, -width // 8],
        "bottom left": image[-height // 8, width // 8],
        "bottom right": image[-height // 8, -width // 8],
    }
    return max(corners, key=lambda name: corners[name][0] - corners[name][1])


def levels_of(video: Video) -> list[Rendition]:
    return list(video.renditions.filter(kind=Rendition.Kind.VIDEO, variant=Rendition.Variant.FULL))


def audio_of(video: Video) -> list[Rendition]:
    return list(video.renditions.filter(kind=Rendition.Kind.AUDIO, variant=Rendition.Variant.FULL))
