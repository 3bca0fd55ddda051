"""Browsers that signed in to an account before. The owner gets an email about sign-ins from any other."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from apps.users.models import KnownBrowser, User

KEPT = timedelta(days=365)  # after the last sign-in
MOST = 20  # per account


def recognize(named: dict[int, str]) -> dict[int, str]:
    """Filter the browser names from the cookie, by account id, to those still known to the accounts."""
    if not named:
        return {}
    wanted = {pk: _digest(name) for pk, name in named.items()}
    known = KnownBrowser.objects.filter(user__in=wanted, digest__in=wanted.values()).values_list("user_id", "digest")
    return {pk: named[pk] for pk, digest in known if wanted[pk] == digest}


def record_sign_in(*, user: User, name: str, user_agent: str, at: datetime) -> bool:
    """Record a sign-in; returns whether the browser was known. Beyond MOST, the oldest are deleted."""
    seen = {"user_agent": user_agent, "last_at": at}
    _row, is_new = KnownBrowser.objects.update_or_create(
        user=user, digest=_digest(name), defaults=seen, create_defaults={**seen, "created_at": at}
    )
    if is_new:
        kept = KnownBrowser.objects.filter(user=user).order_by("-last_at", "-pk")
        KnownBrowser.objects.filter(pk__in=list(kept.values_list("pk", flat=True)[MOST:])).delete()
    return not is_new


def forget(*, user: User, browser_id: int) -> bool:
    """Forget the browser; False if the account doesn't know it."""
    return bool(KnownBrowser.objects.filter(user=user, pk=browser_id).delete()[0])


def forget_others(*, user: User, keep: str) -> None:
    """Forget every browser except the one named `keep`."""
    KnownBrowser.objects.filter(user=user).exclude(digest=_digest(keep)).delete()


def matches(browser: KnownBrowser, name: str) -> bool:
    """Whether the browser has this name."""
    return browser.digest == _digest(name)


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
