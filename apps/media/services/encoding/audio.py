"""A source's sound: which tracks are made of it, and how ffmpeg makes them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from apps.media.services.encoding import ladder
from apps.media.services.encoding.passes import Watch, file_of, time_for
from utils.mediakit import ffmpeg

STEREO_RATE, SURROUND_RATE = 128_000, 384_000  # bits per second
LAYOUTS = {2: "stereo", 6: "5.1"}
SAMPLES = 48_000  # per second
SAMPLE = 2  # bytes of one, of one channel, while it is kept uncompressed
EVEN = f"aresample={SAMPLES}:async=1:first_pts=0"  # silence where there is none, from the film's start on


@dataclass(frozen=True)
class Sound:
    """An audio track to make: the probed stream, channels, and whether the source's own packets do."""

    name: str
    stream: dict[str, Any]
    channels: int
    copied: bool = False

    @property
    def varies(self) -> bool:
        """Whether channels, rate or format of the source's samples change on the way."""
        return bool(self.stream["varies"])


def tracks(probed: dict[str, Any]) -> list[Sound]:
    """The audio tracks of a title: stereo of each of the source's, then what surround there is."""
    table = []
    for number, stream in enumerate(probed["audio"]):
        copied = (
            (stream["codec"], stream["profile"]) == ("aac", "LC")
            and stream["channels"] <= 2
            and stream["sample_rate"] in (44100, 48000)
            and stream["bit_rate"] <= 2 * STEREO_RATE
            and stream["gapless"]
            and not stream["varies"]
            and abs(stream["start"]) < 0.05
            and probed["container"] in ladder.SEEKABLE
        )
        table.append(Sound(f"a{number}", stream, stream["channels"] if copied else 2, copied))
    surround = [Sound(f"{s.name}-surround", s.stream, 6) for s in table if s.stream["channels"] >= 6]
    return table + surround


def outputs(probed: dict[str, Any]) -> list[str]:
    """Options that make every track which can be made in one pass with the picture."""
    found = []
    for track in tracks(probed):
        source = f"0:{track.stream['index']}"
        if track.copied:
            found += ["-map", source, "-c:a", "copy", *_written(track)]
        elif not track.varies:
            found += _encoded(track, source)
    return found


def make_varying(source: Path, options: list[str], probed: dict[str, Any], *, folder: Path, watch: Watch) -> None:
    """Make the tracks whose samples change on the way; `options` are those of the pass that makes the picture.

    ffmpeg begins a filter graph anew where they change, and EVEN would make all that went before once more, as
    silence and in memory. Two graphs in a row wait for each other for ever where a track begins late (FFmpeg 9.0).
    So one run makes all samples alike, and another one fills the gaps between them.
    """
    table = [track for track in tracks(probed) if track.varies]
    if not table:
        return
    # The picture is read along: a clock that is set anew is put right by both.
    alike = ["-map", f"0:{probed['video']['index']}", "-c:v", "copy", "-f", "null", "-"]
    for track in table:
        layout = LAYOUTS[track.channels]
        alike += ["-map", f"0:{track.stream['index']}", "-af", f"aresample={SAMPLES},aformat=channel_layouts={layout}"]
        alike += ["-c:a", "pcm_s16le", "-f", "nut", _plain(track)]
    run = partial(_run, probed["duration"], folder=folder, watch=watch)
    run([ffmpeg.Input(source, options)], alike)
    made = ["-copyts"]  # each of them counts from the film's start, and not from its own
    for number, track in enumerate(table):
        made += _encoded(track, f"{number}:0")
    run([ffmpeg.Input(folder / _plain(track)) for track in table], made)
    for track in table:
        (folder / _plain(track)).unlink()


def _run(duration: float, inputs: list[ffmpeg.Input], made: list[str], *, folder: Path, watch: Watch) -> None:
    largest = 2 * int(duration * SAMPLES) * SAMPLE * max(LAYOUTS) + 64 * 1024**2
    ffmpeg.run(inputs, made, cwd=folder, timeout=time_for(duration), largest=largest, on_tick=watch.tick)


def _plain(track: Sound) -> str:
    return f"{track.name}.nut"


def _encoded(track: Sound, source: str) -> list[str]:
    rate = STEREO_RATE if track.channels == 2 else SURROUND_RATE
    rate = min(rate, max(64_000, int(1.5 * track.stream["bit_rate"])))  # more than there was can't be gained
    found = ["-map", source, "-af", EVEN, "-ac", str(track.channels), "-c:a", "aac", "-b:a", str(rate)]
    return [*found, *_written(track)]


def _written(track: Sound) -> list[str]:
    return ["-frag_duration", str(ladder.SEGMENT * 1_000_000), *file_of(track.name)]
