"""Playlists, rendered from the stored segment tables (RFC 8216)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable

from apps.media.models import Rendition, Segment, Subtitle

VERSION = 7  # fMP4 with EXT-X-MAP and byte ranges
FROM_THE_START = "#EXT-X-START:TIME-OFFSET=0"  # and not where the newest segments are
LONGEST = 5  # seconds: no segment of what is encoded is longer
# No playlist has them (RFC 8216 §4.1), or a line ends there.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
STUB = 0.5  # seconds; a shorter last segment isn't worth a request
AUDIO_GROUP = "sound"
SUBTITLE_GROUP = "text"


def bandwidths(segments: Iterable[Segment]) -> tuple[int, int]:
    """(peak, average) in bits per second, as BANDWIDTH and AVERAGE-BANDWIDTH (RFC 8216 §4.3.4.2)."""
    table = list(segments)
    seconds = sum(s for _, _, s in table)
    total = sum(length for _, length, _ in table)
    # the last segment may be a fraction of a second: its rate says nothing about the stream
    full = [(length, s) for _, length, s in table if s >= 1] or [(total, max(seconds, 0.1))]
    return max(math.ceil(8 * length / s) for length, s in full), math.ceil(8 * total / max(seconds, 0.1))


def codecs_of(init: bytes) -> str:
    """The RFC 6381 name of the one track that an initialisation section describes."""
    at = init.find(b"avcC")
    if at >= 0:
        profile, compatible, level = init[at + 5 : at + 8]
        return f"avc1.{profile:02x}{compatible:02x}{level:02x}"
    if b"mp4a" in init:
        return "mp4a.40.2"  # AAC-LC: the only sound the ladder makes
    raise ValueError("the initialisation section names no known codec")


def _quoted(text: str) -> str:
    return UNPRINTABLE.sub(" ", text.replace('"', "'"))


def _yes(true: bool) -> str:
    return "YES" if true else "NO"


def master(
    renditions: Iterable[Rendition],
    subtitles: Iterable[Subtitle],
    *,
    rendition_url: Callable[[Rendition], str],
    subtitle_url: Callable[[Subtitle], str],
) -> str:
    """The master playlist of one variant: a line for each level, best first; sound and text as groups of their own."""
    table = list(renditions)
    sounds = [r for r in table if r.kind == Rendition.Kind.AUDIO]
    pictures = [r for r in table if r.kind == Rendition.Kind.VIDEO]
    texts = list(subtitles)
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for number, sound in enumerate(sounds):
        default = "YES" if number == 0 else "NO"
        language = f',LANGUAGE="{_quoted(sound.language)}"' if sound.language else ""
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{AUDIO_GROUP}",NAME="{_quoted(sound.label or sound.name)}"{language},'
            f'DEFAULT={default},AUTOSELECT=YES,CHANNELS="{sound.channels or 2}",URI="{rendition_url(sound)}"'
        )
    shown = next((text for text in texts if text.is_default), None)  # one of a group at most (RFC 8216 §4.3.4.1.1)
    lines += [
        f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="{SUBTITLE_GROUP}",NAME="{_quoted(text.label)}",'
        f'LANGUAGE="{_quoted(text.language)}",DEFAULT={_yes(text is shown)},AUTOSELECT=YES,'
        f'FORCED={_yes(text.is_forced)},URI="{subtitle_url(text)}"'
        for text in texts
    ]
    peak_sound = max((s.bandwidth for s in sounds), default=0)
    average_sound = max((s.average_bandwidth for s in sounds), default=0)
    sound_codec = f",{sounds[0].codecs}" if sounds else ""
    groups = (f',AUDIO="{AUDIO_GROUP}"' if sounds else "") + (f',SUBTITLES="{SUBTITLE_GROUP}"' if texts else "")
    for picture in sorted(pictures, key=lambda r: r.bandwidth, reverse=True):
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH={picture.bandwidth + peak_sound},"
            f"AVERAGE-BANDWIDTH={picture.average_bandwidth + average_sound},"
            f'CODECS="{picture.codecs}{sound_codec}",RESOLUTION={picture.width}x{picture.height},'
            f"FRAME-RATE={picture.frame_rate or 0:.3f}{groups}"
        )
        lines.append(rendition_url(picture))
    return "\n".join(lines) + "\n"


def media(rendition: Rendition, *, file_url: str) -> str:
    """The playlist of one rendition: byte ranges of its one file. That of a progressive one gets more segments later.

    Each range has an address of its own (`n`, which the server doesn't read): of neighbouring ranges at one address
    ffmpeg 9 asks for all at once, and then plays the first and no more. CDNs allow no parameter beside their signature:
    there it is a fragment, which isn't sent.
    """
    mark = "#" if not file_url.startswith("/") else "&" if "?" in file_url else "?"
    address = f"{file_url}{mark}n="
    table = rendition.segments if rendition.progressive else _without_stub(rendition.segments)
    longest = max((math.ceil(seconds - 0.001) for _, _, seconds in table), default=1)
    if rendition.progressive:
        longest = max(longest, LONGEST)  # it may not change (RFC 8216 §6.2.1)
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION}",
        f"#EXT-X-TARGETDURATION:{max(1, longest)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        *(["#EXT-X-PLAYLIST-TYPE:EVENT", FROM_THE_START] if rendition.progressive else ["#EXT-X-PLAYLIST-TYPE:VOD"]),
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f'#EXT-X-MAP:URI="{file_url}",BYTERANGE="{rendition.init_length}@0"',
    ]
    for number, (offset, length, seconds) in enumerate(table):
        lines += [f"#EXTINF:{seconds:.6f},", f"#EXT-X-BYTERANGE:{length}@{offset}", f"{address}{number}"]
    if not rendition.progressive:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def _without_stub(table: list[Segment]) -> list[Segment]:
    """The segments, a last one of a few samples joined to its neighbour.

    Sound that ends a moment after the picture would make one that begins past the end of the film: hls.js never
    gets it into the buffer, and waits for it for ever.
    """
    if len(table) < 2 or table[-1][2] >= STUB:
        return table
    *before, (offset, length, seconds), (_offset, more, stub) = table
    return [*before, (offset, length + more, seconds + stub)]


def text(*, file_url: str, duration: float) -> str:
    """The playlist of a subtitle: its whole WebVTT as one segment of `duration` seconds."""
    return (
        f"#EXTM3U\n#EXT-X-VERSION:{VERSION}\n#EXT-X-TARGETDURATION:{max(1, math.ceil(duration))}\n"
        f"#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:{duration:.3f},\n{file_url}\n#EXT-X-ENDLIST\n"
    )
