"""The cashier's storage: trades, refunds and pending notifications, in its own SQLite file."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from apps.orders.gateways.protocol import TradeStatus, format_time, parse_time

_TABLES = """
CREATE TABLE IF NOT EXISTS trade (
  trade_no TEXT PRIMARY KEY, number TEXT NOT NULL, subject TEXT NOT NULL, amount TEXT NOT NULL, status TEXT NOT NULL,
  notify_url TEXT NOT NULL, return_url TEXT NOT NULL, created_at TEXT NOT NULL, expires_at TEXT, paid_at TEXT,
  certified INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS trade_number ON trade (number);
CREATE TABLE IF NOT EXISTS refund (
  request_no TEXT PRIMARY KEY, trade_no TEXT NOT NULL, amount TEXT NOT NULL, done_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (
  id INTEGER PRIMARY KEY, trade_no TEXT NOT NULL, due REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS fault (
  id INTEGER PRIMARY KEY, method TEXT NOT NULL, number TEXT NOT NULL, code TEXT NOT NULL, sub_code TEXT NOT NULL,
  done INTEGER NOT NULL);
"""


@dataclass(frozen=True)
class Fault:
    """An injected fault: an error code, or no answer if `code` is empty; `done` if the call still takes effect."""

    code: str
    sub_code: str
    done: bool


@dataclass(frozen=True)
class StoredTrade:
    """One trade; times are naive, by the protocol's clock."""

    trade_no: str
    number: str
    subject: str
    amount: str  # yuan
    status: str
    notify_url: str
    return_url: str
    created_at: str
    expires_at: str | None
    paid_at: str | None
    certified: int = 0  # whether the merchant uses certificate mode

    def is_over(self, at: datetime) -> bool:
        """Whether the time to pay has expired."""
        until = parse_time(self.expires_at or "")
        return until is not None and until <= at

    @property
    def is_paid(self) -> bool:
        """Whether it has been paid."""
        return TradeStatus(self.status).is_paid


class Store:
    """Trades, refunds and deliveries in the cashier's database."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "trades.sqlite3"
        with self.open() as db:
            db.executescript(_TABLES)
            if not any(row["name"] == "certified" for row in db.execute("PRAGMA table_info(trade)")):
                db.execute("ALTER TABLE trade ADD COLUMN certified INTEGER NOT NULL DEFAULT 0")  # of older versions

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection with an exclusive write transaction, committed on success."""
        db = sqlite3.connect(self.path, timeout=20, isolation_level=None)
        db.row_factory = sqlite3.Row
        try:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT") if db.in_transaction else None
        except BaseException:  # also on KeyboardInterrupt
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        finally:
            db.close()

    # --- Trades -----------------------------------------------------------------------------------

    def begin(
        self,
        *,
        number: str,
        subject: str,
        amount: str,
        notify_url: str,
        return_url: str,
        expires_at: str | None,
        at: datetime,
        certified: bool = False,
    ) -> StoredTrade:
        """The trade of a merchant's order, created on the buyer's first visit."""
        with self.open() as db:
            row = db.execute("SELECT * FROM trade WHERE number = ? ORDER BY rowid LIMIT 1", (number,)).fetchone()
            if row is None:
                values = (number, subject, amount, TradeStatus.WAITING, notify_url, return_url)
                row = self._insert(db, values, format_time(at), expires_at, None, certified=int(certified))
            return StoredTrade(**dict(row))

    def get(self, trade_no: str) -> StoredTrade | None:
        """The trade with that gateway number."""
        with self.open() as db:
            row = db.execute("SELECT * FROM trade WHERE trade_no = ?", (trade_no,)).fetchone()
            return StoredTrade(**dict(row)) if row else None

    def find(self, *, number: str = "", trade_no: str = "") -> StoredTrade | None:
        """Find a trade by the gateway's number, else by the merchant's, preferring a paid one."""
        if trade_no:
            return self.get(trade_no)
        with self.open() as db:
            rows = db.execute("SELECT * FROM trade WHERE number = ? ORDER BY paid_at IS NULL, rowid", (number,))
            row = rows.fetchone()
            return StoredTrade(**dict(row)) if row else None

    def pay(self, trade_no: str, *, at: datetime, amount: Decimal | None = None, forced: bool = False) -> bool:
        """Pay the trade; `forced` even if it is closed or expired."""
        with self.open() as db:
            row = StoredTrade(**dict(db.execute("SELECT * FROM trade WHERE trade_no = ?", (trade_no,)).fetchone()))
            if row.is_paid or (not forced and (row.status != TradeStatus.WAITING or row.is_over(at))):
                return False
            paid = f"{amount:.2f}" if amount is not None else row.amount
            db.execute(
                "UPDATE trade SET status = ?, paid_at = ?, amount = ? WHERE trade_no = ?",
                (TradeStatus.SUCCESS, format_time(at), paid, trade_no),
            )
            return True

    def pay_again(self, trade_no: str, *, at: datetime) -> str:
        """Pay the same order again under another trade number, which a gateway should never allow."""
        with self.open() as db:
            row = StoredTrade(**dict(db.execute("SELECT * FROM trade WHERE trade_no = ?", (trade_no,)).fetchone()))
            values = (row.number, row.subject, row.amount, TradeStatus.SUCCESS, row.notify_url, row.return_url)
            again = self._insert(db, values, format_time(at), row.expires_at, format_time(at), certified=row.certified)
            return str(again["trade_no"])

    def close(self, trade_no: str) -> bool:
        """Close the trade; False if it is no longer open."""
        with self.open() as db:
            changed = db.execute(
                "UPDATE trade SET status = ? WHERE trade_no = ? AND status = ?",
                (TradeStatus.CLOSED, trade_no, TradeStatus.WAITING),
            )
            return changed.rowcount == 1

    def _insert(
        self,
        db: sqlite3.Connection,
        values: tuple[str, ...],
        created: str,
        expires: str | None,
        paid: str | None,
        *,
        certified: int,
    ) -> Any:
        trade_no = f"{created[:10].replace('-', '')}22001{secrets.randbelow(10**15):015d}"
        row = (trade_no, *values, created, expires, paid, certified)
        db.execute("INSERT INTO trade VALUES (?,?,?,?,?,?,?,?,?,?,?)", row)
        return db.execute("SELECT * FROM trade WHERE trade_no = ?", (trade_no,)).fetchone()

    # --- Refunds ----------------------------------------------------------------------------------

    def refunded(self, trade_no: str) -> Decimal:
        """Total refunds of the trade, in yuan."""
        with self.open() as db:
            rows = db.execute("SELECT amount FROM refund WHERE trade_no = ?", (trade_no,))
            return sum((Decimal(row["amount"]) for row in rows), Decimal(0))

    def has_refund(self, trade_no: str, request_no: str) -> str | None:
        """The amount of that refund; None if it doesn't exist."""
        with self.open() as db:
            row = db.execute(
                "SELECT amount FROM refund WHERE request_no = ? AND trade_no = ?", (request_no, trade_no)
            ).fetchone()
            return str(row["amount"]) if row else None

    def refund(self, trade_no: str, request_no: str, amount: Decimal, *, at: datetime) -> bool:
        """Refund an amount; False if it exceeds what was paid."""
        with self.open() as db:
            trade = db.execute("SELECT * FROM trade WHERE trade_no = ?", (trade_no,)).fetchone()
            rows = db.execute("SELECT amount FROM refund WHERE trade_no = ?", (trade_no,)).fetchall()
            total = sum((Decimal(row["amount"]) for row in rows), amount)
            if trade["paid_at"] is None or total > Decimal(trade["amount"]):
                return False
            db.execute("INSERT INTO refund VALUES (?,?,?,?)", (request_no, trade_no, f"{amount:.2f}", format_time(at)))
            if total == Decimal(trade["amount"]):
                db.execute("UPDATE trade SET status = ? WHERE trade_no = ?", (TradeStatus.CLOSED, trade_no))
            return True

    # --- The day's bill ---------------------------------------------------------------------------

    def bill(self, day: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Trades paid and refunds made on `day` (YYYY-MM-DD)."""
        with self.open() as db:
            paid = db.execute("SELECT * FROM trade WHERE paid_at LIKE ? ORDER BY paid_at", (f"{day}%",)).fetchall()
            back = db.execute(
                "SELECT t.*, r.request_no, r.amount AS back, r.done_at FROM refund r JOIN trade t USING (trade_no) "
                "WHERE r.done_at LIKE ? ORDER BY r.done_at",
                (f"{day}%",),
            ).fetchall()
            return [dict(row) for row in paid], [dict(row) for row in back]

    # --- Pending notifications --------------------------------------------------------------------

    def deliver(self, trade_no: str, *, after: float, at: datetime) -> None:
        """Schedule the trade's notification in `after` seconds."""
        with self.open() as db:
            due = (at + timedelta(seconds=after)).timestamp()
            db.execute("INSERT INTO delivery (trade_no, due) VALUES (?, ?)", (trade_no, due))

    def due(self, now: float) -> list[tuple[int, str, int]]:
        """Due deliveries: id, trade number, tries so far."""
        with self.open() as db:
            rows = db.execute("SELECT id, trade_no, tries FROM delivery WHERE due <= ? ORDER BY due LIMIT 50", (now,))
            return [(row["id"], row["trade_no"], row["tries"]) for row in rows]

    def delivered(self, delivery: int) -> None:
        """Remove a delivery that succeeded or has exhausted its retries."""
        with self.open() as db:
            db.execute("DELETE FROM delivery WHERE id = ?", (delivery,))

    def postpone(self, delivery: int, due: float) -> None:
        """Retry a delivery at `due`, in seconds since 1970."""
        with self.open() as db:
            db.execute("UPDATE delivery SET due = ?, tries = tries + 1 WHERE id = ?", (due, delivery))

    # --- Faults -----------------------------------------------------------------------------------

    def fail(self, method: str, fault: Fault, *, number: str = "", times: int = 1) -> None:
        """Inject a fault into the next `times` calls of `method`, optionally only those about order `number`."""
        with self.open() as db:
            row = (method, number, fault.code, fault.sub_code, int(fault.done))
            db.executemany("INSERT INTO fault (method, number, code, sub_code, done) VALUES (?,?,?,?,?)", [row] * times)

    def clear_faults(self) -> None:
        """Remove all injected faults."""
        with self.open() as db:
            db.execute("DELETE FROM fault")

    def next_fault(self, method: str, number: str) -> Fault | None:
        """Consume the fault for this call; None if there is none."""
        with self.open() as db:
            row = db.execute(
                "DELETE FROM fault WHERE id = (SELECT id FROM fault WHERE method = ? AND number IN ('', ?) "
                "ORDER BY id LIMIT 1) RETURNING code, sub_code, done",
                (method, number),
            ).fetchone()
            return Fault(row["code"], row["sub_code"], bool(row["done"])) if row else None
