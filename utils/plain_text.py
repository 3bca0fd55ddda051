"""Removing invisible characters, bidi controls and excessive combining marks from text.

Characters that a script or emoji requires are kept: joiners between Arabic or Indic letters and inside emoji, variation
selectors after emoji and Han characters, the tags of a flag (Unicode 16, UAX #31 §2.3, UTS #51, UTS #37).
"""

from __future__ import annotations

import re
import unicodedata

import icu

MARKS = 5  # combining marks per letter; Burmese uses up to five, no living script more


def characters(pattern: str) -> str:
    """The characters of a UnicodeSet pattern (UTS #35, part 1), as the inside of a regular-expression class."""
    found = icu.UnicodeSet(pattern)
    ends = ((found.getRangeStart(n), found.getRangeEnd(n)) for n in range(found.getRangeCount()))
    return "".join(f"{re.escape(first)}-{re.escape(last)}" for first, last in ends)


# Default_Ignorable_Code_Point (UAX #44) holds U+3164, U+115F, U+FFA0, zero widths, bidi controls and tags. Those
# named after it are blank as well: braille without dots, a musical null notehead, annotation marks.
_HIDDEN = characters(
    r"[[:Default_Ignorable_Code_Point:][:Cc:][:Cs:][:Zl:][:Zp:][\u2800\U0001D159\uFFF9-\uFFFB]-[\t\n\r]]"
)
_JOINED = characters(
    "[[:Arab:][:Syrc:][:Mong:][:Deva:][:Beng:][:Guru:][:Gujr:][:Orya:][:Taml:][:Telu:][:Knda:][:Mlym:][:Sinh:]"
    "[:Khmr:][:Mymr:][:Tibt:]]"
)
_PICTURE = characters("[:Extended_Pictographic:]")
_MODIFIED = characters(r"[[:Extended_Pictographic:][:Emoji_Modifier:]\uFE0F]")
_STACKED = characters(r"[[:Mn:][:Me:]\u200C\u200D]")

_RIGHTFUL = "|".join(
    [
        "\U0001f3f4[\U000e0061-\U000e007a]{2,6}\U000e007f",  # the flags of England, Scotland, Wales
        f"(?<=[{_MODIFIED}])\u200d(?=[{_PICTURE}])",
        f"(?<=[{characters('[:Emoji:]')}])[\ufe0e\ufe0f]",
        f"(?<=[{characters('[:Han:]')}])[\ufe00-\ufe02\U000e0100-\U000e01ef]",
        f"(?<=[{_JOINED}])[\u200c\u200d](?=[{_JOINED}])",
    ]
)
_EITHER = re.compile(f"({_RIGHTFUL})|[{_HIDDEN}]")
_TOO_MANY = re.compile(f"([{_STACKED}]{{{MARKS}}})[{_STACKED}]+")
_SEEN = re.compile(f"[^{_HIDDEN}{characters('[[:Mn:][:Me:][:Cn:][:Co:]]')}\\s]")


def is_visible(text: str) -> bool:
    """Whether the text has any visible character."""
    return bool(_SEEN.search(text))


def has_hidden(text: str) -> bool:
    """Whether the text contains an invisible character or a bidi control."""
    return any(found.group(1) is None for found in _EITHER.finditer(text))


def has_stack(text: str) -> bool:
    """Whether a letter has more combining marks than any language uses."""
    return bool(_TOO_MANY.search(unicodedata.normalize("NFC", text)))


def without_hidden(text: str) -> str:
    """The text without the characters that `has_hidden` detects."""
    return _EITHER.sub(lambda found: found.group(1) or "", text)


def clean_text(text: str) -> str:
    """Multi-line text in NFC, without invisible characters and excessive combining marks."""
    lines = unicodedata.normalize("NFC", without_hidden(text)).replace("\r\n", "\n").replace("\r", "\n")
    return _TOO_MANY.sub(r"\1", lines).strip()


def clean_line(text: str) -> str:
    """`clean_text` on one line, with whitespace collapsed."""
    return " ".join(clean_text(text).split())
