"""Parsing digits and Chinese numerals."""

from __future__ import annotations

import re

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "兩": 2,
    **{c: n for n, c in enumerate("壹贰叁肆伍陆柒捌玖", start=1)},
}
_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_SHORT = {"廿": "二十", "卅": "三十", "卌": "四十"}
_LETTERS = "".join([*_DIGITS, *_TENS, *_SHORT])

NUMERAL = rf"(?:\d{{1,5}}|[{_LETTERS}]{{1,9}})"  # part of a regular expression


def value_of(text: str) -> int | None:
    """21 of "21", "二十一", "廿一" or "二一"; None for anything else."""
    if text.isdecimal():
        return int(text)
    if not text or not re.fullmatch(f"[{_LETTERS}]+", text):
        return None
    for short, long in _SHORT.items():
        text = text.replace(short, long)
    if not set(text) & set(_TENS):
        return int("".join(str(_DIGITS[c]) for c in text))
    total, waiting = 0, None
    for c in text:
        if c in _DIGITS:
            waiting = _DIGITS[c]
        else:
            total += (1 if waiting is None else waiting) * _TENS[c]
            waiting = None
    return total + (waiting or 0)
