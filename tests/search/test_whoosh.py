"""The engine for small sites: Haystack's Whoosh backend, reading Chinese."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from haystack import connections
from haystack.query import SearchQuerySet

from apps.movies.models import Credit, Movie, Person
from apps.search import services
from tests.factories import make_movie
from tests.search.conftest import connected
from tests.search.library import Book, BookIndex
from utils.fulltext.words import places


@pytest.fixture
def files(_library, db, tmp_path):
    options = {"ENGINE": "utils.fulltext.whoosh.ChineseWhooshEngine", "PATH": str(tmp_path / "index")}
    yield connected("files", **options)
    del connections.connections_info["files"]


def test_words_and_characters_have_the_places_of_the_text():
    assert places("Ｘ流浪") == [("x", 0), ("流浪", 1), ("流", 1), ("浪", 2)]


def test_parts_of_chinese_texts_are_found_and_removed_ones_not(files):
    books = [Book.objects.create(title=f"书{n}", summary=text) for n, text in enumerate(["流浪地球", "地下城", "Tide"])]
    files.get_backend().update(BookIndex(), books)

    def found(text):
        return sorted(one.title for one in SearchQuerySet(using="files").filter(content=text))

    assert found("流浪") == ["书0"]
    assert found("地") == ["书0", "书1"]
    assert found("流浪地球") == ["书0"]
    assert found("tide") == ["书2"]
    assert found("地星") == []
    files.get_backend().remove(books[0])
    assert found("流浪") == []


@pytest.fixture
def small_site(db, settings, tmp_path):
    """SEARCH_ENGINE=whoosh, and a few titles that its index doesn't have yet."""
    before = connections.connections_info["default"]
    connections.connections_info["default"] = settings.SEARCH_ENGINES["whoosh"] | {"PATH": str(tmp_path / "whoosh")}
    connections.reload("default")
    rows = {
        "流浪地球": {"original_title": "The Wandering Earth", "year": 2019, "summary": "人类带着家园远行。"},
        "流浪地球2": {},
        "重庆森林": {"aliases": "Chungking Express\n香港故事"},
        "地球往事": {"plays": 900},
        "草稿地球": {"status": "draft"},
    }
    for title, fields in rows.items():
        make_movie(title=title, **fields)
    person = Person.objects.create(name="吴京", original_name="Jacky Wu")
    Credit.objects.create(movie=Movie.objects.get(title="流浪地球"), person=person, role="cast")
    yield
    connections.connections_info["default"] = before
    connections.reload("default")


def test_a_small_site_finds_its_titles(small_site, client):
    assert services.prepare()
    assert not services.prepare()

    def found(text):
        return [movie.title for movie in client.get("/search/", {"q": text}).context["movie_page"]]

    for text in ("流浪地球", "流浪", "liulangdiqiu", "lldq", "wandering earth", "吴京", "Jacky", "流浪地球 在线观看"):
        assert found(text)[0] == "流浪地球", text
    assert found("地球往事 2019") == []
    assert found("流浪地球 2019") == ["流浪地球"]
    assert set(found("地球")) == {"流浪地球", "流浪地球2", "地球往事"}
    assert found("香港") == found("Chungking") == found("重慶森林"[2:]) == ["重庆森林"]
    for text in ('"', "*", "NOT", "REQUIRE", "title:流浪", "流浪*", "[a TO b]", "'", "x~2", "流" * 300):
        assert client.get("/search/", {"q": text}).status_code == 200
    assert found("*") == found('"') == found("REQUIRE") == []
    assert client.get("/search/suggest/", {"q": "流"}).json()["suggestions"]


def test_a_small_index_follows_the_catalogue(small_site, client):
    call_command("rebuild_index", interactive=False, verbosity=0)
    movie = Movie.objects.get(title="流浪地球")
    Movie.objects.filter(pk=movie.pk).update(title="漂泊星球")
    Movie.objects.filter(title="重庆森林").update(status="withdrawn")
    services.update(movie_ids=list(Movie.objects.values_list("pk", flat=True)))
    assert list(services.match(text="漂泊").ids) == [movie.pk]
    assert list(services.match(text="森林").ids) == []
    assert services.reheat() == services.mend_differences() == 0
    with pytest.raises(CommandError):
        call_command("search_doctor")


def test_a_long_list_of_results_has_each_title_once(small_site):
    for number in range(70):
        make_movie(title=f"星海{number}")
    services.prepare()
    ids = services.match(text="星海").ids
    assert len(ids) == len(set(ids)) == 70
