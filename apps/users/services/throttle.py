"""How often one may try. Nobody can use up anybody else's tries.

What is refused outright is counted for the client that asks: its address, its address at one account, its own
trusted device. What strangers do to an account only makes strangers' allowance at it smaller, never none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.users.models import User
from utils.ratelimit import Limit, count, take

MINUTE, HOUR = 60.0, 3600.0  # seconds
UNDER_ATTACK = 30  # failures of strangers at one account in an hour


class Throttled(Exception):
    """Too often: `wait` seconds are left."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"{wait:.0f} s")
        self.wait = wait


@dataclass(frozen=True)
class Client:
    """Who asks: the neighbourhood of the address, and by account id the device that signed in to it before."""

    address: str
    devices: dict[int, str] = field(default_factory=dict)


def spend(*limits: Limit) -> None:
    """Count one against all. Raises Throttled."""
    if wait := take(limits):
        raise Throttled(wait)


def sign_in_limits(*, name: str, user: User | None, client: Client) -> list[Limit]:
    """What a try to sign in counts against; the same for an account that doesn't exist."""
    account = str(user.pk) if user else f"unknown:{name[:100]}"
    if user and (device := client.devices.get(user.pk)):
        return [Limit(f"in:device:{device}:{account}", 10, 15 * MINUTE)]
    strangers = Limit(f"in:account:{account}", 1_000_000, HOUR)  # looked at, never reached
    here = 2 if count(strangers) >= UNDER_ATTACK else 5
    return [
        Limit(f"in:address:{client.address}", 30, 5 * MINUTE),
        Limit(f"in:address:{client.address}:{account}", here, 15 * MINUTE),
        strangers,
    ]


def code_limits(*, user: User) -> list[Limit]:
    """Second factor: only who knows the password gets here, so the account alone is counted."""
    return [Limit(f"code:{user.pk}", 10, 15 * MINUTE)]


def sign_in_mail_limits(*, user: User) -> list[Limit]:
    """Letters about sign-ins on new devices: whoever knows the password could fill the owner's mailbox with them."""
    return [Limit(f"sign-in-letter:{user.pk}", 10, HOUR)]


def message_limits(*, kind: str, recipient: str, client: Client) -> list[Limit]:
    """A mail or text message to `recipient`, asked for by somebody who isn't signed in."""
    return [
        Limit(f"{kind}:address:{client.address}", 20, HOUR),
        Limit(f"{kind}:address:{client.address}:{recipient[:100]}", 4, 15 * MINUTE),
    ]


def flood_limits(*, kind: str, recipient: str, known: bool) -> list[Limit]:
    """However many ask: what one mailbox or phone is sent.

    A browser that signed in to the account before has an allowance of its own, which strangers can't use up.
    """
    if known:
        return [Limit(f"{kind}:known:{recipient[:100]}", 5, HOUR)]
    return [Limit(f"{kind}:to:{recipient[:100]}", 30 if kind == "mail" else 10, HOUR)]


def own_limits(*, kind: str, user: User) -> list[Limit]:
    """What a signed-in user does to the own account: passwords typed, messages asked for."""
    return [Limit(f"own:{kind}:{user.pk}", 10, 15 * MINUTE)]
