"""Accounts and what proves that somebody is their owner."""

from apps.users.models.accounts import AccountManager, Membership, MembershipQuerySet, User
from apps.users.models.audit import AccountEvent, AuditEntry
from apps.users.models.letters import Letter
from apps.users.models.proofs import (
    Device,
    Identity,
    KnownBrowser,
    PhoneCode,
    RecoveryCode,
    Registration,
    SecondFactor,
)

__all__ = [
    "AccountEvent",
    "AccountManager",
    "AuditEntry",
    "Device",
    "Identity",
    "KnownBrowser",
    "Letter",
    "Membership",
    "MembershipQuerySet",
    "PhoneCode",
    "RecoveryCode",
    "Registration",
    "SecondFactor",
    "User",
]
