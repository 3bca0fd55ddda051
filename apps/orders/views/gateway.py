"""Where the gateway, and the buyers whom it sends back, come in."""

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
    """Alipay repeats a notification until it reads "success": said only once the outcome is stored."""
    if not accounts() or len(request.body) > LONGEST:
        return HttpResponse("failure", content_type="text/plain", status=400)
    address = client_address(request)
    notification = services.receive(body=request.body, address=None if address == LOCAL else address, at=timezone.now())
    return HttpResponse("success" if notification.verdict in FINAL else "failure", content_type="text/plain")


@never_cache
@require_safe
def return_page(request: HttpRequest) -> HttpResponse:
    """The buyer returns. What the address says is not believed: the order's own page shows how it stands."""
    order = Order.objects.filter(number=request.GET.get("out_trade_no", "")[:32]).first()
    if order is None or order.user_id != request.user.pk:
        return redirect("orders:list", 1)
    return redirect(order)
