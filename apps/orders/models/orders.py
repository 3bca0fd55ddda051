"""Orders: what is sold, to whom and at which price. The state changes only as MOVES allows."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.movies.models import Movie
from apps.orders.models.offers import LOWEST, Coupon, Plan
from apps.users.models import Membership
from utils.money import MoneyField
from utils.rows import name_of


class OrderKind(models.TextChoices):
    """What an order buys."""

    PLAN = "plan", _("VIP")
    TITLE = "title", pgettext_lazy("catalogue", "title")
    TOP_UP = "top_up", _("top-up")


class OrderState(models.TextChoices):
    """The state of an order."""

    PENDING = "pending", _("awaiting payment")
    PAID = "paid", _("paid, not fulfilled")
    FULFILLED = "fulfilled", _("paid")
    CLOSED = "closed", _("closed")
    REFUNDED = "refunded", _("refunded")


class RequestedAction(models.TextChoices):
    """What the buyer requested for an order that was sent to the gateway, which has to close it first."""

    NONE = "", _("none")
    CANCEL = "cancel", _("cancel")
    WALLET = "wallet", _("pay with wallet")


MOVES: dict[OrderState, frozenset[OrderState]] = {
    OrderState.PENDING: frozenset({OrderState.PAID, OrderState.CLOSED}),
    OrderState.PAID: frozenset({OrderState.FULFILLED, OrderState.REFUNDED}),
    OrderState.FULFILLED: frozenset({OrderState.REFUNDED}),
    OrderState.CLOSED: frozenset(),
    OrderState.REFUNDED: frozenset(),
}


class OrderQuerySet(models.QuerySet["Order"]):
    def for_list(self) -> OrderQuerySet:
        """For the buyer's list of orders, newest first."""
        return self.select_related("movie").order_by("-created_at", "-pk")

    def open(self) -> OrderQuerySet:
        """Orders that may still be paid."""
        return self.filter(state=OrderState.PENDING)

    def move(self, source: OrderState, target: OrderState, **stamps: datetime) -> bool:
        """Move the rows that are in `source`; False when another process got there first."""
        if target not in MOVES[source]:
            raise ValueError(f"An order never moves from {source} to {target}.")
        return bool(self.filter(state=source).update(state=target, **stamps))


class Order(models.Model):
    """What is sold to whom, at the price of that moment. Amounts are in yuan."""

    number = models.CharField(_("order number"), max_length=32, unique=True)  # Alipay's out_trade_no; can't be guessed
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="orders", verbose_name=_("user"))
    kind = models.CharField(_("type"), max_length=6, choices=OrderKind)
    state = models.CharField(_("state"), max_length=9, choices=OrderState, default=OrderState.PENDING)
    requested_action = models.CharField(
        _("requested by the buyer"), max_length=6, choices=RequestedAction, default=RequestedAction.NONE, blank=True
    )
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, related_name="orders", verbose_name=_("plan"))
    movie = models.ForeignKey(
        Movie, models.PROTECT, null=True, related_name="orders", verbose_name=pgettext_lazy("catalogue", "title")
    )
    coupon = models.ForeignKey(Coupon, models.PROTECT, null=True, related_name="orders", verbose_name=_("coupon"))
    subject = models.CharField(_("item"), max_length=140)
    days = models.PositiveSmallIntegerField(_("days"), null=True)  # of a plan, as it was sold
    streams = models.PositiveSmallIntegerField(
        _("simultaneous streams"), null=True
    )  # likewise; None: sold before streams were limited
    list_price = MoneyField(_("list price"))
    discount = MoneyField(_("discount"), default=0)
    amount = MoneyField(_("amount"))  # yuan to be paid
    membership = models.OneToOneField(
        Membership, models.SET_NULL, null=True, related_name="order", verbose_name=_("membership granted")
    )
    created_at = models.DateTimeField(_("placed at"), db_index=True)
    expires_at = models.DateTimeField(_("payment deadline"))
    sent_at = models.DateTimeField(_("sent to the gateway at"), null=True)  # unknown to the gateway before
    gateway = models.CharField(_("gateway"), max_length=10, blank=True)
    app_id = models.CharField(_("application"), max_length=32, blank=True)  # the application it was sent through
    queried_at = models.DateTimeField(_("last checked at"), null=True)
    alarmed_at = models.DateTimeField(_("alarm raised at"), null=True)  # no answer for a day
    paid_at = models.DateTimeField(_("paid at"), null=True, db_index=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)
    refunded_at = models.DateTimeField(_("refunded at"), null=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        indexes = [
            models.Index(fields=["user", "-created_at"]),
            models.Index(fields=["state", "queried_at"]),
            models.Index(fields=["state", "expires_at"]),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=OrderState.values), name="order_state_known"),
            models.CheckConstraint(
                condition=Q(requested_action__in=RequestedAction.values), name="order_requested_action_known"
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=LOWEST, discount__gte=0) & Q(amount=F("list_price") - F("discount")),
                name="order_amount_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(kind="plan", plan__isnull=False, movie=None, days__isnull=False, days__gt=0)
                | Q(kind="title", plan=None, movie__isnull=False, days=None)
                | Q(kind="top_up", plan=None, movie=None, days=None),
                name="order_is_of_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(state="pending", paid_at=None, closed_at=None, refunded_at=None)
                | Q(state="closed", paid_at=None, closed_at__isnull=False, refunded_at=None)
                | Q(state__in=["paid", "fulfilled"], paid_at__isnull=False, closed_at=None, refunded_at=None)
                | Q(state="refunded", paid_at__isnull=False, closed_at=None, refunded_at__isnull=False),
                name="order_state_has_its_times",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("orders:order", args=[self.number])

    @property
    def has_requested_action(self) -> bool:
        """Whether the requested action waits for the gateway to close the trade."""
        return self.state == OrderState.PENDING and bool(self.requested_action)


class Purchase(models.Model):
    """A title that a user owns. `held` becomes NULL when it is revoked, so that it is unique while owned."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="purchases", verbose_name=_("user"))
    movie = models.ForeignKey(
        Movie, models.PROTECT, related_name="purchases", verbose_name=pgettext_lazy("catalogue", "title")
    )
    order = models.OneToOneField(Order, models.PROTECT, related_name="purchase", verbose_name=_("order"))
    held = models.BooleanField(_("owned"), null=True, default=True)
    created_at = models.DateTimeField(_("purchased at"))
    taken_back_at = models.DateTimeField(_("revoked at"), null=True)

    class Meta:
        verbose_name = _("purchased title")
        verbose_name_plural = _("purchased titles")
        constraints = [
            # NULLs never collide, so this is "once while held" on databases without partial indexes too
            models.UniqueConstraint(fields=["user", "movie", "held"], name="purchase_once"),
            models.CheckConstraint(
                condition=Q(held=True, taken_back_at=None) | Q(held=None, taken_back_at__isnull=False),
                name="purchase_held_or_taken_back",
            ),
        ]

    def __str__(self) -> str:
        return f"{name_of(self, 'user')} {name_of(self, 'movie')}"
