"""Alipay's new certificate is fetched, checked and trusted beside the old one."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings as site
from django.utils import timezone

from apps.orders import services
from apps.orders.gateways import GatewayUnclear, gateway, trust
from apps.orders.gateways.certificates import read_certificates, sn_of
from apps.orders.models import AlipayCertificate, Notification, Order, OrderState
from tests.cashier import body
from tests.factories import make_user
from tests.orders.certificates.files import text_of
from tests.orders.steps import pay_url
from utils.tasks import queue_length

pytestmark = pytest.mark.django_db(transaction=True)
Verdict = Notification.Verdict


def test_an_answer_under_a_new_certificate_fetches_it(renewed, plan, client):
    till = renewed
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    trade = till.pay(pay_url(order))
    assert services.query_order(order=Order.objects.get(pk=order.pk), at=timezone.now()).state == OrderState.FULFILLED
    assert AlipayCertificate.objects.get().sn == till.cashier.sn
    assert services.receive(body=body(till.notification(trade)), address=None, at=timezone.now()).verdict == "settled"


def test_a_notification_under_a_new_certificate_has_the_queue_fetch_it(renewed, plan):
    """No foreign server in a web thread, and one question however many numbers are invented."""
    with current_app.connection_for_write() as connection:
        connection.default_channel.client.delete("money")  # type: ignore[attr-defined]
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    notification = body(renewed.notification(renewed.pay(pay_url(order))))
    for _ in range(3):
        assert services.receive(body=notification, address=None, at=timezone.now()).verdict == Verdict.FORGED
    assert queue_length("money") == 1
    services.fetch_certificate(app_id=site.ALIPAY_APP_ID, sn=renewed.cashier.sn)
    assert services.receive(body=notification, address=None, at=timezone.now()).verdict == Verdict.SETTLED


def test_the_old_certificate_is_believed_beside_the_new_one(renewed, plan, folder, settings):
    """In flight: signed before the change, delivered after it."""
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    renewed.pay(pay_url(order))
    services.query_order(order=Order.objects.get(pk=order.pk), at=timezone.now())
    assert set(gateway().sdk._trust._known) == {renewed.cashier.sn, sn_of(read_certificates(Path(settings.ALIPAY_CERT_FILE).read_text())[0])}  # type: ignore[attr-defined]  # fmt: skip # noqa: E501


def test_a_fetched_certificate_has_to_be_alipays(renewed, folder):
    """The same root issues merchants' certificates: the application's own chains, and is another holder's."""
    sdk = gateway().sdk
    app = (folder / "app.crt").read_bytes()
    for content, sn, why in [
        (app, sn_of(read_certificates(app.decode())[0]), "issued to"),
        ((folder / "gateway.crt").read_bytes(), "0" * 32, "another certificate"),
        (text_of("sandbox_alipay").encode(), sn_of(read_certificates(text_of("sandbox_alipay"))[0]), "expired"),
        (b"x", "0" * 32, "no certificate"),
    ]:
        with pytest.raises(ValueError, match=why):
            sdk._trust.learn(sn, base64.b64encode(content).decode())
    assert not AlipayCertificate.objects.exists()


def test_a_number_that_the_gateway_does_not_know_is_unclear(certified):
    with pytest.raises(GatewayUnclear):
        gateway().fetch_certificate("0" * 32)


def test_an_expired_certificate_verifies_nothing(certified, plan, monkeypatch):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    notification = certified.notification(certified.pay(pay_url(order)))
    assert gateway().is_signed(notification)
    later = timezone.now() + timedelta(days=4000)
    monkeypatch.setattr(trust.timezone, "now", lambda: later)  # type: ignore[attr-defined]
    assert not gateway().is_signed(notification)
