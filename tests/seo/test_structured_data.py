"""Structured data of titles: what Google requires, and nothing that isn't free."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import jsonschema
import pytest

from apps.movies.models import Access, Credit, Kind, Movie, Person, Region
from apps.seo.structured_data import season_of
from tests.factories import make_episode, make_movie
from tests.seo.documents import check_rich_results, read
from tests.seo.site import BACKDROP, POSTER, SITE

OUT = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)


@pytest.fixture
def nodes(client, db):
    """The structured data of the first page of a title with these fields."""

    def read_nodes(**fields):
        number, title = fields.pop("number", 1), fields.pop("episode_title", "")
        access = fields.get("access", Access.FREE)
        fields = {"published_at": OUT, "poster_set": POSTER, "backdrop_set": BACKDROP, "summary": "简介。", **fields}
        movie = make_movie(**fields)
        for role, name in (("director", "林舟"), ("cast", "苏晚"), ("teacher", "陈老师")):
            Credit.objects.create(movie=movie, person=Person.objects.create(name=name), role=role)
        episode = make_episode(movie=movie, access=access, number=number, duration=3725)
        episode.title = title
        episode.save()
        type(episode.video).objects.update(ready_at=OUT, thumbnail="stills/s.jpg")
        Movie.objects.filter(pk=movie.pk).update(first_episode=number, duration=3725)
        return read(client, f"/single/{movie.pk}/{number}/").nodes

    return read_nodes


def _person(name: str) -> str:
    return Person.objects.get(name=name).get_absolute_url()


def test_a_film_is_a_movie_with_a_video(nodes):
    region = Region.objects.create(name="中国大陆", name_en="Mainland China")
    found = nodes(
        title="潮汐之下", original_title="Tide", aliases="潮汐\n海", year=2026, region=region, genre_line="剧情 · 悬疑",
        rating_sum=18, rating_count=2, score=Decimal("9.1"), plays=1234,
    )  # fmt: skip
    assert set(found) == {"Movie", "VideoObject", "BreadcrumbList"}
    film, video = found["Movie"], found["VideoObject"]
    page = film["url"]
    assert film == {
        "@type": "Movie",
        "@id": f"{page}#title",
        "name": "潮汐之下",
        "url": page,
        "alternateName": ["Tide", "潮汐", "海"],
        "image": [f"{SITE}/media/posters/p-600.jpg", f"{SITE}/media/backdrops/b-1280.jpg"],
        "description": "简介。",
        "genre": ["剧情", "悬疑"],
        "dateCreated": "2026",
        "countryOfOrigin": {"@type": "Country", "name": "中国大陆"},
        "director": [{"@type": "Person", "name": "林舟", "url": f"{SITE}{_person('林舟')}"}],
        "actor": [{"@type": "Person", "name": "苏晚", "url": f"{SITE}{_person('苏晚')}"}],
        "aggregateRating": {"@type": "AggregateRating", "ratingValue": "9.1", "bestRating": 10, "ratingCount": 2},
        "isAccessibleForFree": True,
        "duration": "PT62M5S",
        "video": {"@id": f"{page}#video"},
    }
    assert video == {
        "@type": "VideoObject",
        "@id": f"{page}#video",
        "name": "潮汐之下",
        "description": "简介。",
        "thumbnailUrl": [
            f"{SITE}/media/stills/s.jpg", f"{SITE}/media/posters/p-600.jpg", f"{SITE}/media/backdrops/b-1280.jpg",
        ],
        "uploadDate": "2026-05-01T12:30:00+00:00",
        "duration": "PT62M5S",
        "contentUrl": page.replace("/single/", "/play/") + "master.m3u8",
        "interactionStatistic": {
            "@type": "InteractionCounter", "interactionType": {"@type": "WatchAction"}, "userInteractionCount": 1234,
        },
        "isAccessibleForFree": True,
    }  # fmt: skip
    assert [one["name"] for one in found["BreadcrumbList"]["itemListElement"]] == ["首页", "film", "潮汐之下"]


@pytest.mark.parametrize("access", [Access.VIP, Access.PAID])
@pytest.mark.parametrize("kind", Kind.values)
def test_what_is_not_free_is_withheld(nodes, access, kind):
    found = nodes(access=access, kind=kind)
    withheld = {"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".watch__player"}
    for node in (found["VideoObject"], found["WebPage"], *([found["Course"]] if kind == Kind.COURSE else [])):
        assert (node["isAccessibleForFree"], node["hasPart"]) == (False, withheld)
    assert "contentUrl" not in found["VideoObject"]
    assert "m3u8" not in str(found)


def test_no_media_address_is_given(nodes):
    for access in Access.values:
        text = str(nodes(access=access))
        assert "/v/" not in text
        assert "st=" not in text


def test_an_episode_belongs_to_its_series(nodes):
    found = nodes(kind=Kind.SERIES, title="长河", number=3, episode_title="归来", episodes_planned=24)
    assert set(found) == {"TVSeries", "TVEpisode", "VideoObject", "BreadcrumbList"}
    series, episode = found["TVSeries"], found["TVEpisode"]
    assert (series["name"], series["numberOfEpisodes"]) == ("长河", 24)
    assert (episode["name"], episode["episodeNumber"]) == ("归来", 3)
    assert episode["partOfSeries"] == {"@id": series["@id"]}
    assert episode["video"] == {"@id": found["VideoObject"]["@id"]}
    assert found["VideoObject"]["name"] == "长河 第 3 集 归来"
    assert [one["name"] for one in found["BreadcrumbList"]["itemListElement"]][-2:] == ["长河", "第 3 集 归来"]


def test_a_title_that_names_its_season_is_one(nodes):
    found = nodes(kind=Kind.SERIES, title="长河 第二季")
    assert (found["TVSeries"]["name"], found["TVSeason"]["name"]) == ("长河", "长河 第二季")
    assert found["TVSeason"]["seasonNumber"] == 2
    assert found["TVSeason"]["partOfSeries"] == {"@id": found["TVSeries"]["@id"]}
    assert found["TVEpisode"]["partOfSeason"] == {"@id": found["TVSeason"]["@id"]}


@pytest.mark.parametrize(
    ("access", "offer"),
    [
        (Access.FREE, {"@type": "Offer", "category": "Free", "price": "0", "priceCurrency": "CNY"}),
        (Access.VIP, {"@type": "Offer", "category": "Subscription"}),
        (Access.PAID, {"@type": "Offer", "category": "Paid", "price": "10.00", "priceCurrency": "CNY"}),
    ],
)
def test_a_course_says_who_gives_it_and_on_what_terms(nodes, settings, access, offer):
    settings.SITE_NAME = "星河学院"
    course = nodes(kind=Kind.COURSE, access=access, episodes_planned=4)["Course"]
    assert course["offers"] == [offer]
    assert course["provider"] == {"@type": "Organization", "name": "星河学院", "url": f"{SITE}/"}
    assert course["hasCourseInstance"] == [
        {
            "@type": "CourseInstance", "courseMode": "Online", "courseWorkload": "PT248M20S",
            "instructor": [{"@type": "Person", "name": "陈老师", "url": f"{SITE}{_person('陈老师')}"}],
        }
    ]  # fmt: skip


def test_a_frame_of_the_video_stands_in_for_a_picture(nodes):
    found = nodes(poster_set={}, backdrop_set={})
    frame = [f"{SITE}/media/stills/s.jpg"]
    assert found["Movie"]["image"] == found["VideoObject"]["thumbnailUrl"] == frame


def test_a_title_without_any_picture_is_no_rich_result(client, db):
    movie = make_episode().movie
    assert set(read(client, movie.get_absolute_url()).nodes) == {"BreadcrumbList"}


def test_a_person_has_a_page_of_their_own(client, db):
    who = Person.objects.create(
        name="林舟", original_name="Lin Zhou", born="1962-05", birthplace="厦门", about="导演。\n生于海边。",
        portrait_set=POSTER,
    )  # fmt: skip
    movie = make_episode().movie
    Credit.objects.create(movie=movie, person=who, role="director")
    page = read(client, who.get_absolute_url())
    assert page.nodes["Person"] == {
        "@type": "Person",
        "@id": f"{SITE}/person/{who.pk}/#person",
        "name": "林舟",
        "url": f"{SITE}/person/{who.pk}/",
        "alternateName": ["Lin Zhou"],
        "image": f"{SITE}/media/posters/p-600.jpg",
        "description": "导演。\n生于海边。",
        "jobTitle": "导演",
        "birthDate": "1962-05",
        "birthPlace": {"@type": "Place", "name": "厦门"},
    }
    assert (page.meta["og:type"], page.meta["description"]) == ("profile", "导演。 生于海边。")
    assert page.link("canonical") == f"{SITE}/person/{who.pk}/"
    Credit.objects.create(movie=make_episode().movie, person=who, role="director")
    Credit.objects.create(movie=movie, person=who, role="cast")
    assert read(client, f"{who.get_absolute_url()}?role=director").link("canonical") == f"{SITE}/person/{who.pk}/"
    assert read(client, f"{who.get_absolute_url()}?role=cast").meta["robots"] == "noindex, follow"


@pytest.mark.parametrize(
    ("title", "read_as"),
    [
        ("庆余年 第二季", ("庆余年", 2)),
        ("庆余年第2季", ("庆余年", 2)),
        ("爱，死亡和机器人 第十二季", ("爱，死亡和机器人", 12)),
        ("Dark Season 3", ("Dark", 3)),
        ("Dark S03", ("Dark", 3)),
        ("四季", ("四季", None)),
        ("爱在四季", ("爱在四季", None)),
        ("第二季", ("第二季", None)),
        ("天龙八部", ("天龙八部", None)),
        ("iPhone 4S", ("iPhone 4S", None)),
        ("", ("", None)),
    ],
)
def test_seasons_are_read_from_titles(title, read_as):
    assert season_of(title) == read_as


# --- The rules themselves ---

VIDEO = {
    "@type": "VideoObject", "name": "x", "description": "x", "thumbnailUrl": ["https://x.example/a.jpg"],
    "uploadDate": "2026-05-01T12:30:00+08:00", "isAccessibleForFree": True,
}  # fmt: skip


@pytest.mark.parametrize(
    "fault",
    [
        {"name": ""},
        {"name": None},
        {"thumbnailUrl": []},
        {"thumbnailUrl": ["/media/a.jpg"]},
        {"thumbnailUrl": ["https://x.example/a.avif"]},
        {"uploadDate": "2026-05-01"},
        {"uploadDate": "2026-05-01T12:30:00"},
        {"duration": "62:05"},
        {"duration": "PT"},
        {"isAccessibleForFree": False},
        {"isAccessibleForFree": False, "hasPart": {"@type": "WebPageElement", "cssSelector": "#player"}},
        {"@type": "Video"},
    ],
)
def test_the_check_finds_faults(fault):
    check_rich_results({"@context": "https://schema.org", "@graph": [VIDEO]})
    with pytest.raises(jsonschema.ValidationError):
        check_rich_results({"@context": "https://schema.org", "@graph": [VIDEO | fault]})
