"""Names of languages, in themselves."""

from __future__ import annotations

from babel import Locale, UnknownLocaleError

ISO_639_2 = {"chi": "zh", "zho": "zh", "eng": "en", "jpn": "ja", "kor": "ko", "fre": "fr", "fra": "fr", "ger": "de"}


def language_name(code: str) -> str:
    """The language's own name ("中文" for zh, chi or zho), else the code; "" stays empty."""
    if not code or code == "und":
        return ""
    short = ISO_639_2.get(code, code)
    try:
        return Locale.parse(short.replace("-", "_")).get_display_name() or code
    except (UnknownLocaleError, ValueError):
        return code
