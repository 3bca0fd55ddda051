"""In any order of events: money received equals what was delivered, refunded and flagged; nothing counts twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from apps.orders import services
from apps.orders.models import Notification, Order, OrderKind, OrderState, Payment, Purchase, Refund
from apps.users.models import Membership
from apps.wallet import services as wallet
from apps.wallet.models import Entry, Wallet
from tests.cashier import Till, body
from tests.factories import make_paid_movie, make_plan, make_user

NOTHING = Decimal("0.00")
ALTERED = ("total_amount", "out_trade_no", "trade_no", "trade_status", "app_id", "seller_id", "sign", "buyer_logon_id")


@dataclass
class Deal:
    """An order and the trades that its buyer opened at the cashier."""

    order: Order
    url: str = ""
    trades: list[str] = field(default_factory=list)


class Shop(RuleBasedStateMachine):
    till: Till
    items: list[Any]

    def __init__(self) -> None:
        super().__init__()
        self.user = make_user()
        self.at = timezone.now()
        self.deals: list[Deal] = []

    # --- What a buyer does ------------------------------------------------------------------------

    @precondition(lambda self: len(self.deals) < 6)
    @rule(item=st.integers(0, 3), amount=st.decimals("1.00", "60.00", places=2))
    def place(self, item: int, amount: Decimal) -> None:
        try:
            if item == 3:
                order = services.place_top_up(user=self.user, amount=amount, at=self.at)
            else:
                order = services.place_order(user=self.user, item=self.items[item], at=self.at)
        except services.AlreadyOwned:
            return
        if order.pk not in {deal.order.pk for deal in self.deals}:
            self.deals.append(Deal(order))

    @precondition(lambda self: self.deals)
    @rule(data=st.data())
    def go_to_the_cashier(self, data: st.DataObject) -> None:
        deal = data.draw(st.sampled_from(self.deals))
        try:
            url = services.pay_by_gateway(order=self._seen(deal), phone=False, site="http://testserver/", at=self.at)
        except services.UnableToPay:
            return
        trade = self.till.open(url)
        if trade.trade_no not in deal.trades:
            deal.trades.append(trade.trade_no)

    @precondition(lambda self: any(deal.trades for deal in self.deals))
    @rule(data=st.data(), off=st.sampled_from(["0.00", "0.00", "0.00", "-0.01", "1.00"]), late=st.booleans())
    def pay(self, data: st.DataObject, off: str, late: bool) -> None:
        """At the right amount or a wrong one, in time or after the trade was closed."""
        trade_no = self._trade(data)[1]
        trade = self.till.cashier.store.get(trade_no)
        assert trade
        amount = max(Decimal(trade.amount) + Decimal(off), Decimal("0.01"))
        self.till.cashier.store.pay(trade_no, at=self.at, amount=amount, forced=late)

    @precondition(lambda self: any(deal.trades for deal in self.deals))
    @rule(data=st.data())
    def pay_twice(self, data: st.DataObject) -> None:
        deal, trade_no = self._trade(data)
        trade = self.till.cashier.store.get(trade_no)
        if trade and trade.paid_at and len(deal.trades) < 3:
            deal.trades.append(self.till.cashier.store.pay_again(trade_no, at=self.at))

    @precondition(lambda self: self.deals)
    @rule(data=st.data())
    def pay_from_the_wallet(self, data: st.DataObject) -> None:
        order = self._seen(data.draw(st.sampled_from(self.deals)))
        try:
            services.pay_from_wallet(order=order, user=self.user, at=self.at)
        except (services.UnableToPay, wallet.NotEnoughMoney):
            pass

    @precondition(lambda self: self.deals)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        services.close(order=self._seen(data.draw(st.sampled_from(self.deals))), at=self.at)

    # --- What the gateway, and who pretends to be it, does -----------------------------------------

    @precondition(lambda self: any(deal.trades for deal in self.deals))
    @rule(data=st.data(), copies=st.integers(1, 3))
    def notify(self, data: st.DataObject, copies: int) -> None:
        """Once or more often, early or late: whenever this rule is drawn."""
        trade = self.till.cashier.store.get(self._trade(data)[1])
        assert trade
        for _ in range(copies):
            notification = services.receive(body=body(self.till.notification(trade)), address=None, at=self.at)
            assert notification.verdict in {Notification.Verdict.SETTLED, Notification.Verdict.NOTED}

    @precondition(lambda self: any(deal.trades for deal in self.deals))
    @rule(data=st.data(), name=st.sampled_from(ALTERED))
    def notify_falsely(self, data: st.DataObject, name: str) -> None:
        """Altered after it was signed."""
        trade = self.till.cashier.store.get(self._trade(data)[1])
        assert trade
        params = {**self.till.notification(trade), "trade_status": "TRADE_SUCCESS"}
        notification = services.receive(body=body({**params, name: params[name] + "1"}), address=None, at=self.at)
        assert notification.verdict == Notification.Verdict.FORGED

    @precondition(lambda self: any(deal.trades for deal in self.deals))
    @rule(data=st.data(), name=st.sampled_from(["app_id", "seller_id"]))
    def notify_for_another(self, data: st.DataObject, name: str) -> None:
        """Signed by the gateway, for another application or seller."""
        trade = self.till.cashier.store.get(self._trade(data)[1])
        assert trade
        params = self.till.notification(trade, **{name: "2021000000000000", "trade_status": "TRADE_SUCCESS"})
        assert services.receive(body=body(params), address=None, at=self.at).verdict == Notification.Verdict.FOREIGN

    # --- What the site does by itself --------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 61, 600, 1801, 4000]))
    def reconcile(self, seconds: int) -> None:
        self.at += timedelta(seconds=seconds)
        assert services.reconcile(at=self.at, rate=10_000).unclear == 0

    @precondition(lambda self: Payment.objects.filter(order__user=self.user).exists())
    @rule(data=st.data(), share=st.sampled_from(["1", "0.5", "0.333"]))
    def refund(self, data: st.DataObject, share: str) -> None:
        payments = list(Payment.objects.filter(order__user=self.user).order_by("pk"))
        payment = data.draw(st.sampled_from(payments))
        amount = (payment.amount * Decimal(share)).quantize(Decimal("0.01"))
        try:
            row = services.refund(payment=payment, amount=amount, reason="x", by=None, at=self.at)
        except services.UnableToRefund:
            return
        assert services.execute_refund(refund=row, at=self.at).state == Refund.State.DONE

    # --- What holds at every moment ----------------------------------------------------------------

    @invariant()
    def money_in_is_given_back_or_flagged(self) -> None:
        for payment in Payment.objects.filter(order__user=self.user).select_related("order"):
            assert 0 <= payment.refunded <= payment.amount
            back = payment.refunds.filter(state=Refund.State.DONE).aggregate(n=Sum("amount"))["n"] or NOTHING
            assert back == payment.refunded
            left = payment.amount - payment.refunded
            given = left if not payment.flag and payment.order.state == OrderState.FULFILLED else NOTHING
            flagged = left if payment.flag else NOTHING
            assert payment.amount == given + payment.refunded + flagged

    @invariant()
    def every_order_gave_what_it_should_once(self) -> None:
        for deal in self.deals:
            order = self._seen(deal)
            good = order.payments.filter(flag="").count()
            has = order.state == OrderState.FULFILLED
            bought = order.state in {OrderState.FULFILLED, OrderState.REFUNDED}
            assert good == (1 if bought and not order.payments.filter(flag=Payment.Flag.OWNED).exists() else 0)
            if order.kind == OrderKind.PLAN:
                length = order.membership.ends_at - order.membership.starts_at if order.membership else timedelta(0)
                assert length == timedelta(days=order.days) if has else length < timedelta(days=order.days)
            elif order.kind == OrderKind.TITLE:
                assert Purchase.objects.filter(order=order, held=True).count() == (1 if has else 0)
            else:
                assert Entry.objects.filter(reference=order.number).count() == good

    @invariant()
    def periods_never_overlap(self) -> None:
        end = None
        for period in Membership.objects.filter(user=self.user).order_by("starts_at"):
            assert end is None or period.starts_at >= end
            end = period.ends_at

    @invariant()
    def the_ledger_is_the_balance(self) -> None:
        row = Wallet.objects.filter(user=self.user).first()
        if row is None:
            return
        balance = NOTHING
        for entry in row.entries.order_by("pk"):
            balance += entry.amount
            assert entry.balance_after == balance >= 0
        assert row.balance == balance

    def teardown(self) -> None:
        """In the end the site knows of every payment of the cashier's, and the books of both agree."""
        for _ in range(2):
            self.at += timedelta(hours=2)
            services.reconcile(at=self.at, rate=10_000)
        for deal in self.deals:
            assert self._seen(deal).state != OrderState.PENDING
            for payment in deal.order.payments.exclude(gateway="wallet"):
                trade = self.till.cashier.store.get(payment.trade_no)
                assert trade
                assert Decimal(trade.amount) == payment.amount
                assert self.till.cashier.store.refunded(payment.trade_no) == payment.refunded
                assert not payment.flag or payment.refunded == payment.amount
            if any((trade := self.till.cashier.store.get(number)) and trade.paid_at for number in deal.trades):
                assert deal.order.payments.exists()
        self.money_in_is_given_back_or_flagged()
        self.every_order_gave_what_it_should_once()
        self.the_ledger_is_the_balance()

    # --- Within -----------------------------------------------------------------------------------

    def _seen(self, deal: Deal) -> Order:
        deal.order = Order.objects.select_related("membership").get(pk=deal.order.pk)
        return deal.order

    def _trade(self, data: st.DataObject) -> tuple[Deal, str]:
        pairs = [(n, trade) for n, deal in enumerate(self.deals) for trade in deal.trades]
        number, trade = data.draw(st.sampled_from(pairs))
        return self.deals[number], trade


@pytest.mark.slow
@pytest.mark.xdist_group("money")
@pytest.mark.django_db(transaction=True)
def test_no_sequence_of_events_loses_or_makes_money(till):
    Shop.till = till
    Shop.items = [make_plan(), make_plan(name="周卡", price=Decimal("7.77"), days=7), make_paid_movie()]
    run_state_machine_as_test(
        Shop,
        settings=settings(
            max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck),
            derandomize=True, database=None, print_blob=False,
        ),
    )  # fmt: skip
