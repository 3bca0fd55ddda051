"""No request waits for a foreign server: seen by what it connects to, wherever money moves or news is sent."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator

import pytest
import requests
from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.orders.models import Order, OrderState, Payment
from apps.orders.services.alarms import alarm
from apps.users import providers
from tests.factories import make_plan, make_sale, make_user
from utils.tasks import queue_length

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "right horse battery"
_watched: dict[int, list[object]] = {}  # by thread: the addresses that it connected to


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and (found := _watched.get(threading.get_ident())) is not None:
        address = arguments[1]
        if isinstance(address, tuple) and str(address[1]) != str(settings.DATABASES["default"].get("PORT")):
            found.append(address)


sys.addaudithook(_note)  # there for good, and silent outside `connected`


@pytest.fixture
def connected() -> Iterator[list[object]]:
    """What this thread connects to over the network, the database apart; Valkey has a Unix socket."""
    _watched[threading.get_ident()] = found = []
    yield found
    del _watched[threading.get_ident()]


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes every connection and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        listening.settimeout(60)  # a thread that failed never comes
        yield listening


@pytest.fixture
def outside(silent, settings) -> int:
    """The port at which everything foreign is."""
    port = silent.getsockname()[1]
    settings.ALIPAY_GATEWAY_URL = f"http://127.0.0.1:{port}/gateway.do"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.SMS_SENDER = "tests.deploy.test_web_threads.Sender"
    settings.MONEY_ALARMS_TO = "money@example.com"
    for queue in ("money", "mail"):
        with current_app.connection_for_write() as connection:
            connection.default_channel.client.delete(queue)  # type: ignore[attr-defined]
    return port


class Sender:
    """A provider of text messages that is asked over HTTP."""

    def send(self, *, phone: str, text: str) -> None:
        requests.get(settings.ALIPAY_GATEWAY_URL, timeout=60)


def test_the_hook_sees_what_a_thread_connects_to(connected, outside):
    with socket.create_connection(("127.0.0.1", outside)):
        pass
    assert connected == [("127.0.0.1", outside)]


def test_buying_goes_nowhere(connected, outside):
    user, plan, client = make_user(), make_plan(), Client()
    make_sale(user=user, amount="100.00")
    client.force_login(user)
    for method in ("alipay", "wallet", "cancel"):
        number = client.post("/order/commit/", {"plan": plan.pk}).json()["order"]
        assert client.post("/order/pay/", {"order": number}).json()["res"] == 0
        assert client.post("/order/check/", {"order": number}).json()["res"] == 5
        if method == "wallet":
            assert client.post("/order/pay/", {"order": number, "method": method}).json()["res"] == 0
        elif method == "cancel":
            assert client.post(f"/order/{number}/cancel/").status_code == 302
        assert client.post("/order/check/", {"order": number}).json()["res"] == 5
        assert client.get(f"/order/{number}/").status_code == 200
        assert client.get("/order/return/", {"out_trade_no": number}).status_code == 302
        Order.objects.filter(number=number).update(state=OrderState.CLOSED, closed_at=timezone.now())
    assert client.post("/order/buy/", {"plan": plan.pk, "method": "alipay"}).status_code == 302
    assert client.post("/order/notify/", "sign=x", content_type="application/x-www-form-urlencoded").status_code == 200
    assert queue_length("money") == 3
    assert connected == []


def test_the_administration_of_money_goes_nowhere(connected, outside):
    order, client = make_sale(user=make_user(), item=make_plan()), Client()
    Order.objects.filter(pk=order.pk).update(sent_at=timezone.now())
    client.force_login(make_user(is_staff=True, is_superuser=True))
    refund = {"payment": Payment.objects.get().pk, "amount": "25.00", "reason": "x"}
    assert client.post(reverse("admin:orders_order_refund", args=[order.pk]), refund).status_code == 302
    assert client.post(reverse("admin:orders_order_check_status", args=[order.pk])).status_code == 302
    assert queue_length("money") == 2
    assert connected == []


def test_accounts_send_mails_and_texts_from_the_queue(connected, outside):
    make_user(username="lin", email="lin@example.com", email_verified_at=timezone.now())
    make_user(username="wei", phone="+8613800138000", phone_verified_at=timezone.now())
    client = Client()
    new = {"username": "chen", "email": "chen@example.com", "password": PASSWORD}
    assert client.post("/user/register/", new).status_code == 302
    new = {"username": "wu", "phone": "13800138001", "password": PASSWORD}
    assert client.post("/user/register/?by=phone", new).status_code == 302
    for name in ("lin", "13800138000", "nobody@example.com"):
        assert client.post("/user/forgetpwd/", {"username": name}).status_code == 302
    assert client.post("/user/login/", {"username": "lin", "password": PASSWORD}).status_code == 302
    assert queue_length("mail") == 5
    assert connected == []


def test_money_alarms_are_mailed_from_the_queue_too(connected, outside):
    alarm(subject="x", text="x")
    assert queue_length("mail") == 1
    assert connected == []


@pytest.mark.slow
def test_a_provider_that_hangs_keeps_few_sign_ins_waiting(silent, settings, monkeypatch):
    """Other sign-ins and all other pages are answered while those few still wait."""
    settings.OIDC_ISSUER = f"http://127.0.0.1:{silent.getsockname()[1]}"
    settings.SIGN_IN_PROVIDERS = ["apps.users.providers.OpenIDConnect"]
    monkeypatch.setattr(providers, "TIMEOUT", 600)
    providers.providers.cache_clear()
    providers.PROVIDER.reset()
    cache.clear()
    make_user(username="lin")
    answers: list[int] = []

    def sign_in() -> None:
        answers.append(Client().get("/user/login/with/oidc/").status_code)
        connections.close_all()

    waiting = [threading.Thread(target=sign_in, daemon=True) for _ in range(3)]
    for thread in waiting:
        thread.start()
    taken = [silent.accept()[0] for _ in waiting]  # all three have asked
    try:
        client = Client()
        for _ in range(10):
            answer = client.get("/user/login/with/oidc/")
            assert (answer.status_code, answer.headers["Location"]) == (302, "/user/login/")
        assert client.get("/user/login/").context["msg"]
        assert client.get("/").status_code == 200
        assert client.post("/user/login/", {"username": "lin", "password": PASSWORD}).status_code == 302
        assert answers == []  # nobody gave up for it
    finally:
        for count, one in enumerate(taken, start=1):
            one.close()
            while len(answers) < count and any(thread.is_alive() for thread in waiting):
                time.sleep(0.01)  # one after the other: a database in memory has no time-out for writers
        for thread in waiting:
            thread.join()
        providers.providers.cache_clear()
        providers.PROVIDER.reset()
    assert answers == [302] * 3
