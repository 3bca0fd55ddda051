"""The audio tracks that are made of a source, and the ffmpeg options that make them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from apps.media.services.encoding import ladder, passes
from apps.media.services.encoding.passes import Tick, file_of
from utils.mediakit import ffmpeg
from utils.mediakit.source import AudioTrack, Source

STEREO_RATE, SURROUND_RATE = 128_000, 384_000  # bits per second
LAYOUTS = {2: "stereo", 6: "5.1"}
SAMPLES = 48_000  # per second
SAMPLE = 2  # bytes per sample and channel of uncompressed audio
EVEN = f"aresample={SAMPLES}:async=1:first_pts=0"  # fills gaps with silence, from the start of the film on


@dataclass(frozen=True)
class Sound:
    """An audio track to make of the track `source`, either encoded with `channels` channels or copied."""

    name: str
    source: AudioTrack
    channels: int
    copied: bool = False

    @property
    def varies(self) -> bool:
        """Whether channels, rate or format of the source's samples change in the middle."""
        return self.source.varies


def tracks(source: Source) -> list[Sound]:
    """The audio tracks of a title: a stereo one of each of the source's, followed by the surround ones."""
    table = []
    for number, track in enumerate(source.audio):
        copied = (
            (track.codec, track.profile) == ("aac", "LC")
            and track.channels <= 2
            and track.sample_rate in (44100, 48000)
            and track.bit_rate <= 2 * STEREO_RATE
            and track.gapless
            and not track.varies
            and abs(track.start) < 0.05
            and source.container in ladder.SEEKABLE
        )
        table.append(Sound(f"a{number}", track, track.channels if copied else 2, copied))
    surround = [Sound(f"{s.name}-surround", s.source, 6) for s in table if s.source.channels >= 6]
    return table + surround


def outputs(source: Source) -> list[str]:
    """Options that make all tracks which can be made in one pass with the video."""
    found = []
    for track in tracks(source):
        stream = f"0:{track.source.index}"
        if track.copied:
            found += ["-map", stream, "-c:a", "copy", *_written(track)]
        elif not track.varies:
            found += _encoded(track, stream)
    return found


def make_varying(path: Path, options: list[str], source: Source, *, folder: Path, on_tick: Tick) -> None:
    """Make the tracks whose samples change in the middle; `options` are the input options of the video pass.

    ffmpeg rebuilds the filter graph at each change, and EVEN would then generate silence for everything before it, in
    memory. Two chained graphs deadlock if a track begins late (FFmpeg 9.0). So a first run converts all samples to one
    format, and a second one fills the gaps.
    """
    table = [track for track in tracks(source) if track.varies]
    if not table:
        return
    # The video is read as well: ffmpeg needs both streams to correct a clock that was reset.
    alike = ["-map", f"0:{source.video.index}", "-c:v", "copy", "-f", "null", "-"]
    for track in table:
        layout = LAYOUTS[track.channels]
        alike += ["-map", f"0:{track.source.index}", "-af", f"aresample={SAMPLES},aformat=channel_layouts={layout}"]
        alike += ["-c:a", "pcm_s16le", "-f", "nut", _plain(track)]
    run = partial(_run, source.duration, folder=folder, on_tick=on_tick)
    run([ffmpeg.Input(path, options)], alike)
    made = ["-copyts"]  # their times count from the start of the film, not of the track
    for number, track in enumerate(table):
        made += _encoded(track, f"{number}:0")
    run([ffmpeg.Input(folder / _plain(track)) for track in table], made)
    for track in table:
        (folder / _plain(track)).unlink()


def _run(duration: float, inputs: list[ffmpeg.Input], made: list[str], *, folder: Path, on_tick: Tick) -> None:
    largest = 2 * int(duration * SAMPLES) * SAMPLE * max(LAYOUTS) + 64 * 1024**2
    passes.run(inputs, made, folder=folder, seconds=duration, largest=largest, on_tick=on_tick)


def _plain(track: Sound) -> str:
    return f"{track.name}.nut"


def _encoded(track: Sound, stream: str) -> list[str]:
    rate = STEREO_RATE if track.channels == 2 else SURROUND_RATE
    rate = min(rate, max(64_000, int(1.5 * track.source.bit_rate)))  # a higher rate than the source's gains nothing
    found = ["-map", stream, "-af", EVEN, "-ac", str(track.channels), "-c:a", "aac", "-b:a", str(rate)]
    return [*found, *_written(track)]


def _written(track: Sound) -> list[str]:
    return ["-frag_duration", str(ladder.SEGMENT * 1_000_000), *file_of(track.name)]
