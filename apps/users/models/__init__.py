"""Accounts, memberships and the credentials of accounts."""

from apps.users.models.accounts import AccountManager, Membership, MembershipQuerySet, User
from apps.users.models.audit import AccountEvent, AuditEntry
from apps.users.models.credentials import (
    Device,
    Identity,
    KnownBrowser,
    PhoneCode,
    RecoveryCode,
    Registration,
    SecondFactor,
)
from apps.users.models.outgoing_mail import OutgoingMail

__all__ = [
    "AccountEvent",
    "AccountManager",
    "AuditEntry",
    "Device",
    "Identity",
    "KnownBrowser",
    "Membership",
    "MembershipQuerySet",
    "OutgoingMail",
    "PhoneCode",
    "RecoveryCode",
    "Registration",
    "SecondFactor",
    "User",
]
