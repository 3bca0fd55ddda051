"""JSON API for orders: `res` 0 is success; docs/api.md lists the other codes."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from functools import wraps
from typing import Any, Protocol

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from apps.movies.models import Audience
from apps.orders import services
from apps.orders.forms import BuyForm
from apps.orders.models import Order, OrderState, RequestedAction
from apps.orders.views.checkout import place, start_payment
from apps.orders.views.tickets import order_of
from apps.users import services as users
from apps.users.models import User
from apps.wallet import services as wallet
from utils.polling import PollPacer

# Polling pages cost the site about 20 requests per second, however many there are.
_waiting = PollPacer(rate=20, least=2, most=30)
UNCLEAR_WAITS = 10  # seconds between two polls of a page while the gateway doesn't answer


class Res(IntEnum):
    """Result codes; docs/api.md says how to handle each."""

    DONE = 0
    SIGN_IN = 1
    MALFORMED = 2
    NOT_SOLD = 3
    NO_SUCH_ORDER = 4
    WAITING = 5
    CLOSED = 6
    UNCLEAR = 7
    NOT_ENOUGH_MONEY = 8
    OWNED = 9
    COUPON = 10
    NOT_OFFERED = 11
    REFUNDED = 12
    UNABLE = 13


class Call(Protocol):
    """A view that needs a signed-in user."""

    def __call__(self, request: HttpRequest, user: User) -> HttpResponse: ...


def answer(res: Res, errmsg: object = "", **more: Any) -> JsonResponse:
    """The JSON response of every call."""
    return JsonResponse({"res": res, "errmsg": str(errmsg), **more}, json_dumps_params={"ensure_ascii": False})


def call(view: Call) -> Callable[[HttpRequest], HttpResponse]:
    """Accept POST requests of signed-in users only, and map service errors to result codes."""

    @wraps(view)
    def inner(request: HttpRequest) -> HttpResponse:
        user = users.account_of(request)
        if user is None:
            return answer(Res.SIGN_IN, _("Sign in first."))
        try:
            return view(request, user)
        except services.AlreadyOwned as error:
            return answer(Res.OWNED, error)
        except services.UnableToPlaceOrder as error:
            return answer(Res.NOT_SOLD, error)
        except services.CouponRefused as error:
            return answer(Res.COUPON, error)
        except services.NotOffered as error:
            return answer(Res.NOT_OFFERED, error)
        except services.UnableToPay as error:
            return answer(Res.UNABLE, error)
        except wallet.NotEnoughMoney as error:
            return answer(Res.NOT_ENOUGH_MONEY, error)
        except Order.DoesNotExist:
            return answer(Res.NO_SUCH_ORDER, _("Order not found."))

    return never_cache(require_POST(inner))


@call
def commit(request: HttpRequest, user: User) -> HttpResponse:
    """Place an order for one of `plan`, `movie` and `amount`, with a `coupon` if there is one."""
    form = BuyForm(request.POST, audience=Audience.of(request))
    if not form.is_valid():
        return answer(Res.MALFORMED, " ".join(str(e) for errors in form.errors.values() for e in errors))
    order = place(form, user, timezone.now())
    return answer(
        Res.DONE,
        order=order.number,
        amount=f"{order.amount:.2f}",
        expires_at=order.expires_at.isoformat(timespec="seconds"),
    )


@call
def pay(request: HttpRequest, user: User) -> HttpResponse:
    """Start the payment of `order` by `method` (alipay, wallet); `pay_url` is the buyer's next page."""
    order = _own_order(request, user)
    url = start_payment(request, order, user, request.POST.get("method", ""), timezone.now())
    return answer(Res.DONE, pay_url=url)


@never_cache
@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Return the known state of an order; for a pending one, also enqueue a query to the gateway.

    A waiting page polls with its `ticket`, which costs one database query; other callers pass `order`.
    """
    if not (ticket := request.POST.get("ticket", "")):
        return _check_own(request)
    try:
        return _order_status(order_of(ticket))
    except Order.DoesNotExist:
        return answer(Res.NO_SUCH_ORDER, _("Order not found."))


@call
def _check_own(request: HttpRequest, user: User) -> HttpResponse:
    return _order_status(_own_order(request, user))


def _order_status(order: Order) -> HttpResponse:
    if order.state == OrderState.PENDING:
        wait = _waiting.next_delay(order.pk)
        if not services.query_soon(order=order, at=timezone.now()):
            text = _("The payment service is temporarily unavailable. We'll keep checking.")
            return answer(Res.UNCLEAR, text, state=order.state, wait=max(wait, UNCLEAR_WAITS))
        texts = {
            RequestedAction.NONE: _("Not paid yet."),
            RequestedAction.CANCEL: _("The order is being cancelled."),
            RequestedAction.WALLET: _("Your wallet is being charged."),
        }
        text = texts[RequestedAction(order.requested_action)]
        return answer(Res.WAITING, text, state=order.state, wait=wait)
    states: dict[str, tuple[Res, str]] = {
        OrderState.PAID: (Res.UNABLE, _("Your payment arrived, but you already own this title. It will be refunded.")),
        OrderState.FULFILLED: (Res.DONE, ""),
        OrderState.CLOSED: (Res.CLOSED, _("This order was closed.")),
        OrderState.REFUNDED: (Res.REFUNDED, _("This order was refunded.")),
    }
    return answer(*states[order.state], state=order.state)


def _own_order(request: HttpRequest, user: User) -> Order:
    return Order.objects.get(number=request.POST.get("order", "")[:32], user=user)
