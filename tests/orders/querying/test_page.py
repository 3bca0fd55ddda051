"""A waiting page polls with a ticket; each answer says how long to wait before the next poll."""

from __future__ import annotations

import re
import time

import pytest
from django.test import Client

from apps.orders import services
from apps.orders.views import json_api
from apps.orders.views.outside import payment_link
from apps.orders.views.tickets import ticket_for
from tests.orders.querying.waiting import CHECK, another, sent
from utils.polling import PollPacer

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_page_that_waits_asks_by_ticket_without_a_session_and_with_one_query(plan, buyer, django_assert_num_queries):
    order = sent(plan, buyer)
    ticket = re.search(r'data-ticket="([^"]+)"', buyer.get(order.get_absolute_url()).content.decode()).group(1)
    page = Client()
    assert page.post(CHECK, {"ticket": ticket}).json() == {
        "res": 5, "errmsg": "尚未支付。", "state": "pending", "wait": 2,
    }  # fmt: skip
    with django_assert_num_queries(1):
        assert page.post(CHECK, {"ticket": ticket}).json()["res"] == 5
    assert page.cookies.keys() == set()
    assert page.post(CHECK, {"order": order.number}).json()["res"] == 1
    assert page.get(order.get_absolute_url()).status_code == 302


def test_a_ticket_is_for_one_order_and_lives_for_a_day(plan, buyer, monkeypatch):
    order = sent(plan, buyer)
    other, ticket = another(order), ticket_for(order)
    for wrong in (
        other.number,
        ticket.replace(order.number, other.number),
        ticket[:-1],
        payment_link(order).split("/")[3],
    ):
        assert buyer.post(CHECK, {"ticket": wrong}).json()["res"] == 4
    assert buyer.post(CHECK, {"ticket": ticket}).json()["res"] == 5
    monkeypatch.setattr(time, "time", lambda now=time.time: now() + 86500)
    assert buyer.post(CHECK, {"ticket": ticket}).json()["res"] == 4


def test_pages_hear_how_long_to_wait(monkeypatch, plan, buyer):
    monkeypatch.setattr(json_api, "_waiting", PollPacer(rate=20, least=2, most=30))
    order = sent(plan, buyer)
    others = [another(order) for _ in range(99)]
    waits = [buyer.post(CHECK, {"ticket": ticket_for(one)}).json()["wait"] for one in [order, *others]]
    assert (waits[0], waits[39], waits[99]) == (2, 2, 5)
    services.querying.cache.set(f"gateway:{order.app_id}:silent", 1, 30)  # type: ignore[attr-defined]
    assert buyer.post(CHECK, {"ticket": ticket_for(order)}).json()["wait"] == 10
