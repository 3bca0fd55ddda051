"""Signed-in devices: one per session."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, login, update_session_auth_hash
from django.contrib.sessions.backends.base import UpdateError
from django.core.cache import cache
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from ua_parser import parse

from apps.users.models import Device, User
from apps.users.services import credentials
from utils.databases import unless_full

DEVICE = "device"  # session key: the id of the Device
SEEN_EVERY = 300  # seconds between updates of last_seen_at
AGENT_LENGTH = 300  # characters


def sign_in(*, request: HttpRequest, user: User, at: datetime) -> Device:
    """Sign the browser in with a new session key."""
    login(request, user, backend="apps.users.backends.AnyNameBackend")
    device = Device.objects.create(
        user=user,
        session_key=request.session.session_key or "",
        user_agent=request.META.get("HTTP_USER_AGENT", "")[:AGENT_LENGTH],
        created_at=at,
        last_seen_at=at,
    )
    request.session[DEVICE] = device.pk
    return device


def keep_after_password_change(*, request: HttpRequest, user: User) -> None:
    """After a password change, keep this browser signed in with a new session key and sign out the others."""
    update_session_auth_hash(request, user)
    Device.objects.filter(pk=request.session.get(DEVICE) or 0).update(session_key=request.session.session_key or "")
    sign_out_others(user=user, keep=request.session.session_key)


def keep_current(*, request: HttpRequest, user: User) -> None:
    """After the account got a new stamp, keep this session and end the others, within the caller's transaction.

    Raises CredentialsChanged.

    The session key doesn't change, so that a double click finds the browser still signed in.
    """
    request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    try:
        request.session.save()
    except UpdateError as error:  # another browser signed this one out meanwhile
        raise credentials.CredentialsChanged from error
    request.session.modified = False  # saving again after the commit could overwrite a concurrent change
    sign_out_others(user=user, keep=request.session.session_key)


def renew_session_hash(*, request: HttpRequest) -> None:
    """After SECRET_KEY was rotated, renew the session's auth hash under the new key.

    Django would also change the session key: the Device row would lose its session, and of two concurrent requests
    the later one would find no session and sign the browser out.
    """
    if not settings.SECRET_KEY_FALLBACKS or SESSION_KEY not in request.session:
        return
    user = User.objects.filter(pk=request.session[SESSION_KEY]).first()
    kept = request.session.get(HASH_SESSION_KEY, "")
    if user and any(constant_time_compare(kept, old) for old in user.get_session_auth_fallback_hash()):
        request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()


def record_activity(*, device_id: int, at: datetime) -> None:
    """Update last_seen_at, at most every SEEN_EVERY seconds."""
    if cache.add(f"device-seen:{device_id}", 1, SEEN_EVERY):
        with unless_full():
            Device.objects.filter(pk=device_id).update(last_seen_at=at)


def sign_out(*, user: User, device_id: int) -> bool:
    """Sign out one of the user's devices; False if there is no such device."""
    return bool(_sign_out(Device.objects.filter(user=user, pk=device_id)))


def sign_out_others(*, user: User, keep: str | None) -> int:
    """Sign out all devices except the session `keep`; returns the number signed out."""
    return _sign_out(Device.objects.filter(user=user).exclude(session_key=keep or ""))


def sign_out_all(*, user: User) -> int:
    """Sign out all devices; returns the number signed out."""
    return _sign_out(Device.objects.filter(user=user))


def as_rows(rows: Iterable[Device], *, current: int | None) -> list[dict[str, Any]]:
    """The devices for a list on a page, the current one first."""
    found = [{"device": row, "name": describe(row.user_agent), "current": row.pk == current} for row in rows]
    return sorted(found, key=lambda row: not row["current"])


def describe(user_agent: str) -> tuple[str, str]:
    """(browser, system) from a User-Agent header, "" if unknown: ("Chrome", "Windows")."""
    parsed = parse(user_agent)
    browser = parsed.user_agent.family if parsed.user_agent else ""
    system = parsed.os.family if parsed.os else ""
    return ("" if browser == "Other" else browser), ("" if system == "Other" else system)


def label(name: tuple[str, str]) -> str:
    """The words for a browser that `describe` found: Chrome on Windows."""
    browser, system = name
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or _("Unknown browser")


def _sign_out(devices: QuerySet[Device]) -> int:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    count = 0
    for device in devices:
        store(device.session_key).delete()
        device.delete()
        count += 1
    return count
