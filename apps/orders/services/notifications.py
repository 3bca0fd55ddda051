"""What the gateway tells by itself: kept as it came, then believed or not."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from apps.orders.gateways import gateway
from apps.orders.models import Notification, Order
from apps.orders.services.settling import settle

Verdict = Notification.Verdict
FIELDS = 100  # of a notification; Alipay sends about thirty

# What anybody can send: of these so many are kept, for so long, and no more than their beginning.
UNBELIEVED = (Verdict.MALFORMED, Verdict.FORGED, Verdict.FOREIGN)
SPAN = timedelta(hours=1)
FROM_ONE_ADDRESS, FROM_ALL = 50, 200  # in a SPAN
BEGINNING = 2048  # characters
KEPT = timedelta(days=7)
SWEPT = 100  # rows that one sweep removes


def receive(*, body: bytes, address: str | None, at: datetime) -> Notification:
    """Keep a notification and act on it. Only a verdict of SETTLED or NOTED means that it need not come again.

    One that the gateway didn't sign is answered all the same, but kept only while few of its kind come.
    """
    # a text field takes no zero bytes on every database; what is not UTF-8 isn't from Alipay, but is kept
    text = body.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
    notification = Notification(gateway=gateway().name, body=text, address=address, received_at=at)
    params, verdict = _read(body)
    if verdict in UNBELIEVED:
        notification.verdict, notification.body = verdict, text[:BEGINNING]
        if _has_room(address, at):
            _forget_old(at)
            notification.save()
        return notification
    notification.save()  # as it came, before it is believed
    notification.verdict = _act(notification, params, at)
    notification.save(update_fields=["verdict", "order"])
    return notification


def _has_room(address: str | None, at: datetime) -> bool:
    """Whether another one that isn't the gateway's is kept."""
    lately = Notification.objects.filter(received_at__gt=at - SPAN, received_at__lte=at, verdict__in=UNBELIEVED)
    senders = list(lately.values_list("address", flat=True)[:FROM_ALL])
    return len(senders) < FROM_ALL and senders.count(address) < FROM_ONE_ADDRESS


def _forget_old(at: datetime) -> None:
    old = Notification.objects.filter(received_at__lt=at - KEPT, verdict__in=UNBELIEVED)
    Notification.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:SWEPT])).delete()


def _read(body: bytes) -> tuple[dict[str, str], Notification.Verdict]:
    """The parameters, and RECEIVED where the gateway signed them for us; else why they count for nothing."""
    chosen = gateway()
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, strict_parsing=True, max_num_fields=FIELDS, errors="strict"
        )
    except ValueError:
        return {}, Verdict.MALFORMED
    params = dict(pairs)
    if len(params) != len(pairs):
        return {}, Verdict.MALFORMED  # a name twice: which of the two was signed?
    if not chosen.is_signed(params):
        return {}, Verdict.FORGED
    if not chosen.is_ours(params):
        return {}, Verdict.FOREIGN
    return params, Verdict.RECEIVED


def _act(notification: Notification, params: dict[str, str], at: datetime) -> Notification.Verdict:
    """What a notification of the gateway's comes to."""
    chosen = gateway()
    try:
        trade = chosen.read_notification(params)
    except ValueError:
        return Verdict.MALFORMED
    notification.order = Order.objects.filter(number=trade.number).first()
    if notification.order is None:
        return Verdict.UNKNOWN
    if not trade.was_paid:
        return Verdict.NOTED
    settle(trade=trade, at=at)
    return Verdict.SETTLED
