"""A short run of benchmarks/money_events.py: random money events with faults, against a gateway that isn't ours."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from benchmarks.money.books import broken
from benchmarks.money.trial import Trial

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("money")]


def test_nothing_breaks_in_a_few_hundred_events_and_a_fen_would_be_seen(tmp_path):
    """If the comparison saw no difference of a fen, a run that finds nothing would say nothing."""
    with Trial(tmp_path) as trial:
        found, world = trial.batch(seed=20261127, at=datetime(2026, 1, 2, 4, tzinfo=UTC), events=400)
        assert found == []
        assert len(world.counts) > 20
        paid = next(trade for trade in trial.gateway.trades.values() if trade.paid_at)
        paid.amount += Decimal("0.01")
        assert any(paid.number in line for line in broken(world))
