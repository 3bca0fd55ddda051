"""A user's orders and wallet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from apps.movies.models import Audience, Category
from apps.orders import services
from apps.orders.gateways import payments_enabled
from apps.orders.models import Order, OrderState
from apps.orders.views.checkout import start_payment
from apps.orders.views.tickets import ticket_for
from apps.users import services as users
from apps.wallet import services as wallet
from apps.wallet.models import Entry
from utils.paging import page_links

PAGE = 20
TOP_UPS = [Decimal(amount) for amount in (10, 30, 50, 100, 200, 500)]  # yuan


def _own_order(request: HttpRequest, number: str) -> Order:
    return get_object_or_404(
        Order.objects.select_related("movie", "plan", "coupon"), number=number, user=users.signed_in(request)
    )


@never_cache
@login_required
@require_safe
def orders(request: HttpRequest, page: int) -> HttpResponse:
    """Everything the user ordered, newest first; context: orders, types, pages, order_page."""
    rows = Order.objects.for_list().filter(user=users.signed_in(request))
    order_page = Paginator(rows, PAGE).get_page(page)
    return render(
        request,
        "users/orders.html",
        {
            "user_info": request.user,
            "types": Category.objects.all(),
            "orders": order_page.object_list,
            "order_page": order_page,
            "pages": page_links(order_page, lambda n: reverse("orders:list", args=[n])),
            "now": timezone.now(),
        },
    )


@never_cache
@login_required
@require_safe
def order(request: HttpRequest, number: str) -> HttpResponse:
    """One order: the waiting page while it is unpaid, then the receipt."""
    found = _own_order(request, number)
    audience, movie = Audience.of(request), found.movie
    context: dict[str, Any] = {
        "user_info": request.user,
        "order": found,
        "payments_enabled": payments_enabled(),
        "title_opens": movie is not None and movie.is_visible(audience),
        "title_is_sold": movie is not None and movie.is_listed(audience),
    }
    if found.state == OrderState.PENDING:
        context["balance"] = wallet.balance_of(user=users.signed_in(request))
        context["is_over"] = found.expires_at <= timezone.now()
        context["ticket"] = ticket_for(found)
    else:
        context["payments"] = found.payments.prefetch_related("refunds")
        context["refund_summaries"] = services.refund_summaries(payments=context["payments"])
        context["vip_time_end"] = users.membership_end(user=users.signed_in(request), at=timezone.now())
    return render(request, "orders/order.html", context)


@never_cache
@login_required
@require_POST
def pay_again(request: HttpRequest, number: str) -> HttpResponse:
    """Continue to the payment of a pending order."""
    found = _own_order(request, number)
    try:
        return redirect(
            start_payment(request, found, users.signed_in(request), request.POST.get("method", ""), timezone.now())
        )
    except (services.UnableToPay, wallet.NotEnoughMoney) as refused:
        messages.error(request, str(refused))
        return redirect(found)


@never_cache
@login_required
@require_POST
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Cancel a pending order unless it has been paid."""
    found = _own_order(request, number)
    found = services.cancel(order=found, at=timezone.now())
    if found.state == OrderState.CLOSED:
        messages.success(request, _("The order was cancelled."))
    elif found.state != OrderState.PENDING:
        messages.info(request, _("The order has already been paid and can't be cancelled."))
    return redirect(found)


@never_cache
@login_required
@require_safe
def wallet_page(request: HttpRequest, page: int) -> HttpResponse:
    """The balance, top-up options and all transactions."""
    return show_wallet(request, page)


def show_wallet(request: HttpRequest, page: int, error: str = "") -> HttpResponse:
    """Render the wallet page; an `error` is shown with status 400."""
    user = users.signed_in(request)
    entries = Paginator(Entry.objects.filter(wallet__user=user), PAGE).get_page(page)
    return render(
        request,
        "users/wallet.html",
        {
            "user_info": user,
            "balance": wallet.balance_of(user=user),
            "entries": entries,
            "pages": page_links(entries, lambda n: reverse("orders:wallet", args=[n])),
            "top_ups": TOP_UPS,
            "payments_enabled": payments_enabled(),
            "error": error,
        },
        status=400 if error else 200,
    )
