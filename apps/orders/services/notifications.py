"""Gateway notifications: stored as received, then verified."""

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
FETCHED_EVERY = 60  # seconds between two downloads of certificates named by notifications
FIELDS = 100  # of a notification; Alipay sends about thirty

# Anyone can send these: only a limited number is kept, truncated and for a limited time.
UNBELIEVED = (Verdict.MALFORMED, Verdict.FORGED, Verdict.FOREIGN)
SPAN = timedelta(hours=1)
FROM_ONE_ADDRESS, FROM_ALL = 50, 200  # in a SPAN
BEGINNING = 2048  # characters
KEPT = timedelta(days=7)
SWEPT = 100  # rows that one sweep removes


def receive(*, body: bytes, address: str | None, at: datetime) -> Notification:
    """Store a notification and act on it. Only SETTLED and NOTED mean that it needn't be sent again.

    An unsigned one is answered as well, but stored only within the limits above.
    """
    # not every database stores zero bytes; what isn't UTF-8 isn't from Alipay, but is kept
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
    notification.save()  # as received, before it is verified
    notification.verdict = _act(notification, params, through, at) if through else Verdict.FOREIGN
    notification.save(update_fields=["verdict", "order"])
    return notification


def _has_room(address: str | None, at: datetime) -> bool:
    """Whether another unverified notification may be stored."""
    lately = Notification.objects.filter(received_at__gt=at - SPAN, received_at__lte=at, verdict__in=UNBELIEVED)
    senders = list(lately.values_list("address", flat=True)[:FROM_ALL])
    return len(senders) < FROM_ALL and senders.count(address) < FROM_ONE_ADDRESS


def _forget_old(at: datetime) -> None:
    old = Notification.objects.filter(received_at__lt=at - KEPT, verdict__in=UNBELIEVED)
    Notification.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:SWEPT])).delete()


def _params(body: bytes) -> dict[str, str]:
    """The parameters; empty if the body can't be parsed."""
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, strict_parsing=True, max_num_fields=FIELDS, errors="strict"
        )
    except ValueError:
        return {}
    params = dict(pairs)
    return params if len(params) == len(pairs) else {}  # a repeated name makes the signature ambiguous


def _addressed(params: dict[str, str]) -> AlipayGateway | None:
    """The gateway of the addressed application, else the current one; None if it has no usable keys."""
    known = accounts()
    wanted = [account for account in known if account.app_id == params.get("app_id")] or known
    try:
        return gateway_of(wanted[0]) if wanted else None
    except GatewayRefused:  # its keys can't be read, which is logged
        return None


def _judge(params: dict[str, str], through: AlipayGateway) -> Notification.Verdict:
    """RECEIVED if the gateway signed them for us; otherwise the reason to reject them."""
    if not through.is_signed(params):
        if sn := through.needs_certificate(params):
            _fetch_soon(through.app_id, sn)  # the gateway sends it again
        return Verdict.FORGED
    return Verdict.RECEIVED if through.is_ours(params) else Verdict.FOREIGN


def _fetch_soon(app_id: str, sn: str) -> None:
    """Enqueue the download of the certificate that a notification names; rate-limited, as anyone can name one."""
    if cache.add(f"alipay:{app_id}:certificate", 1, FETCHED_EVERY):
        try:
            enqueue("orders.fetch_certificate", expires=FETCHED_EVERY, app_id=app_id, sn=sn)
        except NotQueued as error:
            log.warning("The certificate %s: %s", sn, error)


def fetch_certificate(*, app_id: str, sn: str) -> None:
    """Download a certificate that a notification names and we don't have."""
    for account in accounts():
        if account.app_id == app_id:
            try:
                gateway_of(account).fetch_certificate(sn)
            except (GatewayUnclear, GatewayRefused) as error:
                log.warning("The certificate %s: %s", sn, error)


def _act(
    notification: Notification, params: dict[str, str], through: AlipayGateway, at: datetime
) -> Notification.Verdict:
    """Act on a verified notification and return the outcome."""
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
