"""The browsers that signed in to an account before. A sign-in of any other is told to its owner."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from apps.users.models import KnownBrowser, User

KEPT = timedelta(days=365)  # since the last sign-in
MOST = 20  # of one account


def recognize(named: dict[int, str]) -> dict[int, str]:
    """Of the names by account id that a browser shows, those that the accounts still know."""
    if not named:
        return {}
    wanted = {pk: _digest(name) for pk, name in named.items()}
    known = KnownBrowser.objects.filter(user__in=wanted, digest__in=wanted.values()).values_list("user_id", "digest")
    return {pk: named[pk] for pk, digest in known if wanted[pk] == digest}


def record_sign_in(*, user: User, name: str, user_agent: str, at: datetime) -> bool:
    """Note that the browser signed in; returns whether the account knew it. Of too many the oldest go."""
    seen = {"user_agent": user_agent, "last_at": at}
    _row, is_new = KnownBrowser.objects.update_or_create(
        user=user, digest=_digest(name), defaults=seen, create_defaults={**seen, "created_at": at}
    )
    if is_new:
        kept = KnownBrowser.objects.filter(user=user).order_by("-last_at", "-pk")
        KnownBrowser.objects.filter(pk__in=list(kept.values_list("pk", flat=True)[MOST:])).delete()
    return not is_new


def forget(*, user: User, browser_id: int) -> bool:
    """Take the browser for a stranger from now on; False if the account knows no such one."""
    return bool(KnownBrowser.objects.filter(user=user, pk=browser_id).delete()[0])


def forget_others(*, user: User, keep: str) -> None:
    """Take every browser but the one of that name for a stranger."""
    KnownBrowser.objects.filter(user=user).exclude(digest=_digest(keep)).delete()


def matches(browser: KnownBrowser, name: str) -> bool:
    """Whether it is the browser that shows this name."""
    return browser.digest == _digest(name)


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
