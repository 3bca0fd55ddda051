"""Normalization and validation of usernames, nicknames, emails and phone numbers."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.users.reserved_names import impersonates_staff
from utils.confusables import mixes_scripts
from utils.plain_text import characters, clean_line, has_hidden, has_stack, is_visible

_PHONE = re.compile(r"^(?:(?:\+|00)?86)?(1[3-9]\d{9})$", re.ASCII)
# from ICU, whose Unicode tables are newer than Python's
_LETTER, _MARK = characters("[[:L:][:N:]]"), characters("[:M:]")
_USERNAME = re.compile(f"[{_LETTER}{_MARK}._-]+")
_FOREIGN = re.compile(f"[^{_LETTER}{_MARK}._-]")
_BEGINS = re.compile(f"[._-]*[{_LETTER}]")  # a combining mark needs a base letter
SHORTEST, LONGEST = 2, 30  # characters of a user name
LONGEST_NICKNAME = 30


def normalize_phone(text: str) -> str:
    """A mainland China mobile number as +8613800138000, else "". Accepts full-width digits, blanks, no +86."""
    digits = re.sub(r"[\s()-]", "", unicodedata.normalize("NFKC", text))
    found = _PHONE.match(digits)
    return f"+86{found.group(1)}" if found else ""


def normalize_email(text: str) -> str:
    """The stored form of an email address: trimmed, half-width, lower case."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def normalize_username(text: str) -> str:
    """The stored form of a username: trimmed, half-width, lower case. Ｌｉｎ, LIN and lin are the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).strip().casefold())


def validate_username(name: str) -> None:
    """Raise ValidationError unless the normalized name is allowed; it must not resemble an email or a phone number."""
    if not SHORTEST <= len(name) <= LONGEST:
        raise ValidationError(
            _("Usernames must have %(least)s to %(most)s characters.") % {"least": SHORTEST, "most": LONGEST}
        )
    reject_spoofing(name)
    if not _USERNAME.fullmatch(name):
        raise ValidationError(_("Use only letters, digits, dots, hyphens and underscores."))
    if not _BEGINS.match(name):
        raise ValidationError(_("Usernames must contain at least one letter."))
    if name.isdigit():
        raise ValidationError(_("Usernames can't be all digits."))
    if impersonates_staff(name):
        raise ValidationError(_("This username is reserved. Choose another one."))


def clean_nickname(text: str) -> str:
    """The stored form of a nickname: NFC, single blanks. Raises ValidationError for spoofing characters."""
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    if composed:
        reject_spoofing(composed)
    return composed


def reject_spoofing(name: str) -> None:
    """Raise ValidationError for names with invisible, stacked or mixed-script characters (UTS #39)."""
    if not is_visible(name):
        raise ValidationError(_("This name has no visible characters."))
    if has_hidden(name):
        raise ValidationError(_("This name contains invisible characters. Type it instead of pasting it."))
    if has_stack(name):
        raise ValidationError(_("A letter in this name has too many accents."))
    if mixes_scripts(name):
        raise ValidationError(
            _(
                "Don't mix alphabets within a word. Latin letters can only be combined with Chinese, Japanese or Korean"
                " characters."
            )
        )


def adopt(text: str) -> str:
    """A valid username derived from a display name at another site; "" if nothing usable remains."""
    letters = normalize_username(clean_line(text).partition("@")[0])
    name = _FOREIGN.sub("", letters)[:LONGEST]
    try:
        validate_username(name)
    except ValidationError:
        return ""
    return name


def mask_email(email: str) -> str:
    """l***@example.com: recognizable to its owner only."""
    name, _at, domain = email.partition("@")
    return f"{name[:1]}***@{domain}"


def mask_phone(phone: str) -> str:
    """+86 138****8000: recognizable to its owner only."""
    return f"{phone[:3]} {phone[3:6]}****{phone[-4:]}"
