"""The three names an account can be called by, and what each may look like."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

_PHONE = re.compile(r"^(?:(?:\+|00)?86)?(1[3-9]\d{9})$", re.ASCII)
_USERNAME = re.compile(r"^[\w.-]+$")
SHORTEST, LONGEST = 2, 30  # characters of a user name
RESERVED = {
    "admin",
    "administrator",
    "root",
    "system",
    "official",
    "streamsite",
    "support",
    "管理员",
    "官方",
    "客服",
    "系统",
}


def normalize_phone(text: str) -> str:
    """A mainland number as +8613800138000 (full-width digits, blanks and a missing +86 allowed), else ""."""
    digits = re.sub(r"[\s()-]", "", unicodedata.normalize("NFKC", text))
    found = _PHONE.match(digits)
    return f"+86{found.group(1)}" if found else ""


def normalize_email(text: str) -> str:
    """An address as it is stored: trimmed, half-width, lower case."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def normalize_username(text: str) -> str:
    """A user name as it is stored: trimmed, half-width, lower case. Ｌｉｎ, LIN and lin are one."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).strip().casefold())


def validate_username(name: str) -> None:
    """Raise ValidationError unless the normalized name may be chosen: it can't be taken for an e-mail or a phone."""
    if not SHORTEST <= len(name) <= LONGEST:
        raise ValidationError(
            _("A user name has %(least)s to %(most)s characters.") % {"least": SHORTEST, "most": LONGEST}
        )
    if not _USERNAME.match(name):
        raise ValidationError(_("Use letters, digits, dots, hyphens and underscores only."))
    if name.isdigit():
        raise ValidationError(_("A user name can't be a number."))
    if name in RESERVED:
        raise ValidationError(_("This user name is reserved. Please choose another."))


def mask_email(email: str) -> str:
    """l***@example.com: enough for its owner to know it."""
    name, _at, domain = email.partition("@")
    return f"{name[:1]}***@{domain}"


def mask_phone(phone: str) -> str:
    """+86 138****8000: enough for its owner to know it."""
    return f"{phone[:3]} {phone[3:6]}****{phone[-4:]}"
