"""What checks, alarms and the administration say of certificates."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as site
from django.urls import reverse
from django.utils import timezone

from apps.orders import services
from apps.orders.checks import check_payments
from apps.orders.gateways import GatewayRefused, gateway
from apps.orders.gateways.accounts import build
from apps.orders.gateways.certificates import leaves, read_certificates, sn_of
from apps.orders.models import AlipayCertificate, Order
from tests.factories import make_user
from tests.orders.certificates.files import HERE, certify, text_of
from tests.orders.steps import pay_url

pytestmark = pytest.mark.django_db(transaction=True)


def test_checks_say_what_is_wrong_with_certificates(settings, folder, tmp_path):
    settings.PAYMENT_GATEWAY, settings.ALIPAY_GATEWAY_URL = "alipay", "https://openapi.alipay.com/gateway.do"
    certify(settings, folder)

    def ids() -> list[str]:
        return [message.id for message in check_payments()]

    assert ids() == []
    settings.ALIPAY_APP_CERT_FILE = str(folder / "gateway.crt")
    assert ids() == ["orders.E006"]  # not the private key's
    settings.ALIPAY_APP_CERT_FILE = ""
    assert ids() == ["orders.E004"]
    settings.ALIPAY_APP_CERT_FILE = str(folder / "app.crt")
    settings.ALIPAY_CERT_FILE = str(HERE / "sandbox_alipay.crt")
    assert ids() == ["orders.E007", "orders.E008"]  # expired, and no chain
    settings.ALIPAY_GATEWAY_URL = "https://openapi-sandbox.dl.alipaydev.com/gateway.do"
    assert ids() == ["orders.E007", "orders.W001"]
    settings.ALIPAY_CERT_FILE = str(tmp_path / "nothing.crt")
    assert ids() == ["orders.E004"]


def test_an_alarm_is_raised_before_the_certificate_ends(certified, settings, mailed):
    settings.MONEY_ALARMS_TO = "money@example.com"
    ends = gateway().certified_until
    for days, told in ((60, 0), (5, 1), (4, 2)):
        services.daily_statement(at=ends - timedelta(days=days))
        services.daily_statement(at=ends - timedelta(days=days))
        assert sum("The certificate of" in mail.subject for mail in mailed) == told


def test_an_alarm_is_raised_where_alipays_last_certificate_ends(renewed, plan, settings, mailed):
    """Not for the one of the file, which another has followed."""
    settings.MONEY_ALARMS_TO = "money@example.com"
    [old] = leaves(read_certificates(Path(settings.ALIPAY_CERT_FILE).read_text()))
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    renewed.pay(pay_url(order))
    services.query_order(order=Order.objects.get(pk=order.pk), at=timezone.now())
    build.cache_clear()  # another process, which has to look what this one fetched
    ends = gateway().sdk.trusted_until()
    assert ends > old.not_valid_after_utc
    for days, told in ((60, 0), (5, 1)):
        services.daily_statement(at=ends - timedelta(days=days))
        assert sum("Alipay's certificate of" in mail.subject for mail in mailed) == told


def test_the_administration_shows_the_certificates_and_which_are_in_use(renewed, plan, settings, client):
    order = services.place_order(user=make_user(), item=plan, at=timezone.now())
    renewed.pay(pay_url(order))
    services.query_order(order=Order.objects.get(pk=order.pk), at=timezone.now())
    expired = text_of("sandbox_alipay")
    sn = sn_of(read_certificates(expired)[0])
    AlipayCertificate.objects.create(app_id=site.ALIPAY_APP_ID, sn=sn, content=expired, fetched_at=timezone.now())
    AlipayCertificate.objects.create(app_id="1", sn="0" * 32, content="broken", fetched_at=timezone.now())
    told = {
        row.sn: services.certificate_of(row=row, at=timezone.now()).is_used for row in AlipayCertificate.objects.all()
    }
    assert told == {renewed.cashier.sn: True, sn: False, "0" * 32: False}
    client.force_login(make_user(is_staff=True, is_superuser=True))
    address = reverse("admin:orders_alipaycertificate_changelist")
    page = client.get(address).content.decode()
    files = [
        read_certificates(Path(getattr(settings, f"ALIPAY_{name}_FILE")).read_text())[0]
        for name in ("APP_CERT", "CERT")
    ]
    for number in (*told, *(sn_of(one) for one in files)):
        assert number in page
    assert page.count("使用中") == 3
    assert f"Local cashier-{site.ALIPAY_SELLER_ID}" in page
    assert client.get(f"{address}add/").status_code == 403
    row = AlipayCertificate.objects.get(sn="0" * 32)
    assert client.get(f"{address}{row.pk}/change/").status_code == 200
    assert client.post(f"{address}{row.pk}/change/", {"sn": "1"}).status_code == 403


def test_checks_see_the_own_key_in_the_place_of_alipays(settings, folder):
    settings.PAYMENT_GATEWAY, settings.ALIPAY_GATEWAY_URL = "alipay", "https://openapi.alipay.com/gateway.do"
    assert check_payments() == []
    settings.ALIPAY_PUBLIC_KEY_FILE = str(folder / "app_public.pem")
    assert [message.id for message in check_payments()] == ["orders.E006"]
    with pytest.raises(GatewayRefused):
        gateway()
