"""Emails about payments, memberships and sign-ins, sent at least once through a transactional outbox.

Each email is a row, unique per event, so that none is lost or sent for the same event twice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from apps.users.models import Membership, OutgoingMail, User
from apps.users.services import mailer
from apps.users.services.memberships import is_member, membership_end
from utils.tasks import NotQueued, enqueue

log = logging.getLogger(__name__)
ENDS_SOON = timedelta(days=3)  # reminder before a membership ends
LOOK_BACK = timedelta(days=3)  # for memberships that ended while no worker ran
RETRY_AFTER = timedelta(minutes=5)  # longer than the task's time limit, so that two workers never send one
RETRY_FOR = timedelta(days=3)  # after that it is outdated
KEPT = timedelta(days=90)  # far longer than any event can be reported again
AT_ONCE = 500  # rows


def queue(*, user: User, kind: OutgoingMail.Kind, reference: str, at: datetime, **context: Any) -> None:
    """Store an email about the current transaction; the queue sends it after the commit.

    Idempotent per event. Users without an email address are skipped.
    """
    if not user.is_active or not user.email:
        return
    mail, is_new = OutgoingMail.objects.get_or_create(
        kind=kind, reference=reference, defaults={"user": user, "context": context, "created_at": at, "due_at": at}
    )
    if is_new:
        transaction.on_commit(lambda: _enqueue(mail.pk))


def _enqueue(pk: int) -> None:
    try:
        enqueue("accounts.send_mail", mail_id=pk)
    except NotQueued as error:
        log.warning("Email %s is waiting for the queue: %s", pk, error)


def send_due(*, at: datetime) -> None:
    """Enqueue unsent emails that are due again."""
    waiting = OutgoingMail.objects.filter(sent_at=None, due_at__lte=at, created_at__gt=at - RETRY_FOR).order_by(
        "due_at"
    )
    for pk in list(waiting.values_list("pk", flat=True)[:AT_ONCE]):
        enqueue("accounts.send_mail", mail_id=pk)


def send(*, mail_id: int, at: datetime) -> None:
    """Send an email that is due and still applies. If the server rejects it, it is retried at growing intervals.

    If a worker dies between sending and recording it, the message is sent again with the same Message-ID.
    """
    mail = OutgoingMail.objects.select_related("user").filter(pk=mail_id, sent_at=None, due_at__lte=at).first()
    if mail is None:
        return
    mine = OutgoingMail.objects.filter(pk=mail.pk, sent_at=None, due_at=mail.due_at)
    if not mine.update(due_at=at + max(RETRY_AFTER, at - mail.created_at)):
        return  # another worker claimed it first
    if mail.user.is_active and mail.user.email and _still_applies(mail, at):
        try:
            _mail(mail, mail.user.email)
        except OSError as error:
            log.warning("Email %s wasn't sent: %s", mail.pk, error)
            return
    OutgoingMail.objects.filter(pk=mail.pk).update(sent_at=at)


def _still_applies(mail: OutgoingMail, at: datetime) -> bool:
    """Whether the email still applies: the membership wasn't extended or revoked since."""
    if mail.kind == OutgoingMail.Kind.ENDING:
        return membership_end(user=mail.user, at=at) == datetime.fromisoformat(mail.context["end"])
    return mail.kind != OutgoingMail.Kind.ENDED or not is_member(user=mail.user, at=at)


def _mail(mail: OutgoingMail, to: str) -> None:
    context = dict(mail.context)
    for moment in {"end", "when"} & context.keys():
        context[moment] = datetime.fromisoformat(context[moment])
    language = context.pop("language", "")
    mailer.deliver(
        template=mail.kind, to=to, language=mail.user.language or language, name=mail.user.username,
        message_id=f"<mail-{mail.pk}@{urlsplit(settings.SITE_URL).hostname}>", **context,
    )  # fmt: skip


def queue_membership_reminders(*, at: datetime) -> None:
    """Store an email for every membership that ends within ENDS_SOON or has ended, unless it is continued."""
    reachable = Membership.objects.filter(user__is_active=True, user__email__isnull=False)
    later = Membership.objects.filter(user=OuterRef("user"), ends_at__gt=OuterRef("ends_at"))
    ending = reachable.filter(ends_at__gt=at, ends_at__lte=at + ENDS_SOON)
    ended = reachable.filter(ends_at__gt=at - LOOK_BACK, ends_at__lte=at)
    continued = Exists(later.filter(starts_at__lte=OuterRef("ends_at")))
    _queue_all(OutgoingMail.Kind.ENDING, ending.exclude(continued), at)
    _queue_all(OutgoingMail.Kind.ENDED, ended.exclude(Exists(later.filter(starts_at__lte=at))), at)


def _queue_all(kind: OutgoingMail.Kind, periods: QuerySet[Membership], at: datetime) -> None:
    ends = {f"{user_id}:{end.astimezone(UTC).isoformat()}": (user_id, end) for user_id, end in _ends(periods)}
    references = list(ends)
    for begin in range(0, len(references), AT_ONCE):
        some = references[begin : begin + AT_ONCE]
        known = set(OutgoingMail.objects.filter(kind=kind, reference__in=some).values_list("reference", flat=True))
        fresh = [
            OutgoingMail(
                user_id=ends[reference][0], kind=kind, reference=reference, created_at=at, due_at=at,
                context={"end": ends[reference][1].isoformat()},
            )
            for reference in some
            if reference not in known
        ]  # fmt: skip
        OutgoingMail.objects.bulk_create(fresh, ignore_conflicts=True)  # of two concurrent runs, one inserts


def _ends(periods: QuerySet[Membership]) -> Iterator[tuple[int, datetime]]:
    yield from periods.values_list("user_id", "ends_at").iterator()


def delete_old(*, at: datetime) -> None:
    """Delete emails older than KEPT; their events can't be reported again."""
    OutgoingMail.objects.filter(created_at__lte=at - KEPT).delete()
