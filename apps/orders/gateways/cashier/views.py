"""The cashier's views."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from functools import cache

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.orders.gateways.cashier.cashier import Cashier
from apps.orders.gateways.cashier.keys import make_keys
from apps.orders.gateways.cashier.store import StoredTrade
from apps.orders.gateways.protocol import TradeStatus, parse_amount

PAY_PAGES = {"alipay.trade.page.pay", "alipay.trade.wap.pay"}
LATE = 20.0  # delay of a late notification in seconds
COPIES = 5  # of a repeated notification


@cache
def cashier() -> Cashier:
    """The cashier of the settings' merchant."""
    make_keys(settings.CASHIER_DIR)
    return Cashier(
        settings.CASHIER_DIR,
        app_id=settings.ALIPAY_APP_ID,
        seller_id=settings.ALIPAY_SELLER_ID,
        url=settings.CASHIER_URL,
    )


@csrf_exempt
@require_http_methods(["GET", "POST"])
def gateway(request: HttpRequest) -> HttpResponse:
    """`gateway.do`: a merchant's API call, or a buyer redirected to pay."""
    params = {**request.GET.dict(), **request.POST.dict()}
    if params.get("method") not in PAY_PAGES:
        return HttpResponse(cashier().answer(params), content_type="application/json;charset=utf-8")
    if not cashier().is_from_merchant(params):
        return HttpResponseBadRequest("invalid-signature")
    try:
        wanted = json.loads(params["biz_content"])
        trade = cashier().store.begin(
            number=str(wanted["out_trade_no"]),
            subject=str(wanted["subject"]),
            amount=f"{parse_amount(str(wanted['total_amount'])):.2f}",
            notify_url=params["notify_url"],
            return_url=params.get("return_url", ""),
            expires_at=wanted.get("time_expire"),
            at=timezone.now(),
            certified="app_cert_sn" in params,
        )
    except (ValueError, KeyError):
        return HttpResponseBadRequest("invalid-parameter")
    return redirect("trade", trade.trade_no)


@never_cache
@require_safe
def trade_page(request: HttpRequest, trade_no: str) -> HttpResponse:
    """The payment page, with options for testing."""
    return _page(request, _trade(trade_no))


@require_POST
def pay(request: HttpRequest, trade_no: str) -> HttpResponse:
    """Handle the choice on the payment page."""
    trade, at, store = _trade(trade_no), timezone.now(), cashier().store
    if request.POST.get("outcome") == "fail":
        return _page(request, trade, failed=True)
    amount = Decimal(trade.amount) + 1 if request.POST.get("amount") == "wrong" else None
    if not store.pay(trade_no, at=at, amount=amount, forced=request.POST.get("outcome") == "late"):
        return _page(request, _trade(trade_no))
    paid = [trade_no]
    if request.POST.get("twice"):
        paid.append(store.pay_again(trade_no, at=at))
    how = request.POST.get("notify", "now")
    for number in paid:
        for _copy in range({"never": 0, "many": COPIES}.get(how, 1)):
            store.deliver(number, after=LATE if how == "late" else 0, at=at)
    return redirect(
        cashier().signed_return_url(trade, at=at) if trade.return_url else reverse("trade", args=[trade_no])
    )


@require_safe
def bill(request: HttpRequest, day: str) -> HttpResponse:
    """The CSV file of a day's trades."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
        raise Http404
    return HttpResponse(
        cashier().bill(day),
        content_type="text/csv; charset=gbk",
        headers={"Content-Disposition": f'attachment; filename="{day}.csv"'},
    )


def _trade(trade_no: str) -> StoredTrade:
    trade = cashier().store.get(trade_no)
    if trade is None:
        raise Http404
    return trade


def _page(request: HttpRequest, trade: StoredTrade, failed: bool = False) -> HttpResponse:
    at = timezone.now()
    state = "open"
    if trade.paid_at:
        state = "paid"
    elif trade.status == TradeStatus.CLOSED or trade.is_over(at):
        state = "over"
    return render(
        request,
        "orders/cashier.html",
        {
            "trade": trade,
            "back": cashier().signed_return_url(trade, at=at),
            "amount": Decimal(trade.amount),
            "state": state,
            "failed": failed,
            "late": int(LATE),
        },
    )
