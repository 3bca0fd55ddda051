"""Release terms in file names: resolution, codecs, source, languages, sites, checksums."""

from __future__ import annotations

import re

BREAK = "\n"  # placeholder for removed terms: episode numbers usually precede them

_WORDS = re.compile(
    r"""(?<![a-z0-9])(?:
        \d{3,4}[pi](?:\d{2,3})?      | \d{3,4}\s?[x×*]\s?\d{3,4}    | [2468]k(?![a-z])
      | [xh][ .]?26[3-6]             | hevc(?:-?10)? | avc | av1 | vp[89] | mpeg-?[1-4] | mp[34] | m4[av] | xvid | divx
      | (?:8|10|12)[ -]?bits?        | hi10p?        | main10 | ma10p | yuv4\d\dp?\d{0,2} | hdr(?:10\+?)? | dovi
      | [uf]?hd | vhs(?:-?rip)? | vcd | tv-?rip
      | (?:aac|ac3|e-?ac-?3|ddp?a?\+?|dts(?:-?hd)?(?:[ .-]?ma)?|truehd|flac|opus|lpcm|atmos)(?:[ ._-]?[1-9]\.[0-9])?
      | (?!^)(?<!\d\.)[1257]\.[012](?:ch)?(?=[\s._\[\]()-]|$) (?!\.?\d)
      | \d{2,3}(?:\.\d+)?\s?(?:fps|hz|帧)
      | \d+(?:\.\d+)?\s?(?:[kmg]b|[km]bps|小?时|分钟|分(?!集)|min(?:utes)?)(?![a-z])
      | ddp?[57]1 | web(?:-?dl|-?rip)? | blu-?ray | bd(?:-?rip|mv)? | [hpsd]d-?tv | (?:hd)?dvd(?:-?rip|scr|\d)?
      | remux | repack | proper | vost(?:fr|a)? | subbed | dubbed | chs | cht | big5 | jp[st]c
      | (?:(?:19|20)\d\d年)?\d{1,2}月新?番
    )(?![a-z0-9])
    | www\.[a-z0-9.-]{1,60} | (?<=[\[(@])[^\[\]()@]{0,30}\.(?:com|net|org|cn|cc|tv|me|info|vip|xyz|top|io)(?=[\])])
    | (?:国|粤|國|粵|普通话|沪|中|英|日|双|雙)[语語](?:配音|版|中字)? | 国粤 | 国配 | 中字
    | [简繁簡](?:[体體中日英](?:双语|雙語|字幕|内嵌|内封|外挂)?|双语|雙語|字幕|内嵌|内封|外挂)
    | [内內][嵌封](?:字幕)? | 外[挂掛](?:字幕)? | 杜比(?:视界|全景声) | 蓝光 | [超高标]清(?:晰)?(?:完整版|版)? | 原画
    | 无字幕?(?=$|[\s._\])]) | [无去]水印 | [未无]删减版? | 完整版 | 会员版 | 加长版 | 抢先看?版(?!\S) | 导演剪辑版
    | 在线观看
    """,
    re.VERBOSE,
)
_SUMS = re.compile(
    r"[\[(]\s*[0-9a-f]{8}\s*[\])]"
    r"|(?<![a-z0-9])(?=[0-9]{0,7}[a-f])(?=[a-f]{0,7}[0-9])[0-9a-f]{8}(?![a-z0-9])"  # CRC-32 of the file
    r"|\[\s*(?:480|540|576|720|1080|2160)\s?(?=[\].])"
)
_EMPTY = re.compile(rf"[\[(][\s._+&,/|-]*{BREAK}[\s._+&,/|-]*[\])]")


def without_release(text: str) -> str:
    """A lower-case name with release terms replaced by BREAK."""
    text = _EMPTY.sub(BREAK, _WORDS.sub(BREAK, _SUMS.sub(BREAK, text)))
    return re.sub(r"\s+", lambda gap: BREAK if BREAK in gap[0] else " ", text)  # runs of gaps are slow to search
