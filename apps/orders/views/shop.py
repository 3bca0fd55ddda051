"""Shop pages: VIP plans and single titles."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.movies.models import Access, Audience, Category, Movie
from apps.orders import services
from apps.orders.forms import BuyForm, CouponForm
from apps.orders.gateways import payments_enabled
from apps.orders.models import Plan
from apps.orders.models.offers import LOWEST
from apps.orders.views.checkout import place, start_payment
from apps.users import services as users
from apps.users.models import User
from apps.wallet import services as wallet
from utils.addresses import client_address, client_network

MONTH = 30  # days, for the price a month


@dataclass(frozen=True)
class Offer:
    """A plan as shown on its card; amounts in yuan."""

    plan: Plan
    price: Decimal
    off: Decimal
    month: Decimal
    refusal: str = ""


def _offers(code: str, user: User | None, who: str) -> list[Offer]:
    """The plans with the discount of `code`; invalid codes count against `who`."""
    found, at, guessing = [], timezone.now(), ""
    if code:
        try:
            services.count_attempt(code=code, who=who)
        except services.CouponRefused as refused:
            guessing = str(refused)
    for plan in Plan.objects.on_sale():
        off, refusal = Decimal(0), guessing
        if code and not guessing:
            try:
                _coupon, off = services.discount_for(code=code, plan=plan, user=user, at=at)
            except services.CouponRefused as refused:
                refusal = str(refused)
        price = plan.price - off
        found.append(Offer(plan, price, off, (price * MONTH / plan.days).quantize(LOWEST, ROUND_UP), refusal))
    return found


@never_cache
@require_safe
def vip(request: HttpRequest) -> HttpResponse:
    """The VIP plans and their prices."""
    return _vip(request)


def _vip(request: HttpRequest, error: str = "") -> HttpResponse:
    """Render the plans; a `coupon` in the query string lowers the prices shown."""
    user = users.account_of(request)
    form = CouponForm(request.POST or request.GET)
    code = form.cleaned_data["coupon"].strip() if form.is_valid() else ""
    who = f"user:{user.pk}" if user else f"address:{client_network(client_address(request))}"
    offers = _offers(code, user, who)
    refused = bool(code) and not any(offer.off for offer in offers)
    dearest = max((offer.month for offer in offers), default=Decimal(0))
    context = {
        "content": Category.objects.all(),
        "user_info": request.user,
        "offers": offers,
        "dearest": dearest,
        "code": code,
        "coupon_error": offers[0].refusal if refused and offers else "",
        "vip_time_end": users.membership_end(user=user, at=timezone.now()) if user else None,
        "balance": wallet.balance_of(user=user) if user else None,
        "payments_enabled": payments_enabled(),
        "vip_titles": Movie.objects.listed(Audience.of(request)).filter(access=Access.VIP).count(),
        "error": error,
    }
    return render(request, "orders/vip.html", context, status=400 if error else 200)


@never_cache
@require_safe
def title(request: HttpRequest, movie_id: int) -> HttpResponse:
    """A paid title: its price and the payment methods."""
    listed = Movie.objects.listed(Audience.of(request))
    movie = get_object_or_404(listed, pk=movie_id, access=Access.PAID)
    return _title(request, movie)


def _title(request: HttpRequest, movie: Movie, error: str = "") -> HttpResponse:
    user = users.account_of(request)
    if user and services.owns(user=user, movie_id=movie.pk):
        return redirect(movie)
    vip = users.is_member(user=request.user, at=timezone.now())
    price = services.title_price(movie=movie, is_vip=vip)
    balance = wallet.balance_of(user=user) if user else Decimal(0)
    context: dict[str, Any] = {
        "user_info": request.user,
        "movie": movie,
        "price": price,
        "viewer_is_vip": vip,
        "balance": balance,
        "missing": max(Decimal(0), price - balance),
        "payments_enabled": payments_enabled(),
        "error": error,
    }
    return render(request, "orders/title.html", context, status=400 if error else 200)


@never_cache
def buy(request: HttpRequest) -> HttpResponse:
    """Place an order and redirect to the gateway, or pay from the wallet."""
    at, form = timezone.now(), BuyForm(request.POST, audience=Audience.of(request))
    if request.method != "POST":
        return redirect("orders:vip")
    user = users.account_of(request)
    if user is None:
        return redirect_to_login(_shop_page(form))
    try:
        if not form.is_valid():
            return _redisplay(request, form, _("This item is no longer available. Choose another."))
        order = place(form, user, at)
        return redirect(start_payment(request, order, user, form.cleaned_data["method"], at))
    except (
        services.UnableToPlaceOrder, services.CouponRefused, services.UnableToPay, wallet.NotEnoughMoney,
    ) as refused:  # fmt: skip
        return _redisplay(request, form, str(refused))


def _shop_page(form: BuyForm) -> str:
    """The page that sells the form's item, to return to after signing in."""
    if form.is_valid() and (movie := form.cleaned_data["movie"]):
        return reverse("orders:title", args=[movie.pk])
    if form.is_valid() and form.cleaned_data["amount"] is not None:
        return reverse("orders:wallet", args=[1])
    return reverse("orders:vip")


def _redisplay(request: HttpRequest, form: BuyForm, error: str) -> HttpResponse:
    """Show the page that the form came from, with the error."""
    from apps.orders.views.account import show_wallet

    if (movie := form.cleaned_data.get("movie")) is not None:
        return _title(request, movie, error)
    if "amount" in request.POST:
        return show_wallet(request, 1, error)
    return _vip(request, error)
