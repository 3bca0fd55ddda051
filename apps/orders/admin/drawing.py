"""Chart.js data and options for bar charts (django-unfold's chart component)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal

COLOURS = {"gold": "#d9a441", "accent": "#ff7a59", "calm": "#5b8def", "loss": "#8b93a7"}
INK = "#9ca3af"

Series = tuple[str, Iterable[Decimal], str]  # name, yuan per label, key of COLOURS


def bars(labels: list[str], series: Iterable[Series]) -> str:
    """The data of a chart: amounts as exact text, which Chart.js reads as numbers."""
    drawn = [
        {"label": name, "data": [str(amount) for amount in amounts], "backgroundColor": COLOURS[colour]}
        for name, amounts, colour in series
    ]
    return json.dumps({"labels": labels, "datasets": drawn}, ensure_ascii=False)


def options(*, horizontal: bool = False) -> str:
    """Options of stacked bars; vertical ones have a legend."""
    axis = {"stacked": True, "ticks": {"color": INK}, "grid": {"color": "#9ca3af26"}, "border": {"display": False}}
    return json.dumps(
        {
            "indexAxis": "y" if horizontal else "x",
            "maintainAspectRatio": False,
            "maxBarThickness": 28,
            "animation": False,
            "scales": {"x": axis, "y": axis},
            "plugins": {"legend": {"display": not horizontal, "position": "bottom", "labels": {"color": INK}}},
        }
    )
