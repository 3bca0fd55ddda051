"""Inside apps that block Alipay's page, the order is paid in the system's browser, by a link that needs no session."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.test import Client
from django.utils import timezone

from apps.orders import services
from apps.orders.views import outside
from tests.factories import make_user

pytestmark = pytest.mark.django_db

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
WECHAT = f"{IPHONE} MicroMessenger/8.0.47(0x18002f2c) NetType/WIFI Language/zh_CN"
QQ = f"{IPHONE} QQ/9.0.25.612 V1_IPH_SQ_9.0.25_1_APP_A Pixel/1170"
WEIBO = f"{IPHONE} Weibo (iPhone13,2__weibo__14.3.1__iphone__os17.4)"
QQ_BROWSER = f"{IPHONE} MQQBrowser/13.2 Safari/604.1"


@pytest.fixture
def order(plan):
    return services.place_order(user=make_user(username="buyer"), item=plan, at=timezone.now())


@pytest.fixture
def buyer(order) -> Client:
    client = Client()
    client.force_login(order.user)
    return client


def _pay(client: Client, order, agent: str) -> str:
    return client.post(f"/order/{order.number}/pay/", {"method": "alipay"}, headers={"User-Agent": agent})["Location"]


@pytest.mark.parametrize("agent", [WECHAT, QQ, WEIBO])
def test_inside_an_app_the_way_out_is_shown(till, order, buyer, agent):
    link = _pay(buyer, order, agent)
    assert link.startswith("/order/outside/")
    page = buyer.get(link, headers={"User-Agent": agent}).content.decode()
    assert "在浏览器打开" in page
    assert f'value="http://testserver{unquote(link)}"' in page
    assert "gateway.do" not in page
    assert buyer.post(link, headers={"User-Agent": agent}).status_code == 200


@pytest.mark.parametrize("agent", [IPHONE, QQ_BROWSER])
def test_a_browser_goes_straight_to_the_gateway(till, order, buyer, agent):
    assert "gateway.do" in _pay(buyer, order, agent)


def test_the_link_pays_this_order_and_nothing_more_without_a_session(till, order, buyer):
    link, stranger = _pay(buyer, order, WECHAT), Client()
    page = stranger.get(link, headers={"User-Agent": IPHONE})
    assert "¥25" in page.content.decode()
    assert order.user.username not in page.content.decode()
    till.pay(stranger.post(link, headers={"User-Agent": IPHONE})["Location"])
    services.query_order(order=type(order).objects.get(pk=order.pk), at=timezone.now())
    assert "支付成功" in stranger.get(link, headers={"User-Agent": IPHONE}).content.decode()
    assert "_auth_user_id" not in stranger.session
    assert stranger.get(order.get_absolute_url()).status_code == 302
    assert stranger.post(link, headers={"User-Agent": IPHONE}).status_code == 400


def test_a_changed_or_old_link_opens_nothing(till, order, buyer, monkeypatch):
    link = _pay(buyer, order, WECHAT)
    number = order.number
    other = f"{int(number) + 1:0{len(number)}}"
    for bad in (link.replace(number, other), link[:-3] + "xx/", "/order/outside/x/"):
        assert Client().get(bad).status_code == 410
    monkeypatch.setattr(outside, "LIVES", timedelta(seconds=-1))
    assert Client().get(link).status_code == 410
