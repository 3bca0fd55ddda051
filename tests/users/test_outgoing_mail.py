"""Mails about memberships: sent once, still true when they are sent, and never without an address."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from apps.users import services
from apps.users.models import Membership, OutgoingMail
from tests.factories import make_user
from utils.mail import keep, stamp

pytestmark = pytest.mark.django_db
Kind = OutgoingMail.Kind


def _send_all(at) -> None:
    for letter in OutgoingMail.objects.order_by("pk"):
        services.outgoing_mail.send(mail_id=letter.pk, at=at)


def _round(at) -> None:
    """What beat and a worker do."""
    services.outgoing_mail.queue_membership_reminders(at=at)
    _send_all(at)


def _member(ends_in: timedelta, **fields):
    user, now = make_user(**{"email": "lin@example.com", "language": "en", **fields}), timezone.now()
    Membership.objects.create(user=user, starts_at=now - timedelta(days=30), ends_at=now + ends_in)
    return user


def test_a_membership_is_told_of_once_before_its_end_and_once_after(kept):
    _member(timedelta(days=4))
    now = timezone.now()
    _round(now)
    assert kept.nothing()
    for days, mails in ((1.5, 1), (2, 1), (3.9, 1), (4.1, 2), (5, 2)):
        at = now + timedelta(days=days)
        services.outgoing_mail.queue_membership_reminders(at=at)
        services.outgoing_mail.queue_membership_reminders(at=at)
        _send_all(at)
        _send_all(at)
        assert len(kept.mails()) == mails
    soon, over = kept.mails()
    assert soon["subject"].startswith("Your VIP membership ends on ")
    assert over["subject"] == "Your VIP membership has ended"
    for mail in (soon, over):
        assert mail["to"] == "lin@example.com"
        assert "/order/openvip/" in mail["text"]
        assert "/order/openvip/" in mail["html"]


def test_mails_speak_the_language_of_the_account(kept):
    _member(timedelta(days=2), language="zh-hans")
    _round(timezone.now())
    assert "你的 VIP 会员将于" in kept.mails()[0]["subject"]
    assert "续费 VIP" in kept.mails()[0]["html"]


def test_a_membership_that_goes_on_is_not_said_to_end(kept):
    user = _member(timedelta(days=1))
    services.extend_membership(user=user, days=30, at=timezone.now())
    _round(timezone.now())
    _round(timezone.now() + timedelta(days=2))
    assert kept.nothing()


def test_a_letter_that_is_no_longer_true_is_not_sent(kept):
    user = _member(timedelta(days=1))
    services.outgoing_mail.queue_membership_reminders(at=timezone.now())
    services.extend_membership(user=user, days=30, at=timezone.now())
    _send_all(timezone.now())
    assert kept.nothing()
    assert OutgoingMail.objects.get().sent_at


@pytest.mark.parametrize("fields", [{"email": None}, {"is_active": False}])
def test_no_mail_without_an_address_or_after_deletion(kept, fields):
    user = _member(timedelta(days=1), **fields)
    services.outgoing_mail.queue(
        user=user, kind=Kind.PAID, reference="1", at=timezone.now(), item="x", amount="1.00", number="1"
    )
    _round(timezone.now())
    assert kept.nothing()
    assert not OutgoingMail.objects.exists()


def test_a_deleted_account_gets_no_pending_mail(kept):
    user = _member(timedelta(days=1))
    services.outgoing_mail.queue_membership_reminders(at=timezone.now())
    services.deletion.delete_account(user=user, at=timezone.now())
    _send_all(timezone.now())
    assert kept.nothing()
    assert not OutgoingMail.objects.exists()


def test_a_letter_the_server_does_not_take_is_tried_again_and_given_up(
    kept, settings, django_capture_on_commit_callbacks
):
    _member(timedelta(days=1))
    now = timezone.now()
    right = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 9
    _round(now)
    letter = OutgoingMail.objects.get()
    assert letter.sent_at is None
    assert letter.due_at == now + timedelta(minutes=5)
    _send_all(now + timedelta(hours=2))
    letter.refresh_from_db()
    assert letter.due_at == now + timedelta(hours=4)
    settings.EMAIL_BACKEND = right
    for after, handed_over in ((timedelta(hours=3), 0), (timedelta(days=3), 0), (timedelta(hours=5), 1)):
        with django_capture_on_commit_callbacks() as calls:  # not due yet; too old to be news; due
            services.outgoing_mail.send_due(at=now + after)
        assert len(calls) == handed_over
    _send_all(now + timedelta(hours=5))
    assert len(kept.mails()) == 1


def test_one_that_died_while_it_sent_is_taken_up_again(kept):
    """What a dead worker leaves: a letter that is claimed and not sent."""
    _member(timedelta(days=1))
    now = timezone.now()
    services.outgoing_mail.queue_membership_reminders(at=now)
    OutgoingMail.objects.update(due_at=now + services.outgoing_mail.RETRY_AFTER)
    _send_all(now + timedelta(minutes=1))
    assert kept.nothing()  # another worker may still be at it
    _send_all(now + timedelta(minutes=6))
    assert len(kept.mails()) == 1
    raw = next(kept.folder.glob("*.eml")).read_text()
    assert f"Message-ID: <mail-{OutgoingMail.objects.get().pk}@" in raw


def test_a_thousand_memberships_cost_few_queries(django_assert_max_num_queries):
    now = timezone.now()
    users = [make_user(email=f"m{n}@example.com") for n in range(40)]
    Membership.objects.bulk_create(
        Membership(user=u, starts_at=now - timedelta(days=9), ends_at=now + timedelta(hours=n + 1))
        for n, u in enumerate(users)
    )
    with django_assert_max_num_queries(6):  # two looks, what is known, what is new
        services.outgoing_mail.queue_membership_reminders(at=now)
    assert OutgoingMail.objects.count() == 40
    services.outgoing_mail.delete_old(at=now + timedelta(days=89))
    assert OutgoingMail.objects.count() == 40
    services.outgoing_mail.delete_old(at=now + timedelta(days=90))
    assert not OutgoingMail.objects.exists()


def test_no_half_a_message_is_taken_for_one(kept, monkeypatch):
    """A reader of the folder sees a message when it is whole; what is being written matches no pattern."""

    def dies(part, name):
        assert part.stat().st_size
        raise OSError("no space left")

    monkeypatch.setattr(Path, "rename", dies)
    with pytest.raises(OSError, match="no space"):
        keep(f"{stamp()}.eml", b"Subject: half\n\n")
    assert not list(kept.folder.glob("*.eml"))
    assert len(list(kept.folder.iterdir())) == 1
