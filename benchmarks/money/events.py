"""The random events of a batch, how often each comes, and which may die on its way."""

from __future__ import annotations

from django.db import connection

from benchmarks.money import buyers, gateway_events, site_events
from benchmarks.money.world import Event

EVENTS = [
    Event(buyers.place, 18, may_die=True),
    Event(buyers.go, 14, may_die=True),
    Event(buyers.pay, 14, may_die=True),
    Event(buyers.pay_wrongly, 6),
    Event(buyers.pay_twice, 2, may_die=True),
    Event(gateway_events.notify, 14, may_die=True),
    Event(gateway_events.replay, 4, may_die=True),
    Event(gateway_events.forge, 5, may_die=True),
    Event(gateway_events.foreign, 2, may_die=True),
    Event(buyers.ask, 5, may_die=True),
    Event(buyers.cancel, 3, may_die=True),
    Event(buyers.close, 2, may_die=True),
    Event(buyers.pay_from_wallet, 6, may_die=True),
    Event(site_events.refund, 5, may_die=True),
    Event(gateway_events.console, 3, may_die=True),
    Event(gateway_events.finish, 1),
    Event(site_events.reconcile, 6, may_die=True),
    Event(site_events.wait, 8),
    Event(gateway_events.fault, 12),
    Event(site_events.statement, 3, may_die=True),
    Event(buyers.delete, 1, may_die=True),
    Event(site_events.new_coupon, 1),
    Event(site_events.end_coupon, 1),
    Event(buyers.new_user, 1),
    Event(gateway_events.junk, 1, may_die=True),
    Event(site_events.change_application, 2),
    Event(gateway_events.pay_strangely, 1, may_die=True),
    Event(site_events.change_price, 2),
]
AT_ONCE = Event(site_events.at_once, 1)


def possible() -> list[Event]:
    """All of them, as far as the database can: one in memory refuses instead of waiting."""
    in_memory = connection.vendor == "sqlite" and connection.is_in_memory_db()  # type: ignore[attr-defined]
    return EVENTS if in_memory else [*EVENTS, AT_ONCE]
