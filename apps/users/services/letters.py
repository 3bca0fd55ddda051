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

from apps.users.models import Letter, Membership, User
from apps.users.services import mails
from apps.users.services.memberships import is_member, membership_end
from utils.tasks import NotQueued, enqueue

log = logging.getLogger(__name__)
ENDS_SOON = timedelta(days=3)  # before a membership's end its owner is told
LOOK_BACK = timedelta(days=3)  # for memberships that ended while nobody looked
TRY_AGAIN = timedelta(minutes=5)  # at first; longer than a task may run, so that two never send the same one
TRIED_FOR = timedelta(days=3)  # then the news is old
KEPT = timedelta(days=90)  # far longer than anything can be told again
AT_ONCE = 500  # rows


def write(*, user: User, kind: Letter.Kind, reference: str, at: datetime, **context: Any) -> None:
    """Owe the user a letter about what this transaction does; the queue sends it after the commit.

    A second one about the same changes nothing, and who has no address gets none.
    """
    if not user.is_active or not user.email:
        return
    letter, is_new = Letter.objects.get_or_create(
        kind=kind, reference=reference, defaults={"user": user, "context": context, "created_at": at, "due_at": at}
    )
    if is_new:
        transaction.on_commit(lambda: _hand_over(letter.pk))


def _hand_over(pk: int) -> None:
    try:
        enqueue("accounts.send_letter", letter_id=pk)
    except NotQueued as error:
        log.warning("Letter %s waits: %s", pk, error)


def send_due(*, at: datetime) -> None:
    """Hand over again what wasn't sent."""
    waiting = Letter.objects.filter(sent_at=None, due_at__lte=at, created_at__gt=at - TRIED_FOR).order_by("due_at")
    for pk in list(waiting.values_list("pk", flat=True)[:AT_ONCE]):
        enqueue("accounts.send_letter", letter_id=pk)


def send(*, letter_id: int, at: datetime) -> None:
    """Send a letter that is due and still true. One that the server doesn't take is due again later, ever less often.

    A process that dies between sending and noting it sends the same message, with the same Message-ID, once more.
    """
    letter = Letter.objects.select_related("user").filter(pk=letter_id, sent_at=None, due_at__lte=at).first()
    if letter is None:
        return
    mine = Letter.objects.filter(pk=letter.pk, sent_at=None, due_at=letter.due_at)
    if not mine.update(due_at=at + max(TRY_AGAIN, at - letter.created_at)):
        return  # another worker got there first
    if letter.user.is_active and letter.user.email and _is_true(letter, at):
        try:
            _mail(letter, letter.user.email)
        except OSError as error:
            log.warning("Letter %s wasn't sent: %s", letter.pk, error)
            return
    Letter.objects.filter(pk=letter.pk).update(sent_at=at)


def _is_true(letter: Letter, at: datetime) -> bool:
    """Whether the membership hasn't been extended, or taken back, since."""
    if letter.kind == Letter.Kind.ENDING:
        return membership_end(user=letter.user, at=at) == datetime.fromisoformat(letter.context["end"])
    return letter.kind != Letter.Kind.ENDED or not is_member(user=letter.user, at=at)


def _mail(letter: Letter, to: str) -> None:
    context = dict(letter.context)
    for moment in {"end", "when"} & context.keys():
        context[moment] = datetime.fromisoformat(context[moment])
    language = context.pop("language", "")
    mails.deliver(
        template=letter.kind, to=to, language=letter.user.language or language, name=letter.user.username,
        message_id=f"<letter-{letter.pk}@{urlsplit(settings.SITE_URL).hostname}>", **context,
    )  # fmt: skip


def write_about_memberships(*, at: datetime) -> None:
    """Owe a letter to everyone whose membership ends within ENDS_SOON or has ended, unless it goes on."""
    reachable = Membership.objects.filter(user__is_active=True, user__email__isnull=False)
    later = Membership.objects.filter(user=OuterRef("user"), ends_at__gt=OuterRef("ends_at"))
    ending = reachable.filter(ends_at__gt=at, ends_at__lte=at + ENDS_SOON)
    ended = reachable.filter(ends_at__gt=at - LOOK_BACK, ends_at__lte=at)
    goes_on = Exists(later.filter(starts_at__lte=OuterRef("ends_at")))
    _write_all(Letter.Kind.ENDING, ending.exclude(goes_on), at)
    _write_all(Letter.Kind.ENDED, ended.exclude(Exists(later.filter(starts_at__lte=at))), at)


def _write_all(kind: Letter.Kind, periods: QuerySet[Membership], at: datetime) -> None:
    ends = {f"{user_id}:{end.astimezone(UTC).isoformat()}": (user_id, end) for user_id, end in _ends(periods)}
    references = list(ends)
    for begin in range(0, len(references), AT_ONCE):
        some = references[begin : begin + AT_ONCE]
        known = set(Letter.objects.filter(kind=kind, reference__in=some).values_list("reference", flat=True))
        fresh = [
            Letter(
                user_id=ends[reference][0], kind=kind, reference=reference, created_at=at, due_at=at,
                context={"end": ends[reference][1].isoformat()},
            )
            for reference in some
            if reference not in known
        ]  # fmt: skip
        Letter.objects.bulk_create(fresh, ignore_conflicts=True)  # of two runs at once, one writes


def _ends(periods: QuerySet[Membership]) -> Iterator[tuple[int, datetime]]:
    yield from periods.values_list("user_id", "ends_at").iterator()


def forget_old(*, at: datetime) -> None:
    """What can't be told again any more."""
    Letter.objects.filter(created_at__lte=at - KEPT).delete()
