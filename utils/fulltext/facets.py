"""Counts of results by value, by period and by query."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from utils.fulltext import syntax
from utils.fulltext.lookups import condition
from utils.fulltext.ranking import Asked, whole
from utils.fulltext.tables import Condition, Source, Tables

Counts = dict[str, list[tuple[Any, int]]]
MOST_PERIODS = 1000


def counts(
    tables: Tables, asked: Asked, where: Sequence[Condition], kwargs: Mapping[str, Any], *, limit: int
) -> dict[str, Any]:
    """Haystack's facets of a query, over its `limit` hottest results."""
    source = whole(tables, asked)
    conditions = [*where, *(condition(tables, part) for part in asked.rest)]
    fields: Mapping[str, Any] = kwargs.get("facets") or {}
    dates: Mapping[str, Any] = kwargs.get("date_facets") or {}
    queries: Sequence[tuple[str, str]] = kwargs.get("query_facets") or ()
    if source is None:
        empty = {f"{field}:{query}": 0 for field, query in queries}
        return {"fields": {name: [] for name in fields}, "dates": {name: [] for name in dates}, "queries": empty}
    names = dict.fromkeys([*fields, *dates])
    counted = _by_value(tables, source, conditions, list(names), limit)
    return {
        "fields": {name: _most(counted[name], fields[name] or {}) for name in fields},
        "dates": {name: _by_period(counted[name], dates[name]) for name in dates},
        "queries": {
            f"{field}:{query}": tables.count(
                source, [*conditions, condition(tables, syntax.parse(f"{field}:{query}"))], limit=limit
            )
            for field, query in queries
        },
    }


def _by_value(
    tables: Tables, source: Source, where: Sequence[Condition], names: Sequence[str], limit: int
) -> dict[str, Counter[Any]]:
    """How often each value of the fields occurs: all fields in one statement."""
    found: dict[str, Counter[Any]] = {name: Counter() for name in names}
    columns = {name: column for name in names if (column := tables.schema.column(name))}
    if not columns:
        return found
    chosen = list(dict.fromkeys(column.sql for column in columns.values()))
    sql, params = tables.select(source, ", ".join(f"d.{name}" for name in chosen), where, joined=True)
    inner = f"{sql} ORDER BY {source.order} LIMIT {limit:d}"
    listed = ", ".join(chosen)
    with tables.connection.cursor() as cursor:
        cursor.execute(f"SELECT {listed}, COUNT(*) FROM ({inner}) found GROUP BY {listed}", params)
        rows = cursor.fetchall()
    for name, column in columns.items():
        place, counter = chosen.index(column.sql), found[name]
        for row in rows:
            if column.many:
                for value in column.python(row[place]):
                    counter[value] += row[-1]
            elif row[place] is not None:
                counter[row[place]] += row[-1]
        if not column.many:
            found[name] = Counter({column.python(value): number for value, number in counter.items()})
    return found


def _most(counter: Counter[Any], options: Mapping[str, Any]) -> list[tuple[Any, int]]:
    least = options.get("mincount", 1)
    ordered = sorted(counter.items(), key=lambda one: (-one[1], str(one[0])))
    return [one for one in ordered if one[1] >= least][: options.get("limit")]


def _by_period(counter: Counter[Any], asked: Mapping[str, Any]) -> list[tuple[Any, int]]:
    """Numbers by the beginning of each period, from start_date up to end_date."""
    begin, end = _moment(asked["start_date"]), _moment(asked["end_date"])
    amount = max(int(asked.get("gap_amount", 1)), 1)
    periods = []
    for number in range(MOST_PERIODS):
        at, following = (_later(begin, asked["gap_by"], amount * n) for n in (number, number + 1))
        if at >= end:
            break
        hits = sum(count for value, count in counter.items() if at <= _moment(value) < min(following, end))
        periods.append((at, hits))
    return periods


def _moment(value: Any) -> datetime.datetime:
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).replace(tzinfo=None) if value.tzinfo else value
    return datetime.datetime.combine(value, datetime.time())


def _later(at: datetime.datetime, gap: str, amount: int) -> datetime.datetime:
    if gap not in ("year", "month"):
        return at + datetime.timedelta(**{f"{gap}s": amount})
    months = at.month - 1 + amount * (12 if gap == "year" else 1)
    year, month = at.year + months // 12, months % 12 + 1
    last = (datetime.date(year + month // 12, month % 12 + 1, 1) - datetime.timedelta(days=1)).day
    return at.replace(year=year, month=month, day=min(at.day, last))
