"""What the gateway tells by itself: kept as it came, then believed or not."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qsl

from apps.orders.gateways import gateway
from apps.orders.models import Notification, Order
from apps.orders.services.settling import settle

Verdict = Notification.Verdict
FIELDS = 100  # of a notification; Alipay sends about thirty


def receive(*, body: bytes, address: str | None, at: datetime) -> Notification:
    """Keep a notification and act on it. Only a verdict of SETTLED or NOTED means that it need not come again."""
    chosen = gateway()
    notification = Notification.objects.create(
        gateway=chosen.name,
        # a text field takes no zero bytes on every database; what is not UTF-8 isn't from Alipay, but is kept
        body=body.decode("utf-8", "backslashreplace").replace("\x00", "\\x00"),
        address=address,
        received_at=at,
    )
    notification.verdict = _judge(notification, body, at)
    notification.save(update_fields=["verdict", "order"])
    return notification


def _judge(notification: Notification, body: bytes, at: datetime) -> Notification.Verdict:
    chosen = gateway()
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, strict_parsing=True, max_num_fields=FIELDS, errors="strict"
        )
    except ValueError:
        return Verdict.MALFORMED
    params = dict(pairs)
    if len(params) != len(pairs):
        return Verdict.MALFORMED  # a name twice: which of the two was signed?
    if not chosen.is_signed(params):
        return Verdict.FORGED
    if not chosen.is_ours(params):
        return Verdict.FOREIGN
    try:
        trade = chosen.read_notification(params)
    except ValueError:
        return Verdict.MALFORMED
    notification.order = Order.objects.filter(number=trade.number).first()
    if notification.order is None:
        return Verdict.UNKNOWN
    if not trade.status.is_paid:
        return Verdict.NOTED
    settle(trade=trade, at=at)
    return Verdict.SETTLED
