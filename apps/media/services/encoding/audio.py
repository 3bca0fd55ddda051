"""A source's sound: which tracks are made of it, and how ffmpeg makes them."""

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
SAMPLE = 2  # bytes of one, of one channel, while it is kept uncompressed
EVEN = f"aresample={SAMPLES}:async=1:first_pts=0"  # silence where there is none, from the film's start on


@dataclass(frozen=True)
class Sound:
    """An audio track to make: of which of the source's, with how many channels, and whether it is copied."""

    name: str
    source: AudioTrack
    channels: int
    copied: bool = False

    @property
    def varies(self) -> bool:
        """Whether channels, rate or format of the source's samples change on the way."""
        return self.source.varies


def tracks(source: Source) -> list[Sound]:
    """The audio tracks of a title: stereo of each of the source's, then what surround there is."""
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
    """Options that make every track which can be made in one pass with the picture."""
    found = []
    for track in tracks(source):
        stream = f"0:{track.source.index}"
        if track.copied:
            found += ["-map", stream, "-c:a", "copy", *_written(track)]
        elif not track.varies:
            found += _encoded(track, stream)
    return found


def make_varying(path: Path, options: list[str], source: Source, *, folder: Path, on_tick: Tick) -> None:
    """Make the tracks whose samples change on the way; `options` are those of the pass that makes the picture.

    ffmpeg begins a filter graph anew where they change, and EVEN would make all that went before once more, as
    silence and in memory. Two graphs in a row wait for each other for ever where a track begins late (FFmpeg 9.0).
    So one run makes all samples alike, and another one fills the gaps between them.
    """
    table = [track for track in tracks(source) if track.varies]
    if not table:
        return
    # The picture is read along: a clock that is set anew is put right by both.
    alike = ["-map", f"0:{source.video.index}", "-c:v", "copy", "-f", "null", "-"]
    for track in table:
        layout = LAYOUTS[track.channels]
        alike += ["-map", f"0:{track.source.index}", "-af", f"aresample={SAMPLES},aformat=channel_layouts={layout}"]
        alike += ["-c:a", "pcm_s16le", "-f", "nut", _plain(track)]
    run = partial(_run, source.duration, folder=folder, on_tick=on_tick)
    run([ffmpeg.Input(path, options)], alike)
    made = ["-copyts"]  # each of them counts from the film's start, and not from its own
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
    rate = min(rate, max(64_000, int(1.5 * track.source.bit_rate)))  # more than there was can't be gained
    found = ["-map", stream, "-af", EVEN, "-ac", str(track.channels), "-c:a", "aac", "-b:a", str(rate)]
    return [*found, *_written(track)]


def _written(track: Sound) -> list[str]:
    return ["-frag_duration", str(ladder.SEGMENT * 1_000_000), *file_of(track.name)]
