"""What viewers type, and the title that they mean."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from apps.movies.models import Audience, Credit, Movie, Person
from apps.search import services
from tests.factories import make_movie

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def _shelf(module_index):
    for title, fields in {
        "流浪地球": {"original_title": "The Wandering Earth", "year": 2019, "plays": 500},
        "流浪地球2": {"year": 2023},
        "重庆森林": {"aliases": "重慶森林\nChungking Express", "summary": "两个警察的故事。"},
        "进击的巨人 第二季": {"original_title": "進撃の巨人 Season2"},
        "进击的巨人": {"original_title": "進撃の巨人"},
        "无间道": {},
        "十二生肖": {},
        "JOJO的奇妙冒险": {"aliases": "ジョジョの奇妙な冒険"},
        "大长今": {},
        "美丽人生": {"original_title": "La vita è bella"},
        "1917": {},
        "川越男子合唱团": {},
        "BURN THE WITCH": {},
        "Queen's Gambit": {},
        "妄想学生会 OAD": {},
        "欧西里斯的天秤": {"plays": 3},
        "欧西里斯的天秤 第二季": {"plays": 900},
    }.items():
        make_movie(title=title, **fields)
    person = Person.objects.create(name="吴京", original_name="Jacky Wu")
    Credit.objects.create(movie=Movie.objects.get(title="流浪地球"), person=person, role="cast")


def _first(text):
    ids = services.match(text=text).ids
    return Movie.objects.get(pk=ids[0]).title if ids else ""


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("流浪地球", "流浪地球"),
        ("流浪地球2", "流浪地球2"),
        ("流浪地球第二部", "流浪地球2"),
        ("浪地球2", "流浪地球2"),
        ("流浪地球　２", "流浪地球2"),
        ("liulangdiqiu", "流浪地球"),
        ("liu lang di qiu", "流浪地球"),
        ("LLDQ", "流浪地球"),
        ("lldq2", "流浪地球2"),
        ("流浪dq", "流浪地球"),
        ("流浪diqiu2", "流浪地球2"),
        ("liulangdq", "流浪地球"),
        ("diqiu", "流浪地球"),
        ("wandering earth", "流浪地球"),
        ("thewanderingearth", "流浪地球"),
        ("WANDERING EAR", "流浪地球"),
        ("吴京", "流浪地球"),
        ("wujing", "流浪地球"),
        ("吴京 流浪地球", "流浪地球"),
        ("吴京流浪地球", "流浪地球"),
        ("流浪地球 2023", "流浪地球2"),
        ("chongqingsenlin", "重庆森林"),
        ("cqsl", "重庆森林"),
        ("重慶森林", "重庆森林"),
        ("chungking", "重庆森林"),
        ("两个警察", "重庆森林"),
        ("进击的巨人第2季", "进击的巨人 第二季"),
        ("进击的巨人 S2", "进击的巨人 第二季"),
        ("进击的巨人2", "进击的巨人 第二季"),
        ("進擊的巨人", "进击的巨人"),
        ("進撃の巨人", "进击的巨人"),
        ("进击的巨人第一季", "进击的巨人"),
        ("进击的巨人 第3集", "进击的巨人"),
        ("无间到", "无间道"),
        ("无间道道", "无间道"),
        ("12生肖", "十二生肖"),
        ("jojo", "JOJO的奇妙冒险"),
        ("ジョジョ", "JOJO的奇妙冒险"),
        ("dachangjin", "大长今"),
        ("dcj", "大长今"),
        ("vita e bella", "美丽人生"),
        ("美丽人声", "美丽人生"),
        ("meiliresheng", "美丽人生"),
        ("我想看美丽人生在线观看", "美丽人生"),
        ("昨天放的美丽人生", "美丽人生"),
        ("1917", "1917"),
        ("道", "无间道"),
        ("川ynzhct", "川越男子合唱团"),  # zh is 子合
        ("URN THE WI", "BURN THE WITCH"),
        ("queen's gambit", "Queen's Gambit"),
        ('queen\'s "gambit"', "Queen's Gambit"),
        ("queens\\gambit", "Queen's Gambit"),
        ("queens\x01gambit", "Queen's Gambit"),
        ("妄想学生会O", "妄想学生会 OAD"),
        ("想学生会 O", "妄想学生会 OAD"),
        ("The Wandering Earth Season", "流浪地球"),
        ("西里斯的天", "欧西里斯的天秤"),  # most of its name, though the other is watched more
        ("天秤", "欧西里斯的天秤 第二季"),  # a word of both
    ],
)
def test_the_title_that_is_meant_comes_first(typed, meant):
    assert _first(typed) == meant


@pytest.mark.parametrize(
    "typed",
    ["", " ", '"', "*", "AND", "NEAR(", "-", ":", "title:x", "'; DROP TABLE x", "NOT", "^", "流" * 5000, "😀", "星际"],
)
def test_what_means_nothing_finds_nothing(typed):
    assert list(services.match(text=typed).ids) == []


def test_it_says_what_it_searched_for_instead():
    assert services.match(text="无间到").meant == "无间道"
    assert services.match(text="无间道").meant == ""
    audience = Audience(AnonymousUser(), timezone.now())
    assert services.search(text="无间到", audience=audience, chosen={}, sort="").meant == "无间道"
    Movie.objects.filter(title="无间道").update(status="withdrawn")  # without a word to the index
    assert services.search(text="无间到", audience=audience, chosen={}, sort="").meant == ""


def test_heat_decides_between_equals_and_then_recency():
    cold, hot = make_movie(title="海之一", plays=3), make_movie(title="海之二", plays=9000, plays_week=100)
    assert list(services.match(text="海之").ids) == [hot.pk, cold.pk]


def test_what_is_not_listed_is_not_shown_whatever_the_index_says(client):
    Movie.objects.filter(title="无间道").update(status="withdrawn")  # without a word to the index
    assert services.match(text="无间道").ids
    page = client.get("/search/", {"q": "无间道"}).content.decode().split("<main")[1]
    assert "/single/" not in page.split("<h1")[0]
    assert client.get("/search/suggest/", {"q": "无间道"}).json()["suggestions"] == []
