"""Account deletion and data export."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.crypto import get_random_string

from apps.users.models import (
    AccountEvent,
    AuditEntry,
    Device,
    Identity,
    KnownBrowser,
    Membership,
    OutgoingMail,
    PhoneCode,
    Registration,
    User,
)
from apps.users.services import avatars, devices, second_factor


class LastAdministrator(Exception):
    """The account is the only active administrator."""


@transaction.atomic
def delete_account(*, user: User, at: datetime) -> None:
    """Erase personal data and keep an empty account for the orders that must be retained by law.

    Each module of PERSONAL_DATA erases its app's data. Raises LastAdministrator.
    """
    admins = User.objects.select_for_update().filter(is_superuser=True, is_active=True, locked_at=None)
    if user.is_superuser and not admins.exclude(pk=user.pk).exists():
        raise LastAdministrator
    for name in settings.PERSONAL_DATA:
        import_module(name).erase(user=user)
    devices.sign_out_all(user=user)
    second_factor.turn_off(user=user)
    Identity.objects.filter(user=user).delete()
    OutgoingMail.objects.filter(user=user).delete()
    KnownBrowser.objects.filter(user=user).delete()
    if user.email:
        Registration.objects.filter(email=user.email).delete()
    if user.phone:
        Registration.objects.filter(phone=user.phone).delete()
        PhoneCode.objects.filter(phone=user.phone).delete()
    own = AuditEntry.objects.filter(actor=user, action__in=AccountEvent.values)
    own.update(actor=None, actor_name="", address="", details="")
    AuditEntry.objects.filter(actor=user).update(actor=None)
    avatars.remove(user=user)
    user.username = _free_name(user)
    user.email = user.phone = user.email_verified_at = user.phone_verified_at = None
    user.nickname = user.language = user.new_email = ""
    user.is_active = user.is_staff = user.is_superuser = False
    user.password = make_password(None)
    user.user_permissions.clear()
    user.groups.clear()
    user.save()


def _free_name(user: User) -> str:
    """A username for the empty account; avoids clashes with names chosen before they were reserved."""
    name = f"deleted-{user.pk}"
    taken = User.objects.confusable_with(name).exclude(pk=user.pk).exists()
    return f"{name}-{get_random_string(6).lower()}" if taken else name


def export(*, user: User) -> dict[str, Any]:
    """All personal data of the user, as JSON-serializable values."""
    data: dict[str, Any] = {
        "account": {
            "username": user.username, "nickname": user.nickname, "email": user.email, "phone": user.phone,
            "language": user.language, "email_verified_at": user.email_verified_at,
            "new_email": user.new_email, "password_changed_at": user.password_changed_at,
            "phone_verified_at": user.phone_verified_at, "registered_at": user.date_joined,
            "last_sign_in_at": user.last_login, "picture": user.avatar_url,
        },
        "memberships": list(Membership.objects.filter(user=user).values("starts_at", "ends_at", "reason")),
        "devices": list(Device.objects.filter(user=user).values("user_agent", "created_at", "last_seen_at")),
        "known_browsers": list(
            KnownBrowser.objects.filter(user=user).values("user_agent", "created_at", "last_at")
        ),
        "account_events": list(
            AuditEntry.objects.filter(actor=user, action__in=AccountEvent.values).values(
                "at", "action", "details", "address"
            )
        ),
        "emails": list(OutgoingMail.objects.filter(user=user).values("kind", "context", "created_at", "sent_at")),
        "identities": list(Identity.objects.filter(user=user).values("provider", "subject", "created_at")),
    }  # fmt: skip
    for name in settings.PERSONAL_DATA:
        data.update(import_module(name).export(user=user))
    return data
