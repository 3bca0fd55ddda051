"""Rate limits for accounts, designed so that no client can lock out another.

Hard limits count per client: its address, its address at one account, or its known browser. Failures of strangers
at an account reduce the strangers' allowance there, but never to zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.users.models import User
from utils.ratelimit import Limit, count, take

MINUTE, HOUR = 60.0, 3600.0  # seconds
UNDER_ATTACK = 30  # failed attempts by strangers at one account within an hour


class Throttled(Exception):
    """Rate limit reached; retry after `wait` seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"{wait:.0f} s")
        self.wait = wait


@dataclass(frozen=True)
class Client:
    """The client: its network (IPv4 address or IPv6 /64), and its known browser name by account id."""

    address: str
    devices: dict[int, str] = field(default_factory=dict)


def spend(*limits: Limit) -> None:
    """Count one attempt against all limits. Raises Throttled."""
    if wait := take(limits):
        raise Throttled(wait)


def sign_in_limits(*, name: str, user: User | None, client: Client) -> list[Limit]:
    """Limits for a sign-in attempt; the same for an account that doesn't exist."""
    account = str(user.pk) if user else f"unknown:{name[:100]}"
    if user and (device := client.devices.get(user.pk)):
        return [Limit(f"in:device:{device}:{account}", 10, 15 * MINUTE)]
    strangers = Limit(f"in:account:{account}", 1_000_000, HOUR)  # a counter to read; the limit is never reached
    here = 2 if count(strangers) >= UNDER_ATTACK else 5
    return [
        Limit(f"in:address:{client.address}", 30, 5 * MINUTE),
        Limit(f"in:address:{client.address}:{account}", here, 15 * MINUTE),
        strangers,
    ]


def code_limits(*, user: User) -> list[Limit]:
    """Limits for second-factor codes, per account: only clients with the correct password get here."""
    return [Limit(f"code:{user.pk}", 10, 15 * MINUTE)]


def sign_in_mail_limits(*, user: User) -> list[Limit]:
    """Limits for new-device emails, with which an attacker who knows the password could flood the owner's mailbox."""
    return [Limit(f"sign-in-letter:{user.pk}", 10, HOUR)]


def message_limits(*, kind: str, recipient: str, client: Client) -> list[Limit]:
    """Limits for an email or SMS to `recipient`, requested by an anonymous client."""
    return [
        Limit(f"{kind}:address:{client.address}", 20, HOUR),
        Limit(f"{kind}:address:{client.address}:{recipient[:100]}", 4, 15 * MINUTE),
    ]


def flood_limits(*, kind: str, recipient: str, known: bool) -> list[Limit]:
    """Limits per mailbox or phone, regardless of the client that requests the messages.

    A known browser of the account has a separate allowance, which strangers can't use up.
    """
    if known:
        return [Limit(f"{kind}:known:{recipient[:100]}", 5, HOUR)]
    return [Limit(f"{kind}:to:{recipient[:100]}", 30 if kind == "mail" else 10, HOUR)]


def own_limits(*, kind: str, user: User) -> list[Limit]:
    """Limits for signed-in users: password checks and requested messages."""
    return [Limit(f"own:{kind}:{user.pk}", 10, 15 * MINUTE)]
