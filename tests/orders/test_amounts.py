"""Money is exact: no float anywhere near it, and two decimals to the edge."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Sum
from django.template import Context, Template
from django.utils import timezone

from apps.orders import services
from apps.orders.gateways.protocol import parse_amount
from apps.orders.models import Coupon, Plan
from apps.wallet import services as wallet
from apps.wallet.models import Entry, Wallet
from tests.conftest import ROOT
from tests.factories import make_plan, make_user
from utils.money import MoneyField, yuan_value

MONEY = {
    *("amount", "price", "list_price", "discount", "balance", "balance_after", "refunded", "member_price"),
    *("off", "month", "missing", "ours", "theirs", "sales", "top_ups", "received", "total", "dearest"),
}
SECONDS = {
    "rate",
    "after",
    "due",
    "now",
    "TIMEOUT",
    "PAUSE",
    "RATE",
    "LATE",
    "begun",
    "poll_interval",
    "EVERY",
    "until",
    "RUN_FOR",
}
EXACT = {"Decimal", "Decimal | None", "str", "dict[str, Decimal]", "Any"}


def _sources() -> Iterator[tuple[Path, ast.Module]]:
    files = [*(ROOT / "apps" / "orders").rglob("*.py"), *(ROOT / "apps" / "wallet").rglob("*.py")]
    for file in [*files, ROOT / "utils" / "money.py", ROOT / "utils" / "templatetags" / "formats.py"]:
        yield file, ast.parse(file.read_text())


def _typed(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Every name with an annotation, and the annotation: arguments, attributes, variables, return values."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation:
            yield node.arg, ast.unparse(node.annotation)
        elif isinstance(node, ast.AnnAssign):
            yield ast.unparse(node.target), ast.unparse(node.annotation)
        elif isinstance(node, ast.FunctionDef) and node.returns:
            yield f"{node.name}()", ast.unparse(node.returns)


def test_no_float_touches_money_in_the_code():
    for file, tree in _sources():
        if file.name == "formats.py":
            tree = ast.Module([n for n in tree.body if getattr(n, "name", "") in {"yuan", "signed_yuan", "saving"}], [])
        for name, kind in _typed(tree):
            assert name not in MONEY or kind in EXACT, f"{file}: {name} is {kind}"
            if "float" in kind.replace("isinstance", ""):
                assert name in SECONDS or name == "due()", f"{file}: {name} is {kind}"
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"float", "round"}, f"{file}:{node.lineno}"
                if node.func.id == "Decimal" and node.args and isinstance(node.args[0], ast.Constant):
                    assert isinstance(node.args[0].value, str | int), f"{file}:{node.lineno}"


def test_every_amount_in_the_database_is_whole_fen():
    for model in [*apps.get_app_config("orders").get_models(), *apps.get_app_config("wallet").get_models()]:
        for field in model._meta.get_fields():
            assert not isinstance(field, models.FloatField | models.DecimalField), field
            if field.name in MONEY:
                assert isinstance(field, MoneyField), field


def test_a_float_is_refused():
    with pytest.raises(TypeError):
        Plan(name="x", price=25.0, days=1).clean_fields()
    with pytest.raises(TypeError):
        Plan.objects.filter(price=0.1)


@pytest.mark.parametrize(
    ("text", "amount"), [("0.01", "0.01"), ("0.1", "0.10"), ("7", "7"), ("99999999.99", "99999999.99"), ("0.00", "0")]
)
def test_amounts_that_are_read(text, amount):
    assert parse_amount(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.",
        ".5",
        "1.001",
        "-1",
        "+1",
        "1e2",
        "１.00",
        "01.00",
        " 1",
        "1\n",
        "1,000.00",
        "NaN",
        "Infinity",
        "9" * 10,
    ],
)
def test_what_is_no_amount(text):
    with pytest.raises(ValueError, match="amount"):
        parse_amount(text)


@pytest.mark.parametrize("wrong", ["0.005", "1.999", "x", "NaN", "Infinity"])
def test_a_third_decimal_is_refused_and_never_rounded(wrong):
    with pytest.raises(ValidationError):
        MoneyField().to_python(wrong)


@pytest.mark.django_db
def test_sums_are_exact_in_the_database():
    user = make_user()
    for number in range(100):
        wallet.move(
            user=user, amount=Decimal("0.01"), kind=Entry.Kind.TOP_UP, reference=f"t{number}", at=timezone.now()
        )
    assert wallet.balance_of(user=user) == Decimal("1.00")
    assert Entry.objects.aggregate(n=Sum("amount"))["n"] == Decimal("1.00")
    for number, amount in enumerate(["-0.99", "0.10", "0.20", "-0.30"]):
        wallet.move(
            user=user, amount=Decimal(amount), kind=Entry.Kind.PURCHASE, reference=f"p{number}", at=timezone.now()
        )
    assert wallet.balance_of(user=user) == Decimal("0.01")
    Wallet.objects.update(balance=F("balance") - yuan_value(Decimal("0.01")))
    assert Wallet.objects.filter(balance=Decimal(0)).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("amount", "sold"),
    [("1.00", True), ("0.99", False), ("5000.00", True), ("5000.01", False), ("12.34", True), ("12.345", False),
     ("NaN", False), ("1e3", True), ("-5", False)],
)  # fmt: skip
def test_how_much_can_be_put_into_a_wallet(client, amount, sold):
    client.force_login(make_user())
    answer = client.post("/order/commit/", {"amount": amount}).json()
    assert (answer["res"] == 0) is sold, answer
    assert sold or answer["errmsg"]


@pytest.mark.django_db
@pytest.mark.parametrize("price", ["0.01", "0.02", "99999.99"])
def test_prices_at_the_edge_are_kept_and_shown(client, price):
    plan, user = make_plan(price=Decimal(price)), make_user()
    client.force_login(user)
    answer = client.post("/order/commit/", {"plan": plan.pk}).json()
    assert answer["amount"] == price
    page = client.get(f"/order/{answer['order']}/").content.decode()
    assert f"¥{Decimal(price):,.2f}" in page


@pytest.mark.parametrize(
    ("amount", "shown"), [("25", "¥25.00"), ("0.1", "¥0.10"), ("1234567.8", "¥1,234,567.80"), ("-5", "−¥5.00")]
)
def test_yuan_are_shown_as_they_are_written(amount, shown):
    text = Template("{% load formats %}{{ amount|yuan }}").render(Context({"amount": Decimal(amount)}))
    assert text == shown


@pytest.mark.django_db
def test_shares_of_a_price_never_round_against_the_books():
    plan = make_plan(price=Decimal("0.03"))
    for percent, off in (("33.33", "0.00"), ("34.00", "0.01"), ("99.99", "0.02"), ("100.00", "0.02")):
        Coupon.objects.create(code=f"C{percent}", kind="percent", value=Decimal(percent))
        coupon, taken = services.discount_for(code=f"C{percent}", plan=plan, user=None, at=timezone.now())
        assert (taken, plan.price - taken >= Decimal("0.01")) == (Decimal(off), True), coupon
