"""What the cashier remembers: trades, refunds and notifications still to be delivered, in a file of its own."""

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
    """How one call is answered instead: by a code, or not at all (no `code`); `done` if it is carried out."""

    code: str
    sub_code: str
    done: bool


@dataclass(frozen=True)
class StoredTrade:
    """One trade as the cashier knows it; times are naive, of the protocol's clock."""

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
    certified: int = 0  # whether its merchant signs by certificates, and is answered so

    def is_over(self, at: datetime) -> bool:
        """Whether its time to be paid has passed."""
        until = parse_time(self.expires_at or "")
        return until is not None and until <= at

    @property
    def is_paid(self) -> bool:
        """Whether its money has arrived."""
        return TradeStatus(self.status).is_paid


class Store:
    """The cashier's trades, refunds and deliveries, in a database of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "trades.sqlite3"
        with self.open() as db:
            db.executescript(_TABLES)
            if not any(row["name"] == "certified" for row in db.execute("PRAGMA table_info(trade)")):
                db.execute("ALTER TABLE trade ADD COLUMN certified INTEGER NOT NULL DEFAULT 0")  # of a version before

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection that writes at once, alone, and commits when all went well."""
        db = sqlite3.connect(self.path, timeout=20, isolation_level=None)
        db.row_factory = sqlite3.Row
        try:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT") if db.in_transaction else None
        except BaseException:  # a process told to stop, too, leaves no half of a trade
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
        """The trade of a merchant's order, made when its buyer comes for the first time."""
        with self.open() as db:
            row = db.execute("SELECT * FROM trade WHERE number = ? ORDER BY rowid LIMIT 1", (number,)).fetchone()
            if row is None:
                values = (number, subject, amount, TradeStatus.WAITING, notify_url, return_url)
                row = self._insert(db, values, format_time(at), expires_at, None, certified=int(certified))
            return StoredTrade(**dict(row))

    def get(self, trade_no: str) -> StoredTrade | None:
        """The trade of that number of the gateway's."""
        with self.open() as db:
            row = db.execute("SELECT * FROM trade WHERE trade_no = ?", (trade_no,)).fetchone()
            return StoredTrade(**dict(row)) if row else None

    def find(self, *, number: str = "", trade_no: str = "") -> StoredTrade | None:
        """By the gateway's number, else by the merchant's: of several the one that was paid."""
        if trade_no:
            return self.get(trade_no)
        with self.open() as db:
            rows = db.execute("SELECT * FROM trade WHERE number = ? ORDER BY paid_at IS NULL, rowid", (number,))
            row = rows.fetchone()
            return StoredTrade(**dict(row)) if row else None

    def pay(self, trade_no: str, *, at: datetime, amount: Decimal | None = None, forced: bool = False) -> bool:
        """Take the buyer's money; `forced` although the trade was closed or its time is over."""
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
        """A second payment of the same order under another trade number, which a gateway should never let happen."""
        with self.open() as db:
            row = StoredTrade(**dict(db.execute("SELECT * FROM trade WHERE trade_no = ?", (trade_no,)).fetchone()))
            values = (row.number, row.subject, row.amount, TradeStatus.SUCCESS, row.notify_url, row.return_url)
            again = self._insert(db, values, format_time(at), row.expires_at, format_time(at), certified=row.certified)
            return str(again["trade_no"])

    def close(self, trade_no: str) -> bool:
        """False when it isn't open any more."""
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
        """Yuan that went back of the trade."""
        with self.open() as db:
            rows = db.execute("SELECT amount FROM refund WHERE trade_no = ?", (trade_no,))
            return sum((Decimal(row["amount"]) for row in rows), Decimal(0))

    def has_refund(self, trade_no: str, request_no: str) -> str | None:
        """The amount of that refund; None where it never happened."""
        with self.open() as db:
            row = db.execute(
                "SELECT amount FROM refund WHERE request_no = ? AND trade_no = ?", (request_no, trade_no)
            ).fetchone()
            return str(row["amount"]) if row else None

    def refund(self, trade_no: str, request_no: str, amount: Decimal, *, at: datetime) -> bool:
        """False when more would go back than came."""
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
        """Trades paid on `day` (YYYY-MM-DD), and refunds of that day with their trades."""
        with self.open() as db:
            paid = db.execute("SELECT * FROM trade WHERE paid_at LIKE ? ORDER BY paid_at", (f"{day}%",)).fetchall()
            back = db.execute(
                "SELECT t.*, r.request_no, r.amount AS back, r.done_at FROM refund r JOIN trade t USING (trade_no) "
                "WHERE r.done_at LIKE ? ORDER BY r.done_at",
                (f"{day}%",),
            ).fetchall()
            return [dict(row) for row in paid], [dict(row) for row in back]

    # --- Notifications still to be delivered ------------------------------------------------------

    def deliver(self, trade_no: str, *, after: float, at: datetime) -> None:
        """Send the trade's notification `after` seconds."""
        with self.open() as db:
            due = (at + timedelta(seconds=after)).timestamp()
            db.execute("INSERT INTO delivery (trade_no, due) VALUES (?, ?)", (trade_no, due))

    def due(self, now: float) -> list[tuple[int, str, int]]:
        """Deliveries whose time has come: id, trade number, tries so far."""
        with self.open() as db:
            rows = db.execute("SELECT id, trade_no, tries FROM delivery WHERE due <= ? ORDER BY due LIMIT 50", (now,))
            return [(row["id"], row["trade_no"], row["tries"]) for row in rows]

    def delivered(self, delivery: int) -> None:
        """Strike a delivery off: the merchant has it, or never will."""
        with self.open() as db:
            db.execute("DELETE FROM delivery WHERE id = ?", (delivery,))

    def postpone(self, delivery: int, due: float) -> None:
        """Try a delivery again at `due`, in seconds since 1970."""
        with self.open() as db:
            db.execute("UPDATE delivery SET due = ?, tries = tries + 1 WHERE id = ?", (due, delivery))

    # --- Faults -----------------------------------------------------------------------------------

    def fail(self, method: str, fault: Fault, *, number: str = "", times: int = 1) -> None:
        """Answer the next so many calls of `method` this way: those about the merchant's `number`, or about any."""
        with self.open() as db:
            row = (method, number, fault.code, fault.sub_code, int(fault.done))
            db.executemany("INSERT INTO fault (method, number, code, sub_code, done) VALUES (?,?,?,?,?)", [row] * times)

    def clear_faults(self) -> None:
        """Answer every call as it should be from now on."""
        with self.open() as db:
            db.execute("DELETE FROM fault")

    def next_fault(self, method: str, number: str) -> Fault | None:
        """The fault of this call, used up by it; None if it is answered as it should be."""
        with self.open() as db:
            row = db.execute(
                "DELETE FROM fault WHERE id = (SELECT id FROM fault WHERE method = ? AND number IN ('', ?) "
                "ORDER BY id LIMIT 1) RETURNING code, sub_code, done",
                (method, number),
            ).fetchone()
            return Fault(row["code"], row["sub_code"], bool(row["done"])) if row else None
