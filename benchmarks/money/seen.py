"""How often each kind of event, fault and outcome came up: a run that never had one says nothing about it."""

from __future__ import annotations

from collections import Counter

from apps.orders.models import Notification, OrderState, Payment, Refund
from benchmarks.money.faults import FAULTS, Fault
from benchmarks.money.world import Event, World

OUTCOMES = [
    *(f"order {state}" for state in (OrderState.FULFILLED, OrderState.CLOSED, OrderState.REFUNDED)),
    *(f"payment {flag or 'kept'}" for flag in Payment.Flag.values),
    *(f"refund {state}" for state in (Refund.State.DONE, Refund.State.FAILED)),
    *(f"notification {verdict}" for verdict in Notification.Verdict.values),
]


class Seen:
    """Counts over all batches of a run."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.deaths: Counter[str] = Counter()
        self.faults: Counter[Fault] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.possible: dict[str, Event] = {}

    def add(self, world: World) -> None:
        """What one batch had, once it is over."""
        self.events += world.counts
        self.deaths += world.deaths
        self.faults += world.gateway.injected
        self.outcomes += world.reached()
        self.possible |= {event.name: event for event in world.events}

    def missing(self) -> list[str]:
        """The kinds that never came up."""
        mortal = {name for name, event in self.possible.items() if event.may_die}
        return [
            *(f"event {name}" for name in sorted(self.possible.keys() - self.events.keys())),
            *(f"death within {name}" for name in sorted(mortal - self.deaths.keys())),
            *(f"fault {fault}" for fault in FAULTS if fault not in self.faults),
            *(f"outcome {name}" for name in OUTCOMES if name not in self.outcomes),
        ]

    def tell(self) -> None:
        """Print them all, the most frequent first."""
        for what, counts in (("events", self.events), ("deaths", self.deaths), ("outcomes", self.outcomes)):
            print(f"{what}: {' '.join(f'{name}={count}' for name, count in counts.most_common())}")
        print(f"faults: {sum(self.faults.values())} of {len(self.faults)} kinds out of {len(FAULTS)}")
        for fault in FAULTS:
            print(f"  {self.faults[fault]:5} {fault}")
