"""Payments, the gateway's notifications about them, and refunds."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.orders.models.offers import LOWEST
from apps.orders.models.orders import Order
from utils.money import MoneyField

WALLET = "wallet"  # the gateway of payments from the wallet


class PaymentQuerySet(models.QuerySet["Payment"]):
    def unclaimed(self) -> PaymentQuerySet:
        """Payments that bought nothing and aren't fully refunded."""
        return self.exclude(flag="").filter(refunded__lt=F("amount"))


class Payment(models.Model):
    """A payment, unique per trade of the gateway. `flag` says why it is unclaimed."""

    class Flag(models.TextChoices):
        """Why a payment is unclaimed; empty if it fulfilled its order."""

        NONE = "", "–"
        CLOSED = "closed", _("the order was already closed")
        TWICE = "twice", _("the order was already paid")
        AMOUNT = "amount", _("the amount differs from the order")
        OWNED = "owned", _("the title is already owned")
        APP = "app", _("paid through a different application")

    order = models.ForeignKey(Order, models.PROTECT, related_name="payments", verbose_name=_("order"))
    gateway = models.CharField(_("payment method"), max_length=10)
    app_id = models.CharField(_("application"), max_length=32, blank=True)
    trade_no = models.CharField(_("transaction ID"), max_length=64)
    amount = MoneyField(_("amount"))  # yuan
    refunded = MoneyField(_("refunded"), default=0)  # including refunds that are pending
    gateway_refunded = MoneyField(_("refunded (gateway)"), default=0)  # yuan, all refunds of the trade together
    gateway_refunded_at = models.DateTimeField(_("refunded at (gateway)"), null=True)  # the last of them
    flag = models.CharField(_("reason for refund"), max_length=8, choices=Flag, default=Flag.NONE, blank=True)
    buyer = models.CharField(_("buyer"), max_length=100, blank=True)
    paid_at = models.DateTimeField(_("paid at"), db_index=True)  # by the gateway's clock
    created_at = models.DateTimeField(_("recorded at"))

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        indexes = [models.Index(fields=["flag"])]
        constraints = [
            models.UniqueConstraint(fields=["gateway", "trade_no"], name="payment_once"),
            models.CheckConstraint(condition=Q(amount__gte=LOWEST), name="payment_amount_positive"),
            models.CheckConstraint(
                condition=Q(refunded__gte=0) & Q(refunded__lte=F("amount")), name="payment_refunded_within"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gateway} {self.trade_no}"


class DailyStatement(models.Model):
    """A seller's statement for one day; making it is retried until it succeeds."""

    day = models.DateField(_("day"))
    seller = models.CharField(_("seller"), max_length=32)
    made_at = models.DateTimeField(_("completed at"), null=True)
    alarmed_at = models.DateTimeField(_("alarm raised at"), null=True)  # it couldn't be made for half a day

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        constraints = [models.UniqueConstraint(fields=["day", "seller"], name="statement_once")]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"


class Notification(models.Model):
    """A request to the notify address, stored as received before it is verified."""

    class Verdict(models.TextChoices):
        """The outcome of a notification."""

        RECEIVED = "received", _("received")
        FORGED = "forged", _("invalid signature")
        FOREIGN = "foreign", _("different application or seller")
        MALFORMED = "malformed", _("unreadable")
        UNKNOWN = "unknown", _("no such order")
        NOTED = "noted", _("no payment yet")
        SETTLED = "settled", _("settled")

    gateway = models.CharField(_("gateway"), max_length=10)
    body = models.TextField(_("raw content"))
    address = models.GenericIPAddressField(_("IP address"), null=True)
    verdict = models.CharField(_("result"), max_length=9, choices=Verdict, default=Verdict.RECEIVED)
    order = models.ForeignKey(Order, models.SET_NULL, null=True, related_name="notifications", verbose_name=_("order"))
    received_at = models.DateTimeField(_("received at"), db_index=True)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")

    def __str__(self) -> str:
        return f"{self.received_at:%Y-%m-%d %H:%M:%S} {self.get_verdict_display()}"


class Refund(models.Model):
    """A refund. Its amount is reserved on the payment as soon as it is requested."""

    class State(models.TextChoices):
        """The state of a refund."""

        REQUESTED = "requested", _("pending")  # until the gateway accepts or rejects it
        DONE = "done", _("done")
        FAILED = "failed", _("declined by the gateway")

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds", verbose_name=_("payment"))
    number = models.CharField(
        _("refund number"), max_length=64, unique=True
    )  # out_request_no: makes the refund idempotent
    amount = MoneyField(_("amount"))  # yuan
    reason = models.CharField(_("reason"), max_length=200)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.REQUESTED)
    failure = models.CharField(_("gateway response"), max_length=200, blank=True)
    at_gateway = models.BooleanField(_("refunded in the gateway console"), default=False)
    shortfall = MoneyField(_("wallet shortfall"), default=0)  # yuan of a top-up already spent
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("requested by")
    )
    created_at = models.DateTimeField(_("requested at"))
    queried_at = models.DateTimeField(_("last checked at"), null=True)
    alarmed_at = models.DateTimeField(_("alarm raised at"), null=True)  # no answer for a day, or a shortfall
    done_at = models.DateTimeField(_("done at"), null=True, db_index=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        indexes = [models.Index(fields=["state", "created_at"])]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=LOWEST), name="refund_amount_positive"),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False) | (~Q(state="done") & Q(done_at=None)),
                name="refund_done_has_time",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class AlipayCertificate(models.Model):
    """An Alipay certificate, downloaded when Alipay began to sign with it, shared by all processes and nodes."""

    app_id = models.CharField(_("application"), max_length=32)
    sn = models.CharField(_("serial number"), max_length=32)
    content = models.TextField(_("certificate"))  # PEM; its chain to the root is verified on use
    fetched_at = models.DateTimeField(_("fetched at"))

    class Meta:
        verbose_name = _("Alipay certificate")
        verbose_name_plural = _("Alipay certificates")
        constraints = [models.UniqueConstraint(fields=["app_id", "sn"], name="alipay_certificate_once")]

    def __str__(self) -> str:
        return self.sn
