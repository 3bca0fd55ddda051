"""The text tracks of a file: subtitles, teletext pages and closed captions. Part of the probe."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from av.sidedata.sidedata import SideDataContainer
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame

from utils.mediakit.broadcast import Page
from utils.mediakit.source import TextTrack

# FFmpeg's names of the two kinds of closed captions in video frames (ANSI/SCTE 128, ATSC A/53 part 4)
CAPTIONS, NEWER_CAPTIONS = "eia_608", "eia_708"
TELETEXT = "dvb_teletext"
UNKNOWN = "unknown"
VALID, KIND = 4, 3  # bits of a triplet's first byte (CTA-708-E §4.3.5): cc_valid, and cc_type: 0 and 1 are CEA-608
FORCED = re.compile(r"\bforced\b|强制|僅外語|仅外语", re.IGNORECASE)


def words(metadata: dict[str, str], key: str) -> str:
    """A metadata text: UTF-8, or GB 18030 (a superset of GBK), which Chinese programs write instead."""
    written = metadata.get(key, "").encode("utf-8", "surrogateescape")
    try:
        return written.decode("utf-8")
    except UnicodeDecodeError:
        return written.decode("gb18030", "replace")


def side_data(frame: VideoFrame) -> SideDataContainer:
    """The side data of a frame, for which PyAV's stubs name another type. Iterating may raise ValueError."""
    return cast("SideDataContainer", frame.side_data)


def tracks(
    streams: Sequence[Stream], pages: dict[int, list[Page]], picture: Stream, sample: Sequence[VideoFrame], spoken: str
) -> list[TextTrack]:
    """The text tracks among `streams`, and closed captions if the `sample` of frames of the stream `picture` has some.

    `spoken` is the language of the first audio track, in which captions are assumed to be.
    """
    found = []
    for stream in streams:
        if stream.type == "subtitle":
            found += [_page(stream, page) for page in pages.get(stream.id, ())] or [_subtitle(stream)]
    kinds = _kinds(sample)
    if kinds is not None:
        codec = NEWER_CAPTIONS if kinds and not kinds & {0, 1} else CAPTIONS
        found.append(TextTrack(picture.index, codec, spoken, hearing_impaired=True))
    return found


def _page(stream: Stream, page: Page) -> TextTrack:
    return TextTrack(stream.index, TELETEXT, page.language, page=page.number, hearing_impaired=page.impaired)


def _subtitle(stream: Stream) -> TextTrack:
    title = words(stream.metadata, "title")
    return TextTrack(
        index=stream.index,
        codec=stream.codec_context.name if stream.codec_context is not None else UNKNOWN,
        language=words(stream.metadata, "language"),
        title=title,
        default=bool(stream.disposition & Disposition.default),
        forced=bool(stream.disposition & Disposition.forced or FORCED.search(title)),
        hearing_impaired=bool(stream.disposition & Disposition.hearing_impaired),
    )


def _kinds(pictures: Sequence[VideoFrame]) -> set[int] | None:
    """The cc_type values of all captions in the frames; None if there is no captions' side data at all."""
    found: set[int] | None = None
    for picture in pictures:
        try:
            beside = [bytes(side) for side in side_data(picture) if side.type.name == "A53_CC"]
        except ValueError:  # side data (EXIF, a second view) that PyAV doesn't know yet
            continue
        for data in beside:
            found = (found or set()) | {data[at] & KIND for at in range(0, len(data) - 2, 3) if data[at] & VALID}
    return found
