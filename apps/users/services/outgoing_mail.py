"""Mails about money, membership and sign-ins.

Each is a row, unique for what it tells, so that nothing is told twice or lost.
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
ENDS_SOON = timedelta(days=3)  # before a membership's end its owner is told
LOOK_BACK = timedelta(days=3)  # for memberships that ended while nobody looked
RETRY_AFTER = timedelta(minutes=5)  # at first; longer than a task may run, so that two never send the same one
TRIED_FOR = timedelta(days=3)  # then the news is old
KEPT = timedelta(days=90)  # far longer than anything can be told again
AT_ONCE = 500  # rows


def queue(*, user: User, kind: OutgoingMail.Kind, reference: str, at: datetime, **context: Any) -> None:
    """Owe the user a mail about what this transaction does; the queue sends it after the commit.

    A second one about the same changes nothing, and who has no address gets none.
    """
    if not user.is_active or not user.email:
        return
    mail, is_new = OutgoingMail.objects.get_or_create(
        kind=kind, reference=reference, defaults={"user": user, "context": context, "created_at": at, "due_at": at}
    )
    if is_new:
        transaction.on_commit(lambda: _hand_over(mail.pk))


def _hand_over(pk: int) -> None:
    try:
        enqueue("accounts.send_mail", mail_id=pk)
    except NotQueued as error:
        log.warning("OutgoingMail %s waits: %s", pk, error)


def send_due(*, at: datetime) -> None:
    """Hand over again what wasn't sent."""
    waiting = OutgoingMail.objects.filter(sent_at=None, due_at__lte=at, created_at__gt=at - TRIED_FOR).order_by(
        "due_at"
    )
    for pk in list(waiting.values_list("pk", flat=True)[:AT_ONCE]):
        enqueue("accounts.send_mail", mail_id=pk)


def send(*, mail_id: int, at: datetime) -> None:
    """Send a mail that is due and still true. One that the server doesn't take is due again later, ever less often.

    A process that dies between sending and noting it sends the same message, with the same Message-ID, once more.
    """
    mail = OutgoingMail.objects.select_related("user").filter(pk=mail_id, sent_at=None, due_at__lte=at).first()
    if mail is None:
        return
    mine = OutgoingMail.objects.filter(pk=mail.pk, sent_at=None, due_at=mail.due_at)
    if not mine.update(due_at=at + max(RETRY_AFTER, at - mail.created_at)):
        return  # another worker got there first
    if mail.user.is_active and mail.user.email and _is_true(mail, at):
        try:
            _mail(mail, mail.user.email)
        except OSError as error:
            log.warning("OutgoingMail %s wasn't sent: %s", mail.pk, error)
            return
    OutgoingMail.objects.filter(pk=mail.pk).update(sent_at=at)


def _is_true(mail: OutgoingMail, at: datetime) -> bool:
    """Whether the membership hasn't been extended, or taken back, since."""
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
    """Owe a mail to everyone whose membership ends within ENDS_SOON or has ended, unless it goes on."""
    reachable = Membership.objects.filter(user__is_active=True, user__email__isnull=False)
    later = Membership.objects.filter(user=OuterRef("user"), ends_at__gt=OuterRef("ends_at"))
    ending = reachable.filter(ends_at__gt=at, ends_at__lte=at + ENDS_SOON)
    ended = reachable.filter(ends_at__gt=at - LOOK_BACK, ends_at__lte=at)
    goes_on = Exists(later.filter(starts_at__lte=OuterRef("ends_at")))
    _queue_all(OutgoingMail.Kind.ENDING, ending.exclude(goes_on), at)
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
        OutgoingMail.objects.bulk_create(fresh, ignore_conflicts=True)  # of two runs at once, one writes


def _ends(periods: QuerySet[Membership]) -> Iterator[tuple[int, datetime]]:
    yield from periods.values_list("user_id", "ends_at").iterator()


def delete_old(*, at: datetime) -> None:
    """What can't be told again any more."""
    OutgoingMail.objects.filter(created_at__lte=at - KEPT).delete()
