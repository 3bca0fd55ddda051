"""Deletes expired account data."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session

from apps.users.models import Device, KnownBrowser, PhoneCode, Registration
from apps.users.services import known_browsers, outgoing_mail
from apps.users.services.registration import KEPT

CODES_KEPT = timedelta(days=1)


def delete_expired(*, at: datetime) -> None:
    """Delete expired sessions and their devices, unused known browsers, unfinished sign-ups, old codes and old mail."""
    Session.objects.filter(expire_date__lte=at).delete()
    Device.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()
    Registration.objects.filter(created_at__lte=at - KEPT).delete()
    KnownBrowser.objects.filter(last_at__lte=at - known_browsers.KEPT).delete()
    PhoneCode.objects.filter(expires_at__lte=at - CODES_KEPT).delete()
    outgoing_mail.delete_old(at=at)
