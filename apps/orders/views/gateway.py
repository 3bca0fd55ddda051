"""Callbacks from the gateway: notifications and returning buyers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from apps.orders import services
from apps.orders.gateways import accounts
from apps.orders.models import Notification, Order
from utils.addresses import LOCAL, client_address

LONGEST = 32 * 1024  # bytes of a notification
FINAL = {Notification.Verdict.SETTLED, Notification.Verdict.NOTED}


@csrf_exempt
@never_cache
@require_POST
def notify(request: HttpRequest) -> HttpResponse:
    """Handle a notification. Alipay repeats it until it reads "success", sent only once the outcome is stored."""
    if not accounts() or len(request.body) > LONGEST:
        return HttpResponse("failure", content_type="text/plain", status=400)
    address = client_address(request)
    notification = services.receive(body=request.body, address=None if address == LOCAL else address, at=timezone.now())
    return HttpResponse("success" if notification.verdict in FINAL else "failure", content_type="text/plain")


@never_cache
@require_safe
def return_page(request: HttpRequest) -> HttpResponse:
    """Redirect a returning buyer to the order. The query string isn't trusted: the order's page shows the state."""
    order = Order.objects.filter(number=request.GET.get("out_trade_no", "")[:32]).first()
    if order is None or order.user_id != request.user.pk:
        return redirect("orders:list", 1)
    return redirect(order)
