"""The statement that is made every morning by itself, and the alarms that it raises."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from apps.orders.gateways import (
    CLOCK,
    Account,
    BillLine,
    GatewayRefused,
    GatewayUnclear,
    Trade,
    gateway,
    gateway_of,
    read_bill,
    sellers,
)
from apps.orders.models import DailyStatement, Order, Payment, Refund
from apps.orders.services.alarms import alarm
from apps.orders.services.console_refunds import book_bill
from apps.orders.services.refunds import execute_refund
from apps.orders.services.settling import settle
from apps.orders.services.statement import Difference, Statement, statement

log = logging.getLogger(__name__)
BILL_AVAILABLE_AFTER = timedelta(hours=9, minutes=30)  # of a day's end, by the gateway's clock: its bill is there
TRIED_FOR = timedelta(hours=12)  # without a bill, then an administrator has to look
LOOK_BACK = 7  # days of which a statement is made up for
TOLD = 50  # differences in one mail


def daily_statement(*, at: datetime) -> None:
    """Compare the last days that have a bill with our books, each seller's until it was done once.

    It raises an alarm where they differ, and for a day whose bill can't be had for TRIED_FOR.
    """
    last = last_billed_day(at)
    for applications in sellers():
        seller = applications[0].seller_id
        _, is_morning = DailyStatement.objects.get_or_create(day=last, seller=seller)
        if is_morning:
            _tell_of_certificates(applications, at)
        late = DailyStatement.objects.filter(seller=seller, made_at=None)
        for row in late.filter(day__gt=last - timedelta(days=LOOK_BACK), day__lte=last).order_by("day"):
            try:
                _compare(row, applications, at)
            except (OSError, ValueError, GatewayRefused, GatewayUnclear) as error:
                log.warning("No statement of %s yet: %s", _named(row), error)
                _alarm_once(row, error, at)
            else:
                DailyStatement.objects.filter(pk=row.pk).update(made_at=at)


def _tell_of_certificates(applications: Sequence[Account], at: datetime) -> None:
    """Raise an alarm before a certificate ends: on Mondays of its last month, daily in its last week.

    Alipay's own is followed by another, which is fetched once Alipay signs with it: it ends alone where none did.
    """
    for account in applications:
        try:
            through = gateway_of(account)
        except GatewayRefused:
            continue  # its keys can't be read, which is logged
        for whose, until, remedy in (
            ("The certificate", through.certified_until, "Renew it on the open platform and replace the file"),
            ("Alipay's certificate", through.sdk.trusted_until(), "Download the new one and set ALIPAY_CERT_FILE"),
        ):
            left = until - at if until else timedelta.max
            if left < timedelta(days=7) or (left < timedelta(days=30) and at.astimezone(CLOCK).weekday() == 0):
                text = f"It ends at {until}. {remedy}: without it nobody can pay."
                alarm(subject=f"{whose} of application {account.app_id} ends soon", text=text)


def _compare(row: DailyStatement, applications: Sequence[Account], at: datetime) -> None:
    told, name = check_day(day=row.day, at=at, applications=applications), _named(row)
    log.info("%s: %d lines in the bill, ¥%s; in our books ¥%s", name, told.lines, told.theirs, told.ours)
    if told.differences:
        subject = f"{len(told.differences)} differences in the statement of {name}"
        alarm(subject=subject, text=_listed(told.differences))


def _alarm_once(row: DailyStatement, error: Exception, at: datetime) -> None:
    if at - TRIED_FOR < bill_available_at(row.day):
        return
    if DailyStatement.objects.filter(pk=row.pk, alarmed_at=None).update(alarmed_at=at):
        alarm(subject=f"No statement of {_named(row)}", text=f"The gateway's bill can't be had: {error}")


def _named(row: DailyStatement) -> str:
    return f"{row.day} (seller {row.seller})" if len(sellers()) > 1 else f"{row.day}"


def _listed(differences: list[Difference]) -> str:
    rows = [
        f"{one.kind}: order {one.number or '–'}, trade {one.trade_no or '–'}, {one.request_no or '–'}, "
        f"ours {one.ours}, theirs {one.theirs}"
        for one in differences[:TOLD]
    ]
    more = [f"and {len(differences) - TOLD} more"] if len(differences) > TOLD else []
    return "\n".join([*rows, *more])


def check_day(
    *, day: date, at: datetime, content: bytes | None = None, applications: Sequence[Account] = ()
) -> Statement:
    """The statement of a day whose bill is `content`, or fetched, once the news in it has been booked.

    News are payments and refunds of which no notification and no answer told: their orders were looked at before. The
    `applications` are those of one seller, the present one unless given.
    Raises OSError, ValueError, GatewayRefused and GatewayUnclear where there is no bill to be read.
    """
    ours = applications or next(iter(sellers()), [])
    if content is None:
        content = (gateway_of(ours[0]) if ours else gateway()).bill(day=day)
    bill = read_bill(content) if content else []
    _settle_news(bill, ours, at)
    book_bill(day=day, bill=bill, at=at)
    return statement(day=day, bill=bill, app_ids=_app_ids(ours))


def _app_ids(applications: Sequence[Account]) -> list[str] | None:
    """The application ids of the rows that belong to these; None for all."""
    if len(sellers()) < 2:
        return None  # also those of applications that the settings have no more
    return [one.app_id for one in applications]


def _settle_news(bill: list[BillLine], applications: Sequence[Account], at: datetime) -> None:
    """Ask about the payments in the bill that we never heard of: the bill has no signature, the answer does."""
    came = {line.trade_no: line.number for line in bill if line.amount > 0}
    for begin in range(0, len(came), 500):
        some = dict(list(came.items())[begin : begin + 500])
        known = set(Payment.objects.filter(trade_no__in=some).values_list("trade_no", flat=True))
        ours = {order.number: order for order in Order.objects.filter(number__in=some.values())}
        for trade_no, number in some.items():
            if trade_no in known or number not in ours:
                continue
            if trade := _trade(ours[number], trade_no, applications):
                settle(trade=trade, at=at)
    numbers = [line.request_no for line in bill if line.amount < 0 and line.request_no]
    for begin in range(0, len(numbers), 500):
        waiting = Refund.objects.filter(number__in=numbers[begin : begin + 500], state=Refund.State.REQUESTED)
        for row in waiting.select_related("payment"):
            execute_refund(refund=row, at=at)


def _trade(order: Order, trade_no: str, applications: Sequence[Account]) -> Trade | None:
    """A paid trade of the order's number, by the application that it went through: most likely the order's own.

    None where nobody says so; the statement then tells of it.
    """
    own_first = sorted(applications, key=lambda one: one.app_id != order.app_id)
    for account in own_first:
        try:
            trade = gateway_of(account).query(number=order.number, trade_no=trade_no)
        except (GatewayUnclear, GatewayRefused) as unclear:
            log.warning("Trade %s of the bill: %s", trade_no, unclear)
            continue
        if trade is not None and trade.was_paid:
            return trade
    return None


def last_billed_day(at: datetime) -> date:
    """The last day whose bill the gateway has made."""
    return (at.astimezone(CLOCK) - BILL_AVAILABLE_AFTER).date() - timedelta(days=1)


def bill_available_at(day: date) -> datetime:
    """From when on the gateway has the bill of a day."""
    return datetime.combine(day, time(), CLOCK) + timedelta(days=1) + BILL_AVAILABLE_AFTER
