"""Accounts and what proves that somebody is their owner."""

from apps.users.models.accounts import AccountManager, Membership, MembershipQuerySet, User
from apps.users.models.audit import AuditEntry
from apps.users.models.letters import Letter
from apps.users.models.proofs import Device, Identity, PhoneCode, RecoveryCode, Registration, SecondFactor

__all__ = [
    "AccountManager",
    "AuditEntry",
    "Device",
    "Identity",
    "Letter",
    "Membership",
    "MembershipQuerySet",
    "PhoneCode",
    "RecoveryCode",
    "Registration",
    "SecondFactor",
    "User",
]
