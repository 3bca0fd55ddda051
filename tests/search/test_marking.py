"""Why a title was found: hits in every spelling, by sound, in names and in the summary."""

from __future__ import annotations

import pytest

from apps.movies.models import Credit, Movie, Person
from apps.search import services
from apps.search.services.marking import Field
from tests.factories import make_movie


def _hits(text: str, query: str) -> list[str]:
    return [part.text for part in services.marked(text, query) if part.hit]


@pytest.mark.parametrize(
    ("text", "query", "hits"),
    [
        ("流浪地球", "地球", ["地球"]),
        ("地球上的地球", "地球", ["地球", "地球"]),
        ("重慶森林", "重庆", ["重慶"]),
        ("Amélie", "AMELIE", ["Amélie"]),
        ("攻壳·机动队", "攻壳机动队", ["攻壳·机动队"]),
        ("流浪地球", "流浪 球", ["流浪", "球"]),
        ("The Matrix", "a matrix", ["Matrix"]),
        ("流浪地球", "lldq", ["流浪地球"]),
        ("流浪地球", "liulangdiqiu", ["流浪地球"]),
        ("流浪地球2", "流浪dq2", ["流浪地球2"]),
        ("重庆森林", "chongq", ["重庆"]),
        ("海上钢琴师", "gangqinsh", ["钢琴师"]),
        ("流浪地球", "海", []),
        ("流浪地球", "lldqx", []),
        ("流浪地球", "…", []),
        ("", "海", []),
        ("<b>海</b>", "海", ["海"]),
        ("海" * 150, "hhh", ["海海海"]),
        ("·" * 100_000, "hai", []),
    ],
)
def test_a_query_is_marked_where_it_stands_or_sounds(text, query, hits):
    assert _hits(text, query) == hits
    assert "".join(part.text for part in services.marked(text, query)) == text


@pytest.mark.django_db
def test_a_title_that_does_not_say_why_names_the_first_text_that_does(django_assert_num_queries):
    summary = "开头" * 40 + "他们在火星上种土豆。" + "结尾" * 60
    movies = [
        make_movie(title="火星救援", aliases="火星"),
        make_movie(title="绝地救援", original_title="The Martian", aliases="绝境\n火星任务\n火星人"),
        make_movie(title="救援", summary="火星"),
        make_movie(title="土豆", summary=summary),
        make_movie(title="无关"),
    ]
    Credit.objects.create(movie=movies[2], person=Person.objects.create(name="火星哥"), role="cast")
    shown = list(Movie.objects.for_card().filter(pk__in=[m.pk for m in movies]).order_by("pk"))
    with django_assert_num_queries(2):  # people, summaries
        found = services.explain(movies=shown, query="火星")
    assert [match.field for match in found] == [None, Field.ALIAS, Field.PERSON, Field.SUMMARY, None]
    texts = ["".join(part.text for part in match.text) for match in found]
    assert texts[1:3] == ["火星任务", "火星哥"]
    assert texts[3].startswith("…")
    assert texts[3].endswith("…")
    assert "火星" in texts[3]
    assert len(texts[3]) < 100
    assert [part.text for part in found[0].title if part.hit] == ["火星"]
