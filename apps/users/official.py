"""Names that sound as if the site itself spoke: its administrators, its support, its own name, accounts it deleted.

Latin words are found as words (badminton is none), Chinese and Korean ones anywhere, whatever they are written with:
other alphabets, figures for letters, blanks and points between them, traditional characters.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import icu
from django.conf import settings

from utils.lookalikes import prototypes
from utils.plain_text import without_hidden

# official wherever they stand as a word
TITLES = (
    "admin", "admins", "administrator", "administrators", "sysadmin", "superadmin", "webmaster", "moderator",
    "official", "guanfang", "guanliyuan", "kefu",
)  # fmt: skip
# official where the name says nothing else
DUTIES = (
    "root", "system", "support", "staff", "service", "helpdesk", "operator", "owner", "security", "mod", "sysop",
    "superuser", "postmaster", "hostmaster", "noreply", "notice", "notification", "deleted",
)  # fmt: skip
ROUND = (
    "the", "super", "site", "web", "team", "my", "real", "account", "accounts", "help", "desk", "customer", "center",
    "centre", "user", "users", "member", "online", "vip", "cn", "com", "net", "tv", "www", "group", "chief", "head",
    "no", "reply", "client",
)  # fmt: skip
# official wherever they stand
HAN_TITLES = (
    "官方", "管理员", "管理组", "管理者", "客服", "超管", "站长", "网管", "版主", "站务", "审核员", "工作人员", "官网",
    "官号", "系统管理", "系统消息", "系统通知", "系统公告", "运营组", "运营团队", "已注销", "관리자", "운영자",
    "고객센터", "админ",
)  # fmt: skip
HAN_DUTIES = ("系统", "管理", "运营", "公告", "通知", "本站", "站方", "技术支持")
HAN_ROUND = (
    "平台", "网站", "用户", "账号", "帐号", "团队", "中心", "服务", "人员", "员", "组", "号", "小", "超级", "高级",
)  # fmt: skip

_WRITTEN = {
    "a": "[a4@]", "b": "[b8]", "d": "(?:d|cl)", "e": "[e3]", "g": "[g9]", "i": "[i1l!|¡]", "l": "[l1i!|]",
    "m": "(?:m|rn|nn)", "o": "[o0]", "s": "[s5$]", "t": "[t7+]", "u": "[uv]", "w": "(?:w|vv)", "z": "[z2]",
}  # fmt: skip
_BETWEEN = r"[^a-z]{0,3}?"
_SIMPLIFIED = icu.Transliterator.createInstance("Hant-Hans")
_LATIN = re.compile(r"(?:LATIN (?:LETTER )?(?:SMALL |CAPITAL )*(?:LETTER )?|SYMBOL LETTER )([A-Z])(?: WITH .*)?$")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def sounds_official(name: str) -> bool:
    """Whether the name may be taken for the site's own."""
    plain = unicodedata.normalize("NFKC", without_hidden(name))
    own = _letters(settings.SITE_NAME)
    latin = _latin(plain)
    titles, whole = _patterns(own if own.isascii() else "")
    if titles.search(latin) or whole.fullmatch(latin.replace(" ", "")):
        return True
    for letters in (_letters(plain), _letters(prototypes(plain))):
        if any(word in letters for word in HAN_TITLES) or _HAN_WHOLE.fullmatch(letters):
            return True
        if own and not own.isascii() and (own in letters if len(own) > 1 else own == letters):
            return True
    return False


def _letters(text: str) -> str:
    """The letters of the text other than Latin ones between Chinese ones; simplified."""
    folded = str(_SIMPLIFIED.transliterate(unicodedata.normalize("NFKC", text).casefold()))
    kept = "".join(c for c in folded if c.isalpha())
    return kept if kept.isascii() else "".join(c for c in kept if not c.isascii())


def _latin(text: str) -> str:
    """The text in small Latin letters where it looks like them, without accents; capitals inside begin a word."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return _CAMEL.sub(" ", "".join(map(_looked, bare))).lower()


def _looked(character: str) -> str:
    """The Latin letter that the character looks like, in its case; else the character."""
    if character.isascii():
        return character
    if found := _LATIN.search(unicodedata.name(character, "")):
        return found.group(1).lower()
    for shape in (prototypes(character), prototypes(character.casefold())):
        if shape.isascii() and shape.isalnum():
            return shape
    return character


def _spelled(word: str) -> str:
    """The word, whatever its letters are written with and however often."""
    return _BETWEEN.join(f"{_WRITTEN.get(letter, re.escape(letter))}+" for letter in word)


@lru_cache(maxsize=8)
def _patterns(own: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds a title in a name, and what matches a name that is all titles, duties and words around them."""
    titles = [*TITLES, *([own] if len(own) > 2 else [])]
    duties = [*titles, *DUTIES, *([own] if own else [])]
    one, more = ("|".join(map(_spelled, words)) for words in (duties, [*duties, *ROUND]))
    rest = rf"(?:{more}|[^a-z])*"
    found = re.compile(rf"(?<![a-z])(?:{'|'.join(map(_spelled, titles))})(?![a-z])")
    return found, re.compile(rf"{rest}(?:{one}){rest}")


_HAN_REST = rf"(?:{'|'.join([*HAN_DUTIES, *HAN_ROUND])})*"
_HAN_WHOLE = re.compile(rf"{_HAN_REST}(?:{'|'.join(HAN_DUTIES)}){_HAN_REST}")
