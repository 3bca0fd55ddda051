"""Names that impersonate the site: its administrators, its support, its own name, deleted accounts.

Latin words match as whole words ("badminton" is allowed); Chinese and Korean ones match anywhere. Matching sees through
other alphabets, digits for letters, blanks and dots between letters, and traditional characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable

import icu
from django.conf import settings

from utils.confusables import prototypes
from utils.plain_text import without_hidden

# reserved as a whole word anywhere in a name
TITLES = (
    "admin", "admins", "administrator", "administrators", "sysadmin", "superadmin", "webmaster", "moderator",
    "official", "guanfang", "guanliyuan", "kefu",
)  # fmt: skip
# reserved if the name contains nothing but these and filler words
DUTIES = (
    "root", "system", "support", "staff", "service", "helpdesk", "operator", "owner", "security", "mod", "sysop",
    "superuser", "postmaster", "hostmaster", "noreply", "notice", "notification", "deleted",
)  # fmt: skip
ROUND = (
    "the", "super", "site", "web", "team", "my", "real", "account", "accounts", "help", "desk", "customer", "center",
    "centre", "user", "users", "member", "online", "vip", "cn", "com", "net", "tv", "www", "group", "chief", "head",
    "no", "reply", "client",
)  # fmt: skip
# reserved anywhere in a name
HAN_TITLES = (
    "官方", "管理员", "管理组", "管理者", "客服", "超管", "站长", "网管", "版主", "站务", "审核员", "工作人员", "官网",
    "官号", "系统管理", "系统消息", "系统通知", "系统公告", "运营组", "运营团队", "已注销", "관리자", "운영자",
    "고객센터", "админ",
)  # fmt: skip
HAN_DUTIES = ("系统", "管理", "运营", "公告", "通知", "本站", "站方", "技术支持")
HAN_ROUND = (
    "平台", "网站", "用户", "账号", "帐号", "团队", "中心", "服务", "人员", "员", "组", "号", "小", "超级", "高级",
)  # fmt: skip

# common substitutes for a letter
_WRITTEN = {
    "a": ("4", "@"), "b": ("8",), "d": ("cl",), "e": ("3",), "g": ("9",), "i": ("1", "l", "!", "|", "¡"),
    "l": ("1", "i", "!", "|"), "m": ("rn", "nn"), "o": ("0",), "s": ("5", "$"), "t": ("7", "+"), "u": ("v",),
    "w": ("vv",), "z": ("2",),
}  # fmt: skip
_BETWEEN = 3  # most separator characters between two letters of a word
_SIMPLIFIED = icu.Transliterator.createInstance("Hant-Hans")
_LATIN = re.compile(r"(?:LATIN (?:LETTER )?(?:SMALL |CAPITAL )*(?:LETTER )?|SYMBOL LETTER )([A-Z])(?: WITH .*)?$")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def impersonates_staff(name: str) -> bool:
    """Whether the name could be mistaken for the site's staff or the site itself."""
    plain = unicodedata.normalize("NFKC", without_hidden(name))
    own = _letters(settings.SITE_NAME)
    latin = _latin(plain)
    named = [own] if own.isascii() and own else []
    titles = [*TITLES, *(name for name in named if len(name) > 2)]
    duties = {*TITLES, *DUTIES, *named}
    if _holds(latin, titles) or _is_made_of(latin.replace(" ", ""), [*duties, *ROUND], one_of=duties):
        return True
    for letters in (_letters(plain), _letters(prototypes(plain))):
        if any(word in letters for word in HAN_TITLES) or _HAN_WHOLE.fullmatch(letters):
            return True
        if own and not own.isascii() and (own in letters if len(own) > 1 else own == letters):
            return True
    return False


def _letters(text: str) -> str:
    """The letters of the text, simplified; for mixed text, the non-Latin ones only."""
    folded = str(_SIMPLIFIED.transliterate(unicodedata.normalize("NFKC", text).casefold()))
    kept = "".join(c for c in folded if c.isalpha())
    return kept if kept.isascii() else "".join(c for c in kept if not c.isascii())


def _latin(text: str) -> str:
    """The text with look-alikes replaced by lower-case Latin letters, without accents, camelCase split into words."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return _CAMEL.sub(" ", "".join(map(_looked, bare))).lower()


def _looked(character: str) -> str:
    """The Latin letter that the character resembles, keeping its case; else the character itself."""
    if character.isascii():
        return character
    if found := _LATIN.search(unicodedata.name(character, "")):
        return found.group(1).lower()
    for shape in (prototypes(character), prototypes(character.casefold())):
        if shape.isascii() and shape.isalnum():
            return shape
    return character


def _holds(text: str, words: Iterable[str]) -> bool:
    """Whether one of the words occurs in the text without an adjacent letter."""
    starts = [at for at in range(len(text)) if at == 0 or not _is_letter(text[at - 1])]
    return any(
        end == len(text) or not _is_letter(text[end])
        for word in words
        for start in starts
        for end in _ends(text, start, word)
    )


def _is_made_of(text: str, words: Iterable[str], *, one_of: Collection[str]) -> bool:
    """Whether the text consists of these words only, at least one of them from `one_of`."""
    without, within = {0}, set[int]()  # reachable end positions, before and after the required word
    for at in range(len(text)):
        if at not in without and at not in within:
            continue
        if not _is_letter(text[at]):
            without |= {at + 1} if at in without else set()
            within |= {at + 1} if at in within else set()
        for word in words:
            ends = _ends(text, at, word)
            within |= ends if at in within or word in one_of else set()
            without |= ends if at in without else set()
    return len(text) in within


def _ends(text: str, start: int, word: str) -> set[int]:
    """End positions of `word` starting at `start`, allowing substitutes and repeated letters.

    All alternatives advance in parallel; an equivalent regular expression would backtrack exponentially.
    """
    ends = {start}
    for place, letter in enumerate(word):
        ends = _written(text, _over_gaps(text, ends) if place else ends, (letter, *_WRITTEN.get(letter, ())))
        if not ends:
            break
    return ends


def _written(text: str, starts: set[int], writings: tuple[str, ...]) -> set[int]:
    """End positions after one or more repetitions of a letter."""
    ends = set[int]()
    while starts:
        starts = {at + len(w) for at in starts for w in writings if text.startswith(w, at)} - ends
        ends |= starts
    return ends


def _over_gaps(text: str, starts: set[int]) -> set[int]:
    """The given positions plus those reachable over up to `_BETWEEN` separator characters."""
    found = set(starts)
    for start in starts:
        for at in range(start, min(start + _BETWEEN, len(text))):
            if _is_letter(text[at]):
                break
            found.add(at + 1)
    return found


def _is_letter(character: str) -> bool:
    return "a" <= character <= "z"


_HAN_REST = rf"(?:{'|'.join([*HAN_DUTIES, *HAN_ROUND])})*"
_HAN_WHOLE = re.compile(rf"{_HAN_REST}(?:{'|'.join(HAN_DUTIES)}){_HAN_REST}")
