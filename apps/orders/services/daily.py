"""The statement that is made automatically every morning, and its alarms."""

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
BILL_AVAILABLE_AFTER = timedelta(hours=9, minutes=30)  # after the end of a day by the gateway's clock
ALARM_AFTER = timedelta(hours=12)  # without a bill
LOOK_BACK = 7  # days for which a missing statement is retried
LISTED = 50  # differences in one mail


def daily_statement(*, at: datetime) -> None:
    """Make the missing statements of recent days, per seller.

    Raise an alarm for differences, and for a bill that has been unavailable for ALARM_AFTER.
    """
    last = last_billed_day(at)
    for applications in sellers():
        seller = applications[0].seller_id
        _, is_new = DailyStatement.objects.get_or_create(day=last, seller=seller)
        if is_new:
            _alert_expiring_certificates(applications, at)
        late = DailyStatement.objects.filter(seller=seller, made_at=None)
        for row in late.filter(day__gt=last - timedelta(days=LOOK_BACK), day__lte=last).order_by("day"):
            try:
                _compare(row, applications, at)
            except (OSError, ValueError, GatewayRefused, GatewayUnclear) as error:
                log.warning("No statement of %s yet: %s", _named(row), error)
                _alarm_once(row, error, at)
            else:
                DailyStatement.objects.filter(pk=row.pk).update(made_at=at)


def _alert_expiring_certificates(applications: Sequence[Account], at: datetime) -> None:
    """Raise an alarm before a certificate expires: on Mondays of its last month, daily in its last week.

    Alipay's own certificate counts only if no successor has been downloaded.
    """
    for account in applications:
        try:
            through = gateway_of(account)
        except GatewayRefused:
            continue  # unreadable keys are logged elsewhere
        for name, until, remedy in (
            ("The certificate", through.certified_until, "Renew it on the open platform and replace the file"),
            ("Alipay's certificate", through.sdk.trusted_until(), "Download the new one and set ALIPAY_CERT_FILE"),
        ):
            left = until - at if until else timedelta.max
            if left < timedelta(days=7) or (left < timedelta(days=30) and at.astimezone(CLOCK).weekday() == 0):
                text = f"It expires at {until}. {remedy}: without it nobody can pay."
                alarm(subject=f"{name} of application {account.app_id} expires soon", text=text)


def _compare(row: DailyStatement, applications: Sequence[Account], at: datetime) -> None:
    result, name = check_day(day=row.day, at=at, applications=applications), _named(row)
    log.info("%s: %d lines in the bill, ¥%s; in our books ¥%s", name, result.lines, result.theirs, result.ours)
    if result.differences:
        subject = f"{len(result.differences)} differences in the statement of {name}"
        alarm(subject=subject, text=_listed(result.differences))


def _alarm_once(row: DailyStatement, error: Exception, at: datetime) -> None:
    if at - ALARM_AFTER < bill_available_at(row.day):
        return
    if DailyStatement.objects.filter(pk=row.pk, alarmed_at=None).update(alarmed_at=at):
        alarm(subject=f"No statement of {_named(row)}", text=f"The gateway's bill is unavailable: {error}")


def _named(row: DailyStatement) -> str:
    return f"{row.day} (seller {row.seller})" if len(sellers()) > 1 else f"{row.day}"


def _listed(differences: list[Difference]) -> str:
    rows = [
        f"{one.kind}: order {one.number or '–'}, trade {one.trade_no or '–'}, {one.request_no or '–'}, "
        f"ours {one.ours}, theirs {one.theirs}"
        for one in differences[:LISTED]
    ]
    more = [f"and {len(differences) - LISTED} more"] if len(differences) > LISTED else []
    return "\n".join([*rows, *more])


def check_day(
    *, day: date, at: datetime, content: bytes | None = None, applications: Sequence[Account] = ()
) -> Statement:
    """Book what is new in the bill of a day, given as `content` or downloaded, and make the statement.

    New are payments and refunds that neither a notification nor a query reported. `applications` are those of one
    seller, by default the current one.
    Raises OSError, ValueError, GatewayRefused and GatewayUnclear if the bill can't be read.
    """
    ours = applications or next(iter(sellers()), [])
    if content is None:
        content = (gateway_of(ours[0]) if ours else gateway()).bill(day=day)
    bill = read_bill(content) if content else []
    _settle_unknown(bill, ours, at)
    book_bill(day=day, bill=bill, at=at)
    return statement(day=day, bill=bill, app_ids=_app_ids(ours))


def _app_ids(applications: Sequence[Account]) -> list[str] | None:
    """The application ids to compare; None for all."""
    if len(sellers()) < 2:
        return None  # including applications no longer in the settings
    return [one.app_id for one in applications]


def _settle_unknown(bill: list[BillLine], applications: Sequence[Account], at: datetime) -> None:
    """Query payments of the bill that we don't know: the bill isn't signed, the answer is."""
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
    """The paid trade, queried at the order's own application first.

    None if no application confirms it; the statement then lists it.
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
    """The last day whose bill is available."""
    return (at.astimezone(CLOCK) - BILL_AVAILABLE_AFTER).date() - timedelta(days=1)


def bill_available_at(day: date) -> datetime:
    """When the bill of a day becomes available."""
    return datetime.combine(day, time(), CLOCK) + timedelta(days=1) + BILL_AVAILABLE_AFTER
