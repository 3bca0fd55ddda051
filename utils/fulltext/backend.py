"""Haystack's backend over the tables of `utils.fulltext`."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from haystack import connections
from haystack.backends import BaseEngine, BaseSearchBackend, log_query
from haystack.exceptions import SkipDocument
from haystack.models import SearchResult
from haystack.utils import get_identifier, get_model_ct

from utils.fulltext import facets as facet_counts
from utils.fulltext import fuzzy, likeness, ranking, syntax
from utils.fulltext.analysis import LONGEST_QUERY
from utils.fulltext.generations import Generations, Outdated
from utils.fulltext.highlighting import highlighted
from utils.fulltext.lookups import condition
from utils.fulltext.query import FullTextQuery
from utils.fulltext.schema import Row, Schema
from utils.fulltext.tables import Condition, Tables
from utils.fulltext.writing import write

MOST_RESULTS = 1000  # of a query without an end
NOTHING: dict[str, Any] = {"results": [], "hits": 0}

logger = logging.getLogger(__name__)


class FullTextBackend(BaseSearchBackend):
    """Search in the site's own database; see `utils.fulltext` for the options."""

    def __init__(self, connection_alias: str, **options: Any) -> None:
        super().__init__(connection_alias, **options)
        self.database: str = options.get("DATABASE", "default")
        self.counted: int = options.get("COUNTED", 1000)
        self._ranking: list[str] = list(options.get("RANKING", ()))
        self._heat: str | None = options.get("HEAT")

    @cached_property
    def schema(self) -> Schema:
        """All fields of all indexes of this connection."""
        return self.build_schema(connections[self.connection_alias].get_unified_index().all_searchfields())

    @cached_property
    def generations(self) -> Generations:
        """The tables in the database."""
        return Generations(database=self.database, connection=self.connection_alias, schema=self.schema)

    def build_schema(self, fields: Any) -> Schema:
        return Schema.of(fields, ranking=self._ranking, heat=self._heat)

    # --- writing -----------------------------------------------------------------------------

    def prepared(self, index: Any, objects: Iterable[Any]) -> list[Row]:
        """Rows of objects, without those that the index skips.

        An index with `prepare_all` does it at once: it yields for all objects, which may be a QuerySet, what
        `full_prepare` returns for one.
        """
        if hasattr(index, "prepare_all"):
            return [self.schema.row(prepared) for prepared in index.prepare_all(objects)]
        rows = []
        for one in objects:
            try:
                rows.append(self.schema.row(index.full_prepare(one)))
            except SkipDocument:
                logger.debug("%s is not indexed", get_identifier(one))
        return rows

    def update(self, index: Any, iterable: Iterable[Any], commit: bool = True) -> None:
        rows = self.prepared(index, iterable)
        if rows:
            self._write(get_model_ct(index.get_model()), rows, [])

    def remove(self, obj_or_string: Any, commit: bool = True) -> None:
        model, _, pk = get_identifier(obj_or_string).rpartition(".")
        self._write(model, [], [pk])

    def clear(self, models: Sequence[Any] | None = None, commit: bool = True) -> None:
        names = [get_model_ct(model) for model in models] if models is not None else None
        try:
            with self.generations.writing() as writer:
                for name in names if names is not None else writer.models():
                    writer.clear(name)
        except (DatabaseError, Outdated):
            if not self.silently_fail:
                raise
            logger.exception("The search index could not be cleared")

    def _write(self, model: str, rows: Sequence[Row], gone: Sequence[str]) -> None:
        try:
            with self.generations.writing() as writer:
                write(writer, model, rows, gone)
        except (DatabaseError, Outdated):
            if not self.silently_fail:
                raise
            logger.exception("%s of %s could not be indexed", [row.pk for row in rows] or gone, model)

    # --- reading -----------------------------------------------------------------------------

    @log_query
    def search(self, query_string: str, **kwargs: Any) -> dict[str, Any]:
        if not query_string:
            return dict(NOTHING)
        return self._read(lambda tables: self._search(tables, str(query_string), **kwargs))

    def more_like_this(
        self, model_instance: Any, additional_query_string: str | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        def read(tables: Tables) -> dict[str, Any]:
            where = self._restrictions(kwargs)
            if additional_query_string:
                where.append(condition(tables, syntax.parse(additional_query_string)))
            start, end = _bounds(kwargs)
            found = likeness.similar(tables, get_identifier(model_instance), where, limit=max(end, 1))
            ids = [one for one, _ in found]
            scores = dict(found)
            results = self._results(tables, ids[start:end], scores, kwargs, ())
            return {"results": results, "hits": len(found)}

        return self._read(read)

    def _read(self, read: Any) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self.generations.reading(read)
        except (DatabaseError, Outdated):
            if not self.silently_fail:
                raise
            logger.exception("The search index could not be read")
            return dict(NOTHING)
        return found

    def _search(self, tables: Tables, text: str, **kwargs: Any) -> dict[str, Any]:
        asked = ranking.Asked.of(syntax.parse(text))
        where = self._restrictions(kwargs)
        where += [condition(tables, syntax.parse(str(one))) for one in sorted(kwargs.get("narrow_queries") or ())]
        start, end = _bounds(kwargs)
        order = kwargs.get("sort_by")
        found = ranking.page(
            tables, asked, where, start=start, end=end, counted=self.counted, order=order, boost=kwargs.get("boost")
        )
        steps = {one: 1 / (1 + step) for one, step in zip(found.ids, found.steps, strict=True)}
        texts = tuple(str(term.value)[:LONGEST_QUERY] for term in asked.contents)
        answer = {
            "results": self._results(tables, found.ids, steps, kwargs, texts),
            "hits": found.hits,
            "spelling_suggestion": None,
        }
        if kwargs.get("facets") or kwargs.get("date_facets") or kwargs.get("query_facets"):
            answer["facets"] = facet_counts.counts(tables, asked, where, kwargs, limit=self.counted)
        if self.include_spelling:
            wanted = str(kwargs.get("spelling_query") or " ".join(texts))
            answer["spelling_suggestion"] = fuzzy.suggestion(tables, self.schema.document, wanted) if wanted else None
        return answer

    def _restrictions(self, kwargs: dict[str, Any]) -> list[Condition]:
        """Conditions of the models that may be found; none where that is all there are."""
        limited = kwargs.get("limit_to_registered_models")
        if limited is None:
            limited = getattr(settings, "HAYSTACK_LIMIT_TO_REGISTERED_MODELS", True)
        registered = set(self.build_models_list())
        models = kwargs.get("models") or ()
        chosen = {model if isinstance(model, str) else get_model_ct(model) for model in models}
        if not chosen or (limited and chosen >= registered):
            return []
        return [(f"d.model IN ({', '.join(['%s'] * len(chosen))})", sorted(chosen))]

    @cached_property
    def _stored(self) -> dict[str, list[tuple[str, str]]]:
        """By model: the stored fields that results have, and their columns."""
        unified = connections[self.connection_alias].get_unified_index()
        return {
            get_model_ct(model): [
                (field.index_fieldname, column.name)
                for field in unified.get_index(model).fields.values()
                if field.stored and (column := self.schema.column(field.index_fieldname))
            ]
            for model in unified.get_indexed_models()
        }

    def _results(
        self, tables: Tables, ids: Sequence[int], scores: dict[int, float], kwargs: dict[str, Any], texts: Sequence[str]
    ) -> list[Any]:
        fields, highlight = kwargs.get("fields") or (), kwargs.get("highlight")
        wanted = [self.schema.aliases.get(name, name) for name in fields] or list(self.schema.columns)
        if highlight:
            wanted.append(self.schema.document)
        documents = tables.documents(ids, dict.fromkeys(wanted))
        kind = kwargs.get("result_class") or SearchResult
        results = []
        for one in ids:
            document = documents.get(one)
            if document is None or (columns := self._stored.get(document["model"])) is None:
                continue
            stored = {name: document[column] for name, column in columns if column in document}
            if highlight:
                given = highlight if isinstance(highlight, dict) else {}
                text = document[self.schema.document]
                stored["highlighted"] = {self.schema.document: [highlighted(text or "", texts, **given)]}
            app, model = document["model"].split(".")
            identity = {"id": f"{document['model']}.{document['pk']}"}
            score = scores.get(one, 0)
            results.append(kind(app, model, document["pk"], score, **(stored | identity)))
        return results


def _bounds(kwargs: dict[str, Any]) -> tuple[int, int]:
    start = max(int(kwargs.get("start_offset") or 0), 0)
    end = kwargs.get("end_offset")
    return start, max(start, int(end)) if end is not None else start + MOST_RESULTS


class FullTextEngine(BaseEngine):
    """For HAYSTACK_CONNECTIONS."""

    backend = FullTextBackend
    query = FullTextQuery
