"""Which texts come with a film: its own tracks, pages of teletext, captions in its pictures. Part of probe."""

from __future__ import annotations

import re
from typing import Any

from av.stream import Disposition

from utils.mediakit.broadcast import Page

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


def tracks(streams: list[Any], pages: dict[int, list[Page]], pictures: list[Any], spoken: str) -> list[dict[str, Any]]:
    """The texts among `streams` and in the first `pictures`; `spoken` is the language of the sound."""
    found = []
    for stream in streams:
        if stream.type != "subtitle":
            continue
        if stream.id in pages:
            found += [
                _track(stream.index, TELETEXT, language=page.language, impaired=page.impaired, page=page.number)
                for page in pages[stream.id]
            ]
            continue
        title = words(stream.metadata, "title")
        found.append(
            _track(
                stream.index,
                stream.codec_context.name if stream.codec_context is not None else UNKNOWN,
                language=words(stream.metadata, "language"),
                title=title,
                default=bool(stream.disposition & Disposition.default),
                forced=bool(stream.disposition & Disposition.forced or FORCED.search(title)),
                impaired=bool(stream.disposition & Disposition.hearing_impaired),
            )
        )
    kinds = _kinds(pictures)
    if kinds is not None:
        newer = bool(kinds) and not kinds & {0, 1}
        found.append(_track("cc", NEWER_CAPTIONS if newer else CAPTIONS, language=spoken, impaired=True))
    return found


def _track(
    index: int | str,
    codec: str,
    *,
    language: str,
    title: str = "",
    default: bool = False,
    forced: bool = False,
    impaired: bool = False,
    page: str = "",
) -> dict[str, Any]:
    return {
        "index": index,
        "codec": codec,
        "page": page,
        "language": language,
        "title": title,
        "default": default,
        "forced": forced,
        "impaired": impaired,
    }


def _kinds(pictures: list[Any]) -> set[int] | None:
    """Of the captions in pictures, the kinds that hold anything; None if the pictures bring none along."""
    found = None
    for picture in pictures:
        try:
            beside = [bytes(side) for side in picture.side_data if side.type.name == "A53_CC"]
        except ValueError:  # something beside it (EXIF, a second view) that PyAV has no name for yet
            continue
        for data in beside:
            found = (found or set()) | {data[at] & KIND for at in range(0, len(data) - 2, 3) if data[at] & VALID}
    return found
