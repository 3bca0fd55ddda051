"""What has to hold once everything has come to rest, judged by the second gateway's books and not by the site's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from django.db.models import Sum

from apps.orders import services as orders
from apps.orders.models import Coupon, Order, Payment, Purchase, Refund
from apps.users.models import Membership, OutgoingMail, User
from apps.wallet.models import Wallet
from benchmarks.money.gateway import Trade, has_strange_line
from benchmarks.money.world import World

NOTHING = Decimal("0.00")
DONE, REQUESTED, FAILED = Refund.State.DONE, Refund.State.REQUESTED, Refund.State.FAILED


def broken(world: World) -> list[str]:
    """What doesn't hold, a line each."""
    placed = {row.pk: row for row in Order.objects.filter(pk__in=world.orders).select_related("membership", "user")}
    found = [*_money(world, placed), *_orders(world, placed), *_wallets(world, placed), *_memberships(world, placed)]
    found += [f"{number} was asked about through another application" for number in world.gateway.strayed]
    return [*found, *_titles(placed), *_letters(world, placed), *_coupons(world, placed), *_statements(world)]


def _money(world: World, placed: dict[int, Order]) -> Iterator[str]:
    """Every fen that the gateway still has of a buyer is paid for by something, or is seen to be owed."""
    numbers = {order.number: order for order in placed.values()}
    bought: Counter[str] = Counter()
    for trade in world.gateway.trades.values():
        order = numbers[trade.number]
        if trade.paid_at is None:
            continue
        payment = Payment.objects.filter(trade_no=trade.trade_no).first()
        if payment is None:
            yield f"{order}: trade {trade.trade_no} of ¥{trade.amount} is unknown"
            continue
        if payment.app_id != trade.app:
            yield f"{order}: trade {trade.trade_no} is of {trade.app}, noted is {payment.app_id}"
        if payment.amount != trade.amount or payment.order_id != order.pk:
            yield f"{order}: trade {trade.trade_no}: ¥{payment.amount} noted, ¥{trade.amount} came"
        gone = payment.refunds.filter(state=DONE).aggregate(n=Sum("amount"))["n"] or NOTHING
        if gone != trade.back or payment.refunded != trade.back:
            yield f"{order}: ¥{trade.back} went back of {trade.trade_no}, noted are ¥{gone} and ¥{payment.refunded}"
        kept = trade.amount - trade.back
        if kept and payment.flag and not _is_owed(payment):
            yield f"{order}: ¥{kept} of {trade.trade_no} bought nothing ({payment.flag}) and nobody sees it"
        if trade.strange and payment.flag != "app":
            yield f"{order}: a strange payment is flagged {payment.flag!r}"
        if kept and not payment.flag:
            bought[order.number] += 1
            if trade.amount != order.amount:
                yield f"{order}: ¥{trade.amount} bought it, it costs ¥{order.amount}"
            if order.state != "fulfilled":
                yield f"{order}: ¥{kept} is kept, and the order is {order.state}"
            if (gone_at := world.deleted.get(order.user_id)) and trade.paid_at > gone_at + world.skew:
                yield f"{order}: ¥{kept} was paid for an account that was gone"
        if not payment.flag and not kept and order.state != "refunded":
            yield f"{order}: all of {trade.trade_no} went back, and the order is {order.state}"
    for number, times in bought.items():
        if times > 1:
            yield f"{number}: {times} payments are kept"


def _is_owed(payment: Payment) -> bool:
    """An administrator sees it among the money that waits, and why the gateway doesn't take it back."""
    waits = Payment.objects.unclaimed().filter(pk=payment.pk).exists()
    return waits and payment.refunds.filter(state=FAILED).exists()


def _orders(world: World, placed: dict[int, Order]) -> Iterator[str]:
    trades: dict[str, list[Trade]] = defaultdict(list)
    for trade in world.gateway.trades.values():
        trades[trade.number].append(trade)
    for order in placed.values():
        if order.state in {"pending", "paid"}:
            yield f"{order}: still {order.state}"
        good = [row for row in order.payments.all() if not row.flag]
        if order.state == "fulfilled" and len(good) != 1:
            yield f"{order}: fulfilled by {len(good)} payments"
        if order.state == "fulfilled" and good and good[0].gateway != "wallet":
            mine = [trade for trade in trades[order.number] if trade.paid_at and trade.amount == order.amount]
            if not mine:
                yield f"{order}: fulfilled, and the gateway had no money for it"
        if order.state == "closed" and good:
            yield f"{order}: closed, and paid"
    for row in Refund.objects.filter(payment__order__in=placed, state=REQUESTED):
        yield f"refund {row} is still requested"


def _wallets(world: World, placed: dict[int, Order]) -> Iterator[str]:
    """What was topped up at the gateway, less what went back there, is in the wallet or was spent from it."""
    by_number = {order.number: order for order in placed.values()}
    owned: dict[int, Decimal] = defaultdict(Decimal)
    for trade in world.gateway.trades.values():
        order = by_number[trade.number]
        good = Payment.objects.filter(trade_no=trade.trade_no, flag="").first()
        if good and order.kind == "top_up":
            short = good.refunds.aggregate(n=Sum("shortfall"))["n"] or NOTHING
            owned[order.user_id] += trade.amount - trade.back + short
    for row in Payment.objects.filter(gateway="wallet", order__in=placed).select_related("order"):
        owned[row.order.user_id] -= row.amount - row.refunded
    for user in User.objects.filter(pk__in={order.user_id for order in placed.values()} | {u.pk for u in world.users}):
        wallet = Wallet.objects.filter(user=user).first()
        balance = wallet.balance if wallet else NOTHING
        if balance != owned[user.pk]:
            yield f"{user}: the wallet holds ¥{balance}, it should be ¥{owned[user.pk]}"
        entries = list(wallet.entries.order_by("pk")) if wallet else []
        if sum((entry.amount for entry in entries), NOTHING) != balance:
            yield f"{user}: the ledger isn't the balance"
        if any(after.balance_after != before.balance_after + after.amount for before, after in pairwise(entries)):
            yield f"{user}: the ledger has a gap"


def _memberships(world: World, placed: dict[int, Order]) -> Iterator[str]:
    users = {order.user_id for order in placed.values()}
    periods: dict[int, list[Membership]] = defaultdict(list)
    for period in Membership.objects.filter(user__in=users).order_by("starts_at"):
        periods[period.user_id].append(period)
    by_number = {order.number: order for order in placed.values()}
    reasons = Counter(period.reason for rows in periods.values() for period in rows)
    for rows in periods.values():
        for before, after in pairwise(rows):
            if after.starts_at < before.ends_at:
                yield f"memberships of {before.user_id} overlap"
        for period in rows:
            order = by_number[period.reason]
            length, full = period.ends_at - period.starts_at, timedelta(days=order.days or 0)
            if order.state == "fulfilled" and length != full:
                yield f"{order}: {length} of membership instead of {full}"
            over = order.refunded_at and period.ends_at <= order.refunded_at  # all of it was used before
            if order.state == "refunded" and length >= full and not over:
                yield f"{order}: refunded, and the membership stays"
            if order.state not in {"fulfilled", "refunded"}:
                yield f"{order}: {order.state}, and gave a membership"
    for order in placed.values():
        if order.kind == "plan" and reasons[order.number] != 1 and order.state == "fulfilled":
            yield f"{order}: {reasons[order.number]} memberships"


def _titles(placed: dict[int, Order]) -> Iterator[str]:
    held = Counter(Purchase.objects.filter(order__in=placed, held=True).values_list("user_id", "movie_id"))
    for key, times in held.items():
        if times > 1:
            yield f"user and title {key}: owned {times} times"
    for order in placed.values():
        if order.kind == "title":
            has = Purchase.objects.filter(order=order, held=True).count()
            if has != (order.state == "fulfilled"):
                yield f"{order}: {order.state}, and {has} titles are held"


def _letters(world: World, placed: dict[int, Order]) -> Iterator[str]:
    """Buyers with an address get one email for each purchase, and one for everything refunded.

    By sums: a refund of the console that the bill puts on two days is two rows, and was told whole.
    """
    told: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    users = {order.user_id for order in placed.values()}
    for letter in OutgoingMail.objects.filter(user__in=users, kind__in=["paid", "refunded"]):
        told[letter.kind, letter.context["number"]] += Decimal(letter.context["amount"])
    for order in placed.values():
        if not order.user.email or order.user_id in world.deleted:
            continue
        bought = any(not row.flag for row in order.payments.all())
        gone = Refund.objects.filter(payment__order=order, state=DONE).aggregate(n=Sum("amount"))["n"] or NOTHING
        for kind, is_so in (("paid", order.amount if bought else NOTHING), ("refunded", gone)):
            if told[kind, order.number] != is_so:
                yield f"{order}: letters tell of ¥{told[kind, order.number]} {kind}, it is ¥{is_so}"


def _coupons(world: World, placed: dict[int, Order]) -> Iterator[str]:
    for coupon in Coupon.objects.filter(pk__in=[one.pk for one in world.coupons]):
        used = [order for order in placed.values() if order.coupon_id == coupon.pk and order.state != "closed"]
        if coupon.limit is not None and len(used) > coupon.limit:
            yield f"{coupon}: used {len(used)} times, {coupon.limit} allowed"
        if any(times > coupon.limit_per_user for times in Counter(order.user_id for order in used).values()):
            yield f"{coupon}: used too often by one user"


def _statements(world: World) -> Iterator[str]:
    """The books of both agree on each day, and the revenue is what the gateway has, less what is still owed."""
    for day in world.days():
        told = orders.check_day(day=day, at=world.at)
        strange = Counter(one.kind for one in told.differences)[orders.DifferenceKind.UNKNOWN]
        if strange != has_strange_line(f"{day}"):
            yield f"statement of {day}: {strange} unknown lines"
        for one in told.differences:
            if one.kind != orders.DifferenceKind.UNKNOWN:
                yield f"statement of {day}: {one}"
        if told.ours != told.theirs:
            yield f"statement of {day}: ¥{told.ours} in our books, ¥{told.theirs} in the bill"
    numbers = set(Order.objects.filter(pk__in=world.orders).values_list("number", flat=True))
    theirs = sum(
        (t.amount - t.back for t in world.gateway.trades.values() if t.paid_at and t.number in numbers), NOTHING
    )
    told = orders.revenue(first=world.days()[0], last=world.days()[-1])  # type: ignore[assignment]
    owed = sum(
        (row.amount - row.refunded for row in Payment.objects.unclaimed().filter(order__in=world.orders)), NOTHING
    )
    if told.received != theirs - owed:  # type: ignore[attr-defined]
        yield f"revenue says ¥{told.received} was received, the gateway has ¥{theirs} of which ¥{owed} are owed"  # type: ignore[attr-defined]
