"""Language names and tags."""

from __future__ import annotations

from babel import Locale, UnknownLocaleError

ISO_639_2 = {
    "chi": "zh", "zho": "zh", "cmn": "zh", "eng": "en", "jpn": "ja", "kor": "ko", "fre": "fr", "fra": "fr", "ger": "de",
    "deu": "de", "spa": "es", "ita": "it", "por": "pt", "rus": "ru", "tha": "th", "vie": "vi", "ara": "ar", "hin": "hi",
    "ind": "id", "may": "ms", "msa": "ms",
}  # fmt: skip


def language_name(code: str) -> str:
    """The language's own name ("中文" for zh, chi or zho), else the code; "" stays empty."""
    if not code or code == "und":
        return ""
    short = ISO_639_2.get(code, code)
    try:
        return Locale.parse(short.replace("-", "_")).get_display_name() or code
    except (UnknownLocaleError, ValueError):
        return code


def language_tag(code: str) -> str:
    """The BCP 47 tag of a language as containers name it (ISO 639-2, "chi"); "" if undefined."""
    code = code.strip()[:20].replace("_", "-")
    short = code.lower()
    return "" if short in {"", "und", "mis", "mul", "zxx", "qaa"} else ISO_639_2.get(short, code)
