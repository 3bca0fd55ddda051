"""Bar charts as Chart.js takes them (django-unfold's chart component)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal

COLOURS = {"gold": "#d9a441", "accent": "#ff7a59", "calm": "#5b8def", "loss": "#8b93a7"}
INK = "#9ca3af"

Series = tuple[str, Iterable[Decimal], str]  # its name, yuan for each label, a name of COLOURS


def bars(labels: list[str], series: Iterable[Series]) -> str:
    """The data of a chart: amounts as exact text, which Chart.js reads as numbers."""
    drawn = [
        {"label": name, "data": [str(amount) for amount in amounts], "backgroundColor": COLOURS[colour]}
        for name, amounts, colour in series
    ]
    return json.dumps({"labels": labels, "datasets": drawn}, ensure_ascii=False)


def options(*, lying: bool = False) -> str:
    """Stacked bars, upright or lying, with a legend where there is more than one series."""
    axis = {"stacked": True, "ticks": {"color": INK}, "grid": {"color": "#9ca3af26"}, "border": {"display": False}}
    return json.dumps(
        {
            "indexAxis": "y" if lying else "x",
            "maintainAspectRatio": False,
            "maxBarThickness": 28,
            "animation": False,
            "scales": {"x": axis, "y": axis},
            "plugins": {"legend": {"display": not lying, "position": "bottom", "labels": {"color": INK}}},
        }
    )
