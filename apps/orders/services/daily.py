"""The statement of each morning: nobody has to ask for it, and trouble is told."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta

from apps.orders.gateways import CLOCK, GatewayRefused, GatewayUnclear, gateway, is_offered, read_bill
from apps.orders.services.alarms import alarm
from apps.orders.services.console_refunds import book_bill
from apps.orders.services.statement import statement

log = logging.getLogger(__name__)
MADE_AFTER = timedelta(hours=9, minutes=30)  # of a day's end, by the gateway's clock: its bill is there
TOLD = 50  # differences in one mail


def daily_statement(*, at: datetime) -> None:
    """Compare the last day that has a bill with our books, and raise an alarm where they differ or there is none."""
    if not is_offered():
        return
    day = last_billed(at)
    try:
        bill = read_bill(gateway().bill(day=day))
    except (OSError, ValueError, GatewayRefused, GatewayUnclear) as error:
        alarm(subject=f"No statement of {day}", text=f"The gateway's bill can't be had: {error}")
        return
    book_bill(day=day, bill=bill, at=at)
    told = statement(day=day, bill=bill)
    log.info("%s: %d lines in the bill, ¥%s; in our books ¥%s", day, told.lines, told.theirs, told.ours)
    if not told.differences:
        return
    rows = [
        f"{one.trouble}: order {one.number or '–'}, trade {one.trade_no or '–'}, {one.request_no or '–'}, "
        f"ours {one.ours}, theirs {one.theirs}"
        for one in told.differences[:TOLD]
    ]
    more = [f"and {len(told.differences) - TOLD} more"] if len(told.differences) > TOLD else []
    alarm(subject=f"{len(told.differences)} differences in the statement of {day}", text="\n".join([*rows, *more]))


def last_billed(at: datetime) -> date:
    """The last day whose bill the gateway has made."""
    return (at.astimezone(CLOCK) - MADE_AFTER).date() - timedelta(days=1)
