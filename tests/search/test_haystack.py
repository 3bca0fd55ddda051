"""What Haystack promises of a backend, on ours: the behaviours of its own backend tests."""

from __future__ import annotations

import datetime
import pickle

import pytest
from haystack.inputs import AltParser, AutoQuery, Clean, Exact, Not, Raw
from haystack.query import SQ

from tests.search.conftest import connected
from tests.search.library import Book, BookIndex, Note, NoteIndex
from utils.fulltext.generations import Outdated
from utils.fulltext.models import Index

DAY = datetime.date
ROWS = [
    ("Sea and Sky", "daniel", "the sea is wide", 120, 9.5, True, ["sea", "travel"], DAY(2019, 3, 1)),
    ("海上钢琴师", "daniel", "一生没有离开过大海的钢琴师", 340, 20.0, False, ["音乐", "sea"], DAY(2020, 5, 2)),
    ("海边的曼彻斯特", "肯尼斯", "重返故乡的人", 135, 15.0, False, ["剧情"], DAY(2020, 8, 3)),
    ("流浪地球", "郭帆", "带着地球流浪", 125, 30.0, True, ["科幻"], DAY(2021, 2, 4)),
    ("Sand Castles", "mary ann", "walls of sand beside the sea", 80, 5.0, False, ["travel"], DAY(2021, 6, 5)),
]


@pytest.fixture
def shelf(library, books):
    """Five books, the first the hottest, and two notes."""
    made = []
    for heat, row in zip(range(9, 0, -1), ROWS, strict=False):
        title, author, summary, pages, price, lent, genres, day = row
        made.append(
            Book.objects.create(
                title=title, author=author, summary=summary, pages=pages, price=price, lent=lent, genres=genres,
                printed_on=day, added_at=datetime.datetime.combine(day, datetime.time(8), datetime.UTC), heat=heat,
                aliases=[f"alias {title[:2]}"],
            )
        )  # fmt: skip
    library.get_backend().update(BookIndex(), made)
    library.get_backend().update(NoteIndex(), [Note.objects.create(words=words) for words in ("sea note", "hill note")])
    return books


def _numbers(found):
    """Numbers of the books found, in the order of ROWS."""
    places = {row[0]: number for number, row in enumerate(ROWS, 1)}
    return [places.get(one.title, 0) for one in found]


@pytest.mark.parametrize(
    ("lookup", "value", "numbers"),
    [
        ("content", "sea", [1, 5, 0]),
        ("content", "SEA", [1, 5, 0]),
        ("content", "sea wide", [1]),
        ("content", "sea daniel", [1]),
        ("content", "海", [2, 3]),
        ("title", "sea", [1]),
        ("title", "se", []),
        ("title", "海上", [2]),
        ("title", "钢海", []),
        ("title__contains", "an", [1, 5]),
        ("title__startswith", "sea an", [1]),
        ("title__startswith", "海", [2, 3]),
        ("title__startswith", "钢琴", []),
        ("title__endswith", "师", [2]),
        ("title__endswith", "CASTLES", [5]),
        ("title__exact", "流浪地球", [4]),
        ("title__exact", "流浪", []),
        ("title__in", ["流浪地球", "Sand Castles", "?"], [4, 5]),
        ("title__fuzzy", "castels", [5]),
        ("title__fuzzy", "流浪地求", [4]),
        ("author", "daniel", [1, 2]),
        ("author_exact", "daniel", [1, 2]),
        ("author__exact", "mary ann", [5]),
        ("aliases", "alias 流浪", [4]),
        ("aliases__startswith", "alias se", [1]),
        ("genres", "sea", [1, 2]),
        ("genres__in", ["科幻", "剧情"], [3, 4]),
        ("genres__contains", "rave", [1, 5]),
        ("pages", 120, [1]),
        ("pages__exact", "120", [1]),
        ("pages__gt", 125, [2, 3]),
        ("pages__gte", 125, [2, 3, 4]),
        ("pages__lt", 120, [5]),
        ("pages__lte", 120, [1, 5]),
        ("pages__in", [80, 340], [2, 5]),
        ("pages__in", [], []),
        ("pages__range", [120, 130], [1, 4]),
        ("price__gt", 15.0, [2, 4]),
        ("price__range", (5, 9.5), [1, 5]),
        ("lent", True, [1, 4]),
        ("lent__exact", False, [2, 3, 5, 0, 0]),
        ("lent", "true", [1, 4]),
        ("printed_on", DAY(2020, 5, 2), [2]),
        ("printed_on__gte", DAY(2021, 1, 1), [4, 5]),
        ("printed_on__lt", datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC), [1]),
        ("added_at__gt", datetime.datetime(2021, 2, 4, 9, tzinfo=datetime.UTC), [5]),
        ("added_at__range", [DAY(2020, 1, 1), DAY(2020, 6, 1)], [2]),
        ("parts", "uffa", []),
        ("parts", "cast", [5]),
        ("parts", "astl", [5]),
        ("beginnings", "cas", [5]),
        ("beginnings", "ast", []),
        ("content", "sea castl", []),
        ("content__startswith", "castl", []),
        ("content__startswith", "san", [5]),
        ("django_ct", "fulltext.note", [0, 0]),
        ("nowhere", "x", []),
        ("nowhere__gt", 1, []),
    ],
)
def test_filters(shelf, lookup, value, numbers):
    if lookup == "lent__exact":
        numbers = [2, 3, 5]  # notes have no such field
    found = shelf.filter(**{lookup: value})
    assert _numbers(found) == numbers
    assert found.count() == len(numbers)


def test_filters_are_joined_excluded_and_nested(shelf):
    assert _numbers(shelf.filter(content="sea", author="daniel")) == [1]
    assert _numbers(shelf.filter(content="sea").filter_or(title="流浪")) == [1, 4, 5, 0]
    assert _numbers(shelf.models(Book).exclude(author="daniel")) == [3, 4, 5]
    assert _numbers(shelf.filter(content="sea").exclude(lent=True).models(Book)) == [5]
    assert _numbers(shelf.filter(SQ(title="海") & ~SQ(pages__gt=200))) == [3]
    assert _numbers(shelf.filter(SQ(pages=80) | (SQ(lent=True) & SQ(price__gt=10)))) == [4, 5]
    assert _numbers(shelf.filter(pages=80) | shelf.filter(pages=120)) == [1, 5]
    assert _numbers(shelf.filter(author="daniel") & shelf.filter(lent=True)) == [1]
    assert _numbers(shelf.none()) == []


def test_input_types(shelf):
    assert _numbers(shelf.auto_query("sea -sand").models(Book)) == [1]
    assert _numbers(shelf.auto_query('"beside the sea"')) == [5]
    assert _numbers(shelf.auto_query('"the beside sea"')) == []
    assert _numbers(shelf.filter(title=AutoQuery("-sea")).models(Book)) == [2, 3, 4, 5]
    assert _numbers(shelf.filter(content=Exact("sea is wide"))) == [1]
    assert _numbers(shelf.filter(title__exact=Exact("流浪地球"))) == [4]
    assert _numbers(shelf.filter(content=Clean("sea")).models(Book)) == [1, 5]
    assert _numbers(shelf.filter(author=Not("daniel")).models(Book)) == [3, 4, 5]
    assert _numbers(shelf.filter(content=Raw('author:"daniel" AND pages__gt:200'))) == [2]
    assert _numbers(shelf.raw_search("pages:[100 TO 130] AND NOT (lent:false OR title:流浪)")) == [1]
    assert _numbers(shelf.filter(content=AltParser("dismax", "wide", qf="text"))) == [1]
    assert _numbers(shelf.autocomplete(beginnings="san cas")) == [5]


def test_order_by(shelf):
    found = shelf.models(Book)
    assert _numbers(found.order_by("pages")) == [5, 1, 4, 3, 2]
    assert _numbers(found.order_by("-printed_on")) == [5, 4, 3, 2, 1]
    assert _numbers(found.order_by("author", "-pages")) == [2, 1, 5, 3, 4]
    assert _numbers(found.filter(content="sea").order_by("price")) == [5, 1]
    assert found.latest("printed_on").title == "Sand Castles"
    assert found.best_match().title == "Sea and Sky"


def test_models_limit_what_is_found(shelf):
    assert shelf.models(Note).count() == 2
    assert [one.text for one in shelf.models(Note).filter(content="sea")] == ["sea note"]
    assert shelf.models(Book, Note).count() == 7
    assert [one.model_name for one in shelf.models(Note)] == ["note", "note"]


def test_slices_counts_and_values(shelf):
    found = shelf.models(Book)
    assert len(found) == 5
    assert _numbers(found[1:3]) == [2, 3]
    assert found[3].title == "流浪地球"
    assert _numbers(found[4:50]) == [5]
    assert found[10:20] == []
    assert [one["pages"] for one in found.values("pages", "lent")] == [120, 340, 135, 125, 80]
    assert list(found.values_list("title", flat=True)[:2]) == ["Sea and Sky", "海上钢琴师"]
    assert next(tuple(row) for row in found.values_list("pk", "author"))[1] == "daniel"
    assert _numbers(pickle.loads(pickle.dumps(found))) == [1, 2, 3, 4, 5]  # noqa: S301


def test_stored_fields_have_their_types(shelf):
    first = shelf.models(Book)[0]
    assert (first.app_label, first.model_name, first.pk) == ("fulltext", "book", str(Book.objects.order_by("pk")[0].pk))
    assert first.id == f"fulltext.book.{first.pk}"
    assert (first.pages, first.price, first.lent) == (120, 9.5, True)
    assert (first.genres, first.aliases) == (["sea", "travel"], ["alias Se"])
    assert first.printed_on == DAY(2019, 3, 1)
    assert first.added_at == datetime.datetime(2019, 3, 1, 8, tzinfo=datetime.UTC)
    assert first.score > 0
    assert first.object == Book.objects.get(title="Sea and Sky")


def test_load_all_takes_one_query_a_model_and_leaves_out_what_is_gone(shelf, django_assert_max_num_queries):
    Book.objects.filter(title="流浪地球").delete()
    found = shelf.models(Book).load_all()
    with django_assert_max_num_queries(8):
        assert [one.object.title for one in found] == ["Sea and Sky", "海上钢琴师", "海边的曼彻斯特", "Sand Castles"]


def test_facets(shelf):
    found = shelf.models(Book).facet("author").facet("genres").facet("lent")
    counts = found.filter(pages__lt=400).facet_counts()["fields"]
    assert counts["author"] == [("daniel", 2), ("mary ann", 1), ("肯尼斯", 1), ("郭帆", 1)]
    assert counts["genres"][:2] == [("sea", 2), ("travel", 2)]
    assert counts["lent"] == [(False, 3), (True, 2)]
    assert found.filter(content="海").facet_counts()["fields"]["author"] == [("daniel", 1), ("肯尼斯", 1)]
    assert found.filter(content="nothing").facet_counts()["fields"]["author"] == []
    limited = shelf.models(Book).facet("author", limit=1).facet_counts()["fields"]["author"]
    assert limited == [("daniel", 2)]


def test_date_and_query_facets(shelf):
    found = shelf.models(Book).date_facet("printed_on", DAY(2019, 1, 1), DAY(2022, 1, 1), "year")
    assert [number for _, number in found.facet_counts()["dates"]["printed_on"]] == [1, 2, 2]
    months = shelf.date_facet("printed_on", DAY(2020, 5, 1), DAY(2020, 9, 1), "month", 2).facet_counts()["dates"]
    assert months["printed_on"] == [(datetime.datetime(2020, 5, 1), 1), (datetime.datetime(2020, 7, 1), 1)]  # noqa: DTZ001
    asked = shelf.query_facet("pages", "[100 TO 130]").query_facet("author", '"daniel"').facet_counts()["queries"]
    assert asked == {"pages_exact:[100 TO 130]": 2, 'author_exact:"daniel"': 2}


def test_narrowing(shelf):
    assert _numbers(shelf.narrow('author_exact:"daniel"')) == [1, 2]
    assert _numbers(shelf.filter(content="sea").narrow("genres_exact:travel")) == [1, 5]
    assert _numbers(shelf.narrow('author_exact:"daniel"').narrow("lent:true")) == [1]
    assert _numbers(shelf.narrow(SQ(author_exact="daniel") & SQ(pages__gt=200))) == [2]
    assert _numbers(shelf.narrow("printed_on:[2021-01-01 TO *]")) == [4, 5]


def test_boosted_words_come_first(shelf):
    assert _numbers(shelf.filter(content="sea").boost("castles", 4).models(Book)) == [5, 1]
    assert _numbers(shelf.filter(content="sea").boost("castles", 0.5).models(Book)) == [1, 5]


def test_hits_are_marked_and_the_text_is_escaped(shelf, library):
    library.get_backend().update(BookIndex(), [Book.objects.create(title="x", summary="<b>Ｓea</b> 海")])
    marked = {one.title: one.highlighted["text"][0] for one in shelf.filter(content="sea").models(Book).highlight()}
    assert marked["Sea and Sky"] == "the <em>sea</em> is wide"
    assert marked["x"] == "&lt;b&gt;<em>Ｓea</em>&lt;/b&gt; 海"
    chosen = shelf.filter(content="wide").highlight(html_tag="mark", css_class="hit")[0]
    assert chosen.highlighted["text"] == ['the sea is <mark class="hit">wide</mark>']


def test_spelling_suggestions(shelf):
    assert shelf.filter(content="besdie").spelling_suggestion() == "beside"
    assert shelf.filter(content="sea").spelling_suggestion() is None
    assert shelf.auto_query("sea").spelling_suggestion("wals of sand") == "walls of sand"
    assert shelf.set_spelling_query("walsl").filter(content="x").spelling_suggestion() == "walls"


def test_more_like_this(shelf, library):
    book = Book.objects.create(title="像", summary="钢琴师没有离开")
    library.get_backend().update(BookIndex(), [book])
    assert _numbers(shelf.more_like_this(book)) == [2]
    assert _numbers(shelf.models(Note).more_like_this(book)) == []
    assert _numbers(shelf.filter(lent=True).more_like_this(book)) == []
    assert shelf.more_like_this(book).count() == 1
    unsaved = Book(pk=10**6, title="?")
    assert _numbers(shelf.more_like_this(unsaved)) == []


def test_updates_replace_and_removals_take_away(shelf, library):
    backend = library.get_backend()
    book = Book.objects.get(title="流浪地球")
    book.title, book.genres, book.aliases = "新名", ["纪录"], []
    backend.update(BookIndex(), [book, book])
    assert [one.title for one in shelf.filter(content="新名")] == ["新名"]
    assert shelf.filter(title="流浪").count() == shelf.filter(genres="科幻").count() == 0
    assert shelf.filter(aliases="alias 流浪").count() == 0
    backend.remove(book)
    backend.remove("fulltext.book.123456")
    assert shelf.filter(content="新名").count() == 0
    assert shelf.models(Book).count() == 4


def test_clear_of_one_model_and_of_all(shelf, library):
    backend = library.get_backend()
    backend.clear(models=[Note])
    assert (shelf.models(Note).count(), shelf.models(Book).count()) == (0, 5)
    backend.clear()
    assert shelf.count() == 0
    assert shelf.filter(content="sea").count() == 0


def test_an_outdated_index_is_said_and_fails_silently_if_that_is_wished(shelf, library):
    Index.objects.filter(connection="library").update(shape="another")
    library.get_backend().generations._known = None
    with pytest.raises(Outdated, match="rebuild_index"):
        len(shelf.filter(content="sea"))
    quiet = connected("library", SILENTLY_FAIL=True).get_backend()
    assert quiet.search("*") == {"results": [], "hits": 0}
    quiet.update(BookIndex(), list(Book.objects.all()))
    quiet.remove("fulltext.book.1")


@pytest.mark.parametrize(
    "text",
    [
        *(
            '"',
            "'",
            "*",
            "NEAR(a b)",
            "-",
            ":",
            "^",
            "(",
            "((((",
            "title:",
            "{t0}: x",
            "NOT",
            "OR",
            "\\",
            "%",
            "_",
        ),
        *(
            '" OR 1=1 --',
            "'; DROP TABLE x; --",
            "\x00",
            "\x1f",
            "\ue000",
            "\ud83d",
            "😀",
            "+-><()~",
            "t0",
            "𠮷",
            "a" * 100,
        ),
    ],
)
def test_no_syntax_leaks(shelf, text):
    for found in (shelf.filter(content=text), shelf.auto_query(text), shelf.filter(title__startswith=text)):
        assert _numbers(found.models(Book)) == []
    shelf.filter(title__contains=text).count()
    shelf.raw_search(text).count()
    shelf.narrow(text).count()
    assert shelf.count() == 7


def test_a_word_of_the_syntax_is_a_word(shelf):
    assert _numbers(shelf.filter(content="AND")) == [1]


@pytest.mark.parametrize("unit", ["海", "sea ", "(", '"', "海上 ", "a-", "\\", "AND ", "title:x "])
def test_huge_queries_are_cut(shelf, unit, django_assert_max_num_queries):
    with django_assert_max_num_queries(60):
        shelf.filter(content=unit * 100_000)[:24]
        shelf.raw_search(unit * 2_000)[:24]
