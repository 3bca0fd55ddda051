"""The gateway's bill of a day: Alipay's "business details" (业务明细), a CSV file in GBK, usually within a ZIP.

Source: Alipay open platform, "alipay.data.dataservice.bill.downloadurl.query", bill type "trade".
"""

from __future__ import annotations

import csv
import io
import lzma
import zipfile
import zlib
from dataclasses import dataclass
from decimal import Decimal

from apps.orders.gateways.protocol import parse_amount

LARGEST = 64 * 1024 * 1024  # bytes of a bill, unpacked
COLUMNS = [
    "支付宝交易号", "商户订单号", "业务类型", "商品名称", "创建时间", "完成时间", "门店编号", "门店名称", "操作员",
    "终端号", "对方账户", "订单金额（元）", "商家实收（元）", "支付宝红包（元）", "集分宝（元）", "支付宝优惠（元）",
    "商家优惠（元）", "券核销金额（元）", "券名称", "商家红包消费金额（元）", "卡消费金额（元）",
    "退款批次号/请求号", "服务费（元）", "分润（元）", "备注",
]  # fmt: skip
NEEDED = [COLUMNS[n] for n in (0, 1, 2, 11, 21)]
BRACKETS = str.maketrans("()", "（）")
PAID, REFUNDED = "交易", "退款"
# raised by a damaged ZIP file, depending on its compression method
DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError, RuntimeError)


@dataclass(frozen=True)
class BillLine:
    """One movement; `amount` is in yuan, negative for refunds."""

    trade_no: str
    number: str
    amount: Decimal
    request_no: str  # of a refund; empty for a payment
    unknown: str = ""  # the raw line if it is neither a payment nor a refund; its amount is 0 then

    @property
    def key(self) -> tuple[str, str]:
        """Identifies the movement."""
        return self.trade_no, self.request_no


def read_bill(content: bytes) -> list[BillLine]:
    """Parse a bill, given as Alipay's ZIP file or the CSV file in it. Raises ValueError for anything else.

    Lines of an unknown kind are returned as `unknown`.
    """
    columns: list[str] = []
    lines = []
    for text in io.StringIO(_details(content)):
        cells = _cells(text.rstrip("\r\n"), len(columns))
        if not any(cells) or cells[0].startswith("#"):
            continue
        if columns:
            lines.append(_line(cells, columns))
            continue
        columns = [name.translate(BRACKETS) for name in cells]
        if missing := [name for name in NEEDED if name not in columns]:
            raise ValueError(f"The bill has no column {', '.join(missing)}.")
    if not columns:
        raise ValueError("The bill is empty.")
    return lines


def _cells(text: str, wanted: int) -> list[str]:
    """The cells of a line. Parsed line by line, so that an unclosed quotation mark affects only its own line."""
    try:
        cells = next(csv.reader([text]), [])
    except csv.Error:
        cells = []
    if len(cells) < wanted:
        cells = text.split(",")
    return [cell.strip() for cell in cells]  # Alipay appends a tab to numbers, so that spreadsheets don't round them


def _line(cells: list[str], columns: list[str]) -> BillLine:
    cells = cells + [""] * (len(columns) - len(cells))
    trade_no, number, kind, amount, request_no = (cells[columns.index(name)] for name in NEEDED)
    try:
        yuan = parse_amount(amount.removeprefix("-"))
    except ValueError:
        kind = ""
    if kind == PAID and not amount.startswith("-"):
        return BillLine(trade_no, number, yuan, "")
    if kind == REFUNDED:
        return BillLine(trade_no, number, -yuan, request_no)
    return BillLine(trade_no, number, Decimal("0.00"), request_no, unknown=",".join(cells).rstrip(",")[:200] or ",")


def _details(content: bytes) -> str:
    """The CSV text: Alipay's ZIP file contains one CSV file with details and one with totals."""
    if not content.startswith(b"PK"):
        return _text(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content), metadata_encoding="gbk") as packed:
            named = [info for info in packed.infolist() if info.filename.lower().endswith(".csv")]
            files = [info for info in named if "汇总" not in info.filename]
            if sum(info.file_size for info in files) > LARGEST:
                raise ValueError("The ZIP file holds too much.")
            texts = [_text(packed.read(info)) for info in files]
    except DAMAGED as error:
        raise ValueError(f"The ZIP file can't be opened: {error}") from error
    found = [text for text in texts if COLUMNS[0] in text]
    if len(found) != 1:
        raise ValueError("The ZIP file holds no details, or more than one bill.")
    return found[0]


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")  # superset of GBK; a UnicodeDecodeError is a ValueError
