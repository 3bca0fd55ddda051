"""What the gateway tells by itself: kept as it came, then believed or not."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from django.core.cache import cache

from apps.orders.gateways import AlipayGateway, GatewayRefused, GatewayUnclear, accounts, gateway_of
from apps.orders.models import Notification, Order
from apps.orders.services.settling import settle
from utils.tasks import NotQueued, enqueue

log = logging.getLogger(__name__)
Verdict = Notification.Verdict
FETCHED_EVERY = 60  # seconds between two certificates that notifications name
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
    params, verdict = _params(body), Verdict.MALFORMED
    through = _addressed(params)
    if params and through:
        verdict = _judge(params, through)
    notification = Notification(gateway=through.name if through else "", body=text, address=address, received_at=at)
    if verdict in UNBELIEVED:
        notification.verdict, notification.body = verdict, text[:BEGINNING]
        if _has_room(address, at):
            _forget_old(at)
            notification.save()
        return notification
    notification.save()  # as it came, before it is believed
    notification.verdict = _act(notification, params, through, at) if through else Verdict.FOREIGN
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


def _params(body: bytes) -> dict[str, str]:
    """The parameters; none where the body can't be read."""
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, strict_parsing=True, max_num_fields=FIELDS, errors="strict"
        )
    except ValueError:
        return {}
    params = dict(pairs)
    return params if len(params) == len(pairs) else {}  # a name twice: which of the two was signed?


def _addressed(params: dict[str, str]) -> AlipayGateway | None:
    """The gateway of the application that it is for, else the present one; None where none can be used."""
    known = accounts()
    wanted = [account for account in known if account.app_id == params.get("app_id")] or known
    try:
        return gateway_of(wanted[0]) if wanted else None
    except GatewayRefused:  # its keys can't be read, which is logged
        return None


def _judge(params: dict[str, str], through: AlipayGateway) -> Notification.Verdict:
    """RECEIVED where the gateway signed them for us; else why they count for nothing."""
    if not through.is_signed(params):
        if sn := through.needs_certificate(params):
            _fetch_soon(through.app_id, sn)  # the gateway sends it again
        return Verdict.FORGED
    return Verdict.RECEIVED if through.is_ours(params) else Verdict.FOREIGN


def _fetch_soon(app_id: str, sn: str) -> None:
    """Have the queue fetch the certificate that a notification names: anybody can name one, so one at a time."""
    if cache.add(f"alipay:{app_id}:certificate", 1, FETCHED_EVERY):
        try:
            enqueue("orders.fetch_certificate", expires=FETCHED_EVERY, app_id=app_id, sn=sn)
        except NotQueued as error:
            log.warning("The certificate %s: %s", sn, error)


def fetch_certificate(*, app_id: str, sn: str) -> None:
    """What the queue does about a notification that names a certificate that we don't have."""
    for account in accounts():
        if account.app_id == app_id:
            try:
                gateway_of(account).fetch_certificate(sn)
            except (GatewayUnclear, GatewayRefused) as error:
                log.warning("The certificate %s: %s", sn, error)


def _act(
    notification: Notification, params: dict[str, str], through: AlipayGateway, at: datetime
) -> Notification.Verdict:
    """What a notification of the gateway's comes to."""
    try:
        trade = through.read_notification(params)
    except ValueError:
        return Verdict.MALFORMED
    notification.order = Order.objects.filter(number=trade.number).first()
    if notification.order is None:
        return Verdict.UNKNOWN
    if not trade.was_paid:
        return Verdict.NOTED
    settle(trade=trade, at=at)
    return Verdict.SETTLED
