"""Which texts come with a film: its own tracks, pages of teletext, captions in its pictures. Part of probe."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from av.sidedata.sidedata import SideDataContainer
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame

from utils.mediakit.broadcast import Page
from utils.mediakit.source import TextTrack

# As FFmpeg names them: what pictures carry of text (ANSI/SCTE 128, ATSC A/53 part 4), which is of two kinds
CAPTIONS, NEWER_CAPTIONS = "eia_608", "eia_708"
TELETEXT = "dvb_teletext"
UNKNOWN = "unknown"
VALID, KIND = 4, 3  # bits of a triple's first byte (CTA-708-E §4.3.5): it counts; 0 and 1 are lines of CEA-608
FORCED = re.compile(r"\bforced\b|强制|僅外語|仅外语", re.IGNORECASE)


def words(metadata: dict[str, str], key: str) -> str:
    """A text of the container: UTF-8, or what Chinese programs write instead (GB 18030, as old as GBK and wider)."""
    written = metadata.get(key, "").encode("utf-8", "surrogateescape")
    try:
        return written.decode("utf-8")
    except UnicodeDecodeError:
        return written.decode("gb18030", "replace")


def side_data(frame: VideoFrame) -> SideDataContainer:
    """What comes along with a picture; PyAV's stubs name another type. Iterating may raise ValueError."""
    return cast("SideDataContainer", frame.side_data)


def tracks(
    streams: Sequence[Stream], pages: dict[int, list[Page]], picture: Stream, sample: Sequence[VideoFrame], spoken: str
) -> list[TextTrack]:
    """The texts among `streams`, and those in the `sample` of pictures from the stream `picture`.

    `spoken` is the language of the first audio track, that captions are taken to be in.
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
    """Of the captions in pictures, the kinds that hold anything; None if the pictures bring none along."""
    found: set[int] | None = None
    for picture in pictures:
        try:
            beside = [bytes(side) for side in side_data(picture) if side.type.name == "A53_CC"]
        except ValueError:  # something beside it (EXIF, a second view) that PyAV has no name for yet
            continue
        for data in beside:
            found = (found or set()) | {data[at] & KIND for at in range(0, len(data) - 2, 3) if data[at] & VALID}
    return found
