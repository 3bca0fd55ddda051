"""Two-step verification: an authenticator app (TOTP, RFC 6238) or a recovery code."""

from __future__ import annotations

import secrets
import unicodedata
from datetime import datetime

import pyotp
import segno
from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare

from apps.users.models import RecoveryCode, SecondFactor, User
from apps.users.services import credentials
from apps.users.services.throttle import code_limits, spend
from utils.hashing import keyed_hash, keyed_hashes
from utils.ratelimit import give_back

STEP = 30  # seconds per code
DRIFT = 1  # steps of tolerated clock drift, both ways
RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without look-alike characters


class WrongCode(Exception):
    """The code is incorrect or already used."""


def is_on(*, user: User) -> bool:
    """Whether sign-in requires a code."""
    return SecondFactor.objects.filter(user=user).exclude(confirmed_at=None).exists()


def begin(*, user: User) -> SecondFactor:
    """The secret for the authenticator app; required at sign-in only after `confirm`."""
    factor, _made = SecondFactor.objects.get_or_create(user=user, defaults={"secret": pyotp.random_base32()})
    if not factor.secret:  # encrypted under a lost key
        factor.secret = pyotp.random_base32()
        factor.save(update_fields=["secret"])
    return factor


def provisioning_uri(*, factor: SecondFactor) -> str:
    """What an authenticator app reads: secret, account and site (Key Uri Format of Google Authenticator)."""
    return pyotp.TOTP(factor.secret).provisioning_uri(name=factor.user.username, issuer_name=settings.SITE_NAME)


def qr_code(*, factor: SecondFactor) -> str:
    """The provisioning URI as a QR code, in an SVG data URI."""
    return segno.make(provisioning_uri(factor=factor), error="m").svg_data_uri(scale=5, border=3, light="white")


@transaction.atomic
def confirm(*, user: User, code: str, at: datetime) -> list[str]:
    """Turn it on with a first code; returns the recovery codes to show once. Raises WrongCode, CredentialsChanged."""
    credentials.lock_account(user=user)
    factor = SecondFactor.objects.filter(user=user, confirmed_at=None).first()
    if factor is None or not _use_app_code(factor, code, at):
        raise WrongCode
    SecondFactor.objects.filter(pk=factor.pk).update(confirmed_at=at)
    return renew_recovery_codes(user=user)


@transaction.atomic
def renew_recovery_codes(*, user: User) -> list[str]:
    """Generate new recovery codes; the old ones stop working. Raises CredentialsChanged."""
    credentials.lock_account(user=user)
    fresh = [
        "-".join("".join(secrets.choice(ALPHABET) for _ in range(5)) for _ in range(2)) for _ in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(
        [RecoveryCode(user=user, digest=keyed_hash(_hashed(user, code))) for code in fresh]
    )
    return fresh


def verify(*, user: User, code: str, at: datetime) -> None:
    """Accept an app code or a recovery code, each only once. Raises Throttled, WrongCode."""
    limits = code_limits(user=user)
    spend(*limits)
    factor = SecondFactor.objects.filter(user=user).exclude(confirmed_at=None).first()
    if factor is None or not (_use_app_code(factor, code, at) or _use_recovery_code(user, code, at)):
        raise WrongCode
    give_back(limits)


@transaction.atomic
def turn_off(*, user: User) -> None:
    """Turn it off and delete the recovery codes."""
    SecondFactor.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()


def _use_app_code(factor: SecondFactor, code: str, at: datetime) -> bool:
    typed = "".join(unicodedata.normalize("NFKC", code).split())
    now = int(at.timestamp()) // STEP
    if not factor.secret:
        return False  # encrypted under a lost key: no code matches
    totp = pyotp.TOTP(factor.secret, interval=STEP)
    for step in range(now - DRIFT, now + DRIFT + 1):
        if constant_time_compare(totp.at(step * STEP), typed):
            return bool(SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step).update(last_step=step))
    return False


def _use_recovery_code(user: User, code: str, at: datetime) -> bool:
    typed = unicodedata.normalize("NFKC", code).strip().lower()
    rows = RecoveryCode.objects.filter(user=user, digest__in=keyed_hashes(_hashed(user, typed)), used_at=None)
    return bool(rows.update(used_at=at))


def _hashed(user: User, code: str) -> str:
    return f"recovery-code:{user.pk}:{code.replace('-', '')}"
