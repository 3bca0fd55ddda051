"""The daily statement: our books beside the gateway's bill."""

from __future__ import annotations

import io
import random
import zipfile
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.orders import services
from apps.orders.gateways import CLOCK, GatewayUnclear, gateway, read_bill
from apps.orders.gateways.cashier.store import Fault
from apps.orders.models import DailyStatement, Payment, Plan
from apps.orders.services.daily import last_billed_day
from benchmarks.money.faults import BILL_BREAKS_OFF
from benchmarks.money.gateway import shape_of
from benchmarks.money.trial import Trial
from tests.cashier import body
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def _paid(till, amount: str = "25.00") -> Payment:
    plan, at = Plan.objects.create(name="月卡", price=Decimal(amount), days=30), timezone.now()
    order = services.place_order(user=make_user(), item=plan, at=at)
    url = services.pay_by_gateway(order=order, phone=False, site="http://testserver/", at=at)
    services.receive(body=body(till.notification(till.pay(url))), address=None, at=at)
    return Payment.objects.get(order=order)


def _strangers(till) -> str:
    """A payment at the gateway for an order that isn't ours; its trade's number."""
    wanted = {"subject": "x", "amount": "25.00", "notify_url": "", "return_url": "", "expires_at": None}
    trade = till.cashier.store.begin(number=f"X{timezone.now():%H%M%S%f}", at=timezone.now(), **wanted)
    assert till.cashier.store.pay(trade.trade_no, at=timezone.now())
    return trade.trade_no


def _bill(payment: Payment, line: str = "") -> bytes:
    """The cashier's bill of today, of this payment and its refunds only, with one more line."""
    lines = gateway().bill(day=timezone.now().astimezone(CLOCK).date()).decode("gbk").splitlines(keepends=True)
    kept = [text for text in lines if text.startswith(("#", "支付宝交易号", payment.trade_no))]
    return "".join([*kept, line]).encode("gbk")


def _statement(payment: Payment, content: bytes) -> services.Statement:
    day = payment.paid_at.astimezone(CLOCK).date()
    return services.statement(day=day, bill=read_bill(content))


def test_books_that_agree(till):
    payment = _paid(till)
    row = services.refund(payment=payment, amount=Decimal("5.01"), reason="x", by=None, at=timezone.now())
    services.execute_refund(refund=row, at=timezone.now())
    told = _statement(payment, _bill(payment))
    assert (told.ours, told.theirs, told.lines, told.differences) == (Decimal("19.99"), Decimal("19.99"), 2, [])


def test_every_kind_of_difference_is_told(till):
    payment = _paid(till)
    stranger = "2026112022001000000000001\t,20261120000\t,交易,x" + "," * 7 + ",9.90" + "," * 13 + "\r\n"
    content = _bill(payment, stranger)
    assert [(d.kind, d.theirs) for d in _statement(payment, content).differences] == [
        (services.DifferenceKind.NOT_OURS, Decimal("9.90"))
    ]
    assert [d.kind for d in _statement(payment, content.replace(b",25.00", b",25.01")).differences] == [
        services.DifferenceKind.NOT_OURS, services.DifferenceKind.AMOUNT,
    ]  # fmt: skip
    own = next(text for text in content.splitlines(keepends=True) if text.startswith(payment.trade_no.encode()))
    assert [d.kind for d in _statement(payment, _bill(payment) + own).differences] == [services.DifferenceKind.TWICE]
    nothing = b"".join(text for text in content.splitlines(keepends=True) if text[:1] == b"#" or b",," not in text)
    assert [(d.kind, d.ours) for d in _statement(payment, nothing).differences] == [
        (services.DifferenceKind.NOT_THEIRS, Decimal("25.00"))
    ]


def test_a_refund_at_midnight_is_found_on_the_other_day(till):
    payment = _paid(till)
    row = services.refund(payment=payment, amount=Decimal("5.00"), reason="x", by=None, at=timezone.now())
    services.execute_refund(refund=row, at=timezone.now() + timedelta(days=1))
    told = _statement(payment, _bill(payment))
    assert told.differences == []


def test_the_bill_as_alipay_packs_it(till):
    payment = _paid(till)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("20881_20261120_业务明细.csv", _bill(payment))
        file.writestr("20881_20261120_业务明细(汇总).csv", "#汇总".encode("gbk"))
    assert _statement(payment, packed.getvalue()).differences == []


@pytest.mark.parametrize("name", ["{}.csv", "{}.CSV", "folder/{}.csv"])
@pytest.mark.parametrize(
    "write",
    [
        lambda text: text.encode("gbk"),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace("（", "(").replace("）", ")").encode("gbk"),
        lambda text: "".join(line for line in text.splitlines(keepends=True) if line[0] != "#").encode("gbk"),
    ],
)
def test_a_bill_may_be_written_otherwise(till, name, write):
    payment = _paid(till)
    text = _bill(payment).decode("gbk")
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", compression) as file:
            file.writestr(name.format("details"), write(text))
            file.writestr(name.format("sums"), "业务类型,笔数\r\n".encode("gbk"))
        assert _statement(payment, packed.getvalue()).differences == []
    assert _statement(payment, write(text)).differences == []


def test_a_quotation_mark_that_nobody_closes_swallows_no_lines(till):
    """The names of what other applications of the seller sell are theirs."""
    payment = _paid(till)
    head, *lines = [line for line in _bill(payment).decode("gbk").splitlines() if not line.startswith("#")]
    cells = lines[0].split(",")
    cells[0], cells[1], cells[3] = "2026112022001400000000000009", "X1", '"open'
    told = _statement(payment, "\r\n".join([head, ",".join(cells), *lines]).encode("gbk"))
    assert [(one.kind, one.number) for one in told.differences] == [(services.DifferenceKind.NOT_OURS, "X1")]


def test_a_damaged_bill_is_refused_and_nothing_else_is_raised(till):
    """A run of the morning goes on to the next day and seller: whatever is wrong with this one."""
    payment = _paid(till)
    plain, whole, chance = _bill(payment), [], random.Random(1)
    for compression in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", compression) as file:
            file.writestr("details.csv", plain)
        whole.append(packed.getvalue())
    for content in [plain, *whole] * 400:
        broken = bytearray(content)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(broken))
            broken[at : at + chance.choice([0, 1, 9])] = chance.choice([b"", b"\0", b'"', b"\r", b"\xff", b",,,"])
        with suppress(ValueError):
            read_bill(bytes(broken[: chance.choice([None, None, len(broken) // 2])]))


def test_a_bill_that_breaks_off_on_its_way_is_asked_for_again(tmp_path):
    with Trial(tmp_path) as trial:
        day = next(date(2026, 1, day) for day in range(1, 9) if shape_of(f"2026-01-{day:02}") == "gbk")
        trial.gateway.faults.append(BILL_BREAKS_OFF)
        with pytest.raises(GatewayUnclear, match="IncompleteRead"):
            gateway().bill(day=day)
        assert read_bill(gateway().bill(day=day)) is not None


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04nonsense", b"a,b\r\n1,2\r\n", b"\xff\xfe\x00", b"#only notes\r\n"]
)
def test_what_is_no_bill_is_refused(content):
    with pytest.raises(ValueError, match=r"."):
        read_bill(content)


def test_the_command_prints_the_differences_and_fails(till, tmp_path):
    payment = _paid(till)
    file, said = tmp_path / "bill.csv", io.StringIO()
    file.write_bytes(_bill(payment))
    day = payment.paid_at.astimezone(CLOCK).date().isoformat()
    call_command("statement", "--day", day, "--bill", str(file), stdout=said)
    assert "没有差异" in said.getvalue()
    file.write_bytes(_bill(payment).replace(b",25.00", b",24.00"))
    with pytest.raises(CommandError, match="1 处差异"):
        call_command("statement", "--day", day, "--bill", str(file), stdout=said)
    assert f"金额不同\t{payment.order.number}\t{payment.trade_no}\t–\t¥25.00 / ¥24.00" in said.getvalue()
    with pytest.raises(CommandError, match="无法读取"):
        call_command("statement", "--day", day, "--bill", str(tmp_path / "none.csv"))


def test_a_day_without_a_bill_is_a_day_on_which_nothing_moved(till, settings, mailoutbox):
    """Alipay makes none then; what our books have of such a day is a difference all the same."""
    settings.MONEY_ALARMS_TO = "money@example.com"
    query = "alipay.data.dataservice.bill.downloadurl.query"
    for days, sub_code in ((400, "isp.bill_not_exist"), (399, "BILL_NOT_EXIST")):
        till.cashier.store.fail(query, Fault("40004", sub_code, False))
        services.daily_statement(at=timezone.now() - timedelta(days=days))
    assert DailyStatement.objects.filter(made_at__isnull=False).count() == 2
    assert mailoutbox == []
    payment = _paid(till)
    till.cashier.store.fail(query, Fault("40004", "isp.bill_not_exist", False))
    told = services.check_day(day=payment.paid_at.astimezone(CLOCK).date(), at=timezone.now())
    assert [one.kind for one in told.differences] == [services.DifferenceKind.NOT_THEIRS]


def test_the_command_fetches_the_bill_itself(till, settings):
    payment = _paid(till)
    said = io.StringIO()
    stranger = _strangers(till)
    with pytest.raises(CommandError, match="处差异"):
        call_command("statement", "--day", payment.paid_at.astimezone(CLOCK).date().isoformat(), stdout=said)
    assert stranger in said.getvalue()
    assert payment.trade_no not in said.getvalue()
    settings.ALIPAY_GATEWAY_URL = "http://127.0.0.1:9/gateway.do"
    with pytest.raises(CommandError, match="无法读取"):
        call_command("statement", stdout=said)


UNKNOWN = "2026112022001000000000001\t,20261120000\t,分账,x" + "," * 7 + ",9.90" + "," * 13 + "\r\n"


@pytest.mark.parametrize(
    "line",
    [
        UNKNOWN,
        UNKNOWN.replace("分账", "交易").replace("9.90", "??"),
        UNKNOWN.replace("分账", "交易").replace("9.90", "-9.90"),
        "截断的一行\r\n",
    ],
)
def test_a_line_that_is_not_understood_stops_nothing_and_is_told(till, tmp_path, line):
    payment = _paid(till)
    told = _statement(payment, _bill(payment, line))
    assert [one.kind for one in told.differences] == [services.DifferenceKind.UNKNOWN]
    assert told.differences[0].request_no.split(",")[0] == line.split(",")[0].strip()
    assert told.theirs == Decimal("25.00")  # the other lines are compared
    file, said = tmp_path / "bill.csv", io.StringIO()
    file.write_bytes(_bill(payment, line))
    day = payment.paid_at.astimezone(CLOCK).date().isoformat()
    with pytest.raises(CommandError, match="1 处差异"):
        call_command("statement", "--day", day, "--bill", str(file), stdout=said)
    assert "无法识别的账单行" in said.getvalue()


def test_the_morning_books_what_nobody_told_and_tells_what_differs(till, settings, mailed, monkeypatch):
    monkeypatch.setattr(
        services.daily, "LISTED", 100_000
    )  # the cashier is all tests' own, and its day holds what they paid
    settings.MONEY_ALARMS_TO = "money@example.com"
    payment = _paid(till)
    store = till.cashier.store
    assert store.refund(payment.trade_no, f"{payment.trade_no}-console", Decimal("4.00"), at=timezone.now())
    stranger = _strangers(till)
    tomorrow = payment.paid_at.astimezone(CLOCK).replace(hour=10, minute=10) + timedelta(days=1)
    services.daily_statement(at=tomorrow)
    payment.refresh_from_db()
    assert payment.refunded == Decimal("4.00")
    [mail] = mailed
    assert f"trade {stranger}" in mail.body
    assert payment.trade_no not in mail.body


def test_a_day_without_a_bill_is_tried_again_and_alarms_once(till, settings, mailed):
    settings.MONEY_ALARMS_TO = "money@example.com"
    there, settings.ALIPAY_GATEWAY_URL = settings.ALIPAY_GATEWAY_URL, "http://127.0.0.1:9/gateway.do"
    morning = timezone.now().astimezone(CLOCK).replace(hour=10, minute=10)
    for hour in (0, 1, 11):
        services.daily_statement(at=morning + timedelta(hours=hour))
    assert mailed == []
    for hour in (12, 13, 19):
        services.daily_statement(at=morning + timedelta(hours=hour))
    assert ["No statement of" in mail.subject for mail in mailed] == [True]
    settings.ALIPAY_GATEWAY_URL = there
    services.daily_statement(at=morning + timedelta(days=1))  # makes up for the day before
    rows = DailyStatement.objects.order_by("day").values_list("day", "made_at")
    assert [day for day, _ in rows] == [(morning - timedelta(days=n)).date() for n in (1, 0)]
    assert all(made for _, made in rows)


def test_a_statement_is_made_once(till, settings, mailed, monkeypatch):
    settings.MONEY_ALARMS_TO = "money@example.com"
    payment = _paid(till)
    till.cashier.store.pay_again(payment.trade_no, at=timezone.now())  # a difference
    tomorrow = payment.paid_at.astimezone(CLOCK).replace(hour=10, minute=10) + timedelta(days=1)
    for hour in range(3):
        services.daily_statement(at=tomorrow + timedelta(hours=hour))
    assert len(mailed) == 1


def test_a_site_without_payments_has_no_statement(settings):
    settings.PAYMENT_GATEWAY = "none"
    services.daily_statement(at=timezone.now())
    assert not DailyStatement.objects.exists()


@pytest.mark.parametrize(("hour", "days"), [(10, 1), (9, 2), (0, 2), (23, 1)])
def test_the_statement_is_of_the_last_day_that_has_a_bill(hour, days):
    at = datetime(2026, 11, 20, hour, 10, tzinfo=CLOCK)
    assert last_billed_day(at) == at.date() - timedelta(days=days)
