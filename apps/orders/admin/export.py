"""Streaming CSV export of orders."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.orders.models import Order

BATCH = 500  # orders in memory at once
RISKY = ("=", "+", "-", "@", "\t", "\r")  # spreadsheets treat a cell that starts with one of these as a formula


class _Echo:
    """A file-like object whose `write` returns the text, so that csv.writer can stream."""

    def write(self, text: str) -> str:
        return text


def csv_of(orders: QuerySet[Order]) -> StreamingHttpResponse:
    """Stream the orders with their payments, in list order, as UTF-8 with a byte order mark."""
    name = f"orders-{timezone.localtime():%Y%m%d-%H%M%S}.csv"
    response = StreamingHttpResponse(_lines(orders), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _lines(orders: QuerySet[Order]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    headings = [
        _("Order number"), _("User"), _("Type"), _("Item"), _("Status"), _("List price"), _("Discount"), _("Coupon"),
        _("Amount"), _("Received"), _("Refunded"), _("Payment method"), _("Transaction ID"), _("Placed at"),
        _("Paid at"), _("Closed at"), _("Refunded at"),
    ]  # fmt: skip
    yield "\ufeff" + writer.writerow(headings)
    rows = orders.select_related("user", "coupon").prefetch_related("payments")
    for order in rows.iterator(chunk_size=BATCH):
        yield writer.writerow([_plain(cell) for cell in _cells(order)])


def _cells(order: Order) -> list[str]:
    payments = list(order.payments.all())
    return [
        order.number, order.user.get_username(), str(order.get_kind_display()), order.subject,
        str(order.get_state_display()), str(order.list_price), str(order.discount),
        order.coupon.code if order.coupon else "", str(order.amount), str(sum(p.amount for p in payments)),
        str(sum(p.refunded for p in payments)), " ".join(p.gateway for p in payments),
        " ".join(p.trade_no for p in payments),
        *(_moment(at) for at in (order.created_at, order.paid_at, order.closed_at, order.refunded_at)),
    ]  # fmt: skip


def _moment(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}" if at else ""


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(RISKY) else cell
