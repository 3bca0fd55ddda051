"""Time zones without daylight saving time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

YEARS = range(2005, 2046)  # the range of stored times


@lru_cache
def fixed_offset(zone: str) -> str:
    """The zone's UTC offset as "+08:00"; "" if the offset changes or the zone is unknown."""
    try:
        place = ZoneInfo(zone)
    except (KeyError, OSError, ValueError):
        return ""
    months = (datetime(year, month, 1, tzinfo=UTC) for year in YEARS for month in range(1, 13))
    distances = {month.astimezone(place).utcoffset() for month in months}
    distance = distances.pop() or timedelta()
    if distances:
        return ""
    minutes = round(distance.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
