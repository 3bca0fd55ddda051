"""Other ways to put a query that finds nothing: without what isn't part of a name, numbers written differently."""

from __future__ import annotations

import re
from collections.abc import Iterator

from utils.chinese.folding import fold

# What viewers type around a title on search engines and out of habit.
_AROUND = re.compile(
    r"""在线(?:观看|播放|看)?|免费(?:观看|看)?|高清|超清|蓝光|无删减|未删减|完整版?|全集|国语版?|粤语版?|中字|字幕|下载|百度云|网盘
      |迅雷|资源|视频|哪里(?:可以)?(?:看|有)|怎么看|好看吗|第?\d{1,4}p|1080|720p|4k|hd
      |^(?:我(?:想|要)看|我想找|想看|求|看|播放|搜索?|找)|(?:电影|电视剧|连续剧|动漫|动画片?|番剧?|综艺|纪录片|剧集)$
      |^(?:电影|电视剧|连续剧|动漫|动画片?|番剧?|综艺|纪录片|剧集)""",
    re.VERBOSE,
)
_UNIT = re.compile(r"\s*(\d{1,4})\s*[季部集章]")
_HANGING = re.compile(r"(.)\s*(?:第|\b(?:season|part|chapter))\s*$")
_ENDING = re.compile(r"(?<=\D)\s*\d{1,3}$")
_TENS = re.compile(r"(\d?)十(\d?)")


def rewordings(text: str) -> Iterator[str]:
    """Texts to try instead, the closest first."""
    plain = " ".join(fold(text).split())
    seen = {plain, ""}
    for other in _ways(plain):
        other = " ".join(other.split())
        if other not in seen:
            seen.add(other)
            yield other


def _ways(plain: str) -> Iterator[str]:
    bare = _HANGING.sub(r"\1", plain)
    yield bare
    numbered = _TENS.sub(lambda found: str(10 * int(found[1] or 1) + int(found[2] or 0)), bare)
    yield numbered
    yield re.sub(r"(?<!\d)([1-9]?)([0-9])(?!\d)", _in_tens, bare)
    around = bare
    for _ in range(3):
        around = _AROUND.sub(" ", around).strip()
    yield around
    yield _UNIT.sub(r" \1 ", around)  # 第二季 of what is called …2
    yield _UNIT.sub(" ", around)  # the first season has no number, and episodes are no titles
    yield _ENDING.sub("", around)
    yield "".join(around.split())


def _in_tens(found: re.Match[str]) -> str:
    tens, ones = found[1], found[2]
    if not tens:
        return found[0]
    return f"{'' if tens == '1' else tens}十{'' if ones == '0' else ones}"
