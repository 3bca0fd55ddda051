"""The pages of people: what they show, to whom, and where merged people lead."""

from __future__ import annotations

import io

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation
from PIL import Image

from apps.movies import services
from apps.movies.models import Credit, Movie, Person
from tests.factories import make_episode, make_movie, make_user
from utils.templatetags.dates import partial_date

pytestmark = pytest.mark.django_db


def _credit(person: Person, role: str = "cast", character: str = "", **fields) -> Movie:
    movie = make_movie(**fields)
    Credit.objects.create(movie=movie, person=person, role=role, character=character)
    return movie


@pytest.fixture
def boss(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    return client


def test_a_person_has_a_page_with_titles_by_role(client):
    person = Person.objects.create(
        name="秦若溪",
        original_name="Qin Ruoxi",
        aliases="若溪\n小秦",
        born="1991-05",
        birthplace="青岛",
        about="演员。",
    )
    for year in (2020, 2024, None, 2022):
        _credit(person, year=year, title=f"片{year}", character="阿溪" if year == 2022 else "")
    _credit(person, "director", title="执导")
    _credit(person, title="草稿片", status="draft")
    page = client.get(f"/person/{person.pk}/", headers={"Accept-Language": "zh-hans"})
    for words in ("Qin Ruoxi / 若溪 / 小秦", "1991年5月", "青岛", "演员。", "2022 · 饰 阿溪"):
        assert words in page.text
    assert [movie.title for movie, _ in page.context["titles"]] == ["片2024", "片2022", "片2020", "片None"]
    assert [(role["count"], role["chosen"]) for role in page.context["roles"]] == [(4, True), (1, False)]
    directed = client.get(page.context["roles"][1]["url"])
    assert [movie.title for movie, _ in directed.context["titles"]] == ["执导"]
    assert "草稿片" not in page.text + directed.text


def test_many_titles_are_paged_in_a_fixed_number_of_queries(client, django_assert_num_queries):
    person = Person.objects.create(name="多产")
    for n in range(60):
        _credit(person, title=f"片{n:02}", year=2000 + n)
    seen = []
    for page in (1, 2, 3):
        with django_assert_num_queries(4):  # the person, the parts, the titles, the categories of the header
            answer = client.get(f"/person/{person.pk}/?page={page}")
        seen += [movie.title for movie, _ in answer.context["titles"]]
    assert seen == [f"片{n:02}" for n in reversed(range(60))]


@pytest.mark.parametrize(
    "fields", [{"status": "draft"}, {"status": "waiting"}, {"deleted_at": "2020-01-01T00:00Z"}, None]
)
def test_a_person_without_a_listed_title_has_no_page(boss, fields):
    person = Person.objects.create(name="无名")
    if fields:
        _credit(person, **fields)
    assert boss.get(f"/person/{person.pk}/").status_code == 404
    assert boss.get("/person/999999999999999999/").status_code == 404


def test_the_watch_page_links_its_people_and_genres(client):
    movie = make_episode().movie
    person = Person.objects.create(name="秦若溪")
    Credit.objects.create(movie=movie, person=person, role="cast")
    assert f'href="/person/{person.pk}/"' in client.get(movie.get_absolute_url()).text
    cache.clear()
    Movie.objects.filter(pk=movie.pk).update(status="waiting")  # its page opens, that of its people doesn't
    assert f'href="/person/{person.pk}/"' not in client.get(movie.get_absolute_url()).text


def test_a_merged_person_keeps_the_address_and_leads_on(client):
    one, two, three = (Person.objects.create(name=name) for name in ("甲", "乙", "丙"))
    Person.objects.filter(pk=one.pk).update(about="简介", aliases="老甲")
    both = _credit(one, title="同片")
    Credit.objects.create(movie=both, person=two, role="cast", character="留下")
    _credit(one, title="独片")
    services.merge_people(person=one, into=two)
    services.merge_people(person=two, into=three)
    for person in (one, two):
        answer = client.get(f"/person/{person.pk}/")
        assert (answer.status_code, answer["Location"]) == (301, f"/person/{three.pk}/")
    three.refresh_from_db()
    assert three.aliases.splitlines() == ["乙", "甲", "老甲"]
    assert three.about == "简介"
    assert sorted(three.credits.values_list("movie__title", "character")) == [("同片", "留下"), ("独片", "")]
    for person, into in ((one, three), (three, one), (three, three)):
        with pytest.raises(services.UnableToMerge):
            services.merge_people(person=person, into=into)


def test_a_curator_merges_and_is_told_what_is_wrong(boss):
    one, two = (Person.objects.create(name=name) for name in ("甲", "乙"))
    _credit(one)
    address = reverse("admin:movies_person_change", args=[one.pk])
    form = {"name": "甲", "born": "1990", "died": "1980-01-01", "same_as": one.pk}
    wrong = boss.post(address, form).context["adminform"].form.errors
    assert set(wrong) == {"died", "same_as"}
    assert set(boss.post(address, {**form, "died": "1980-13"}).context["adminform"].form.errors) == {"died", "same_as"}
    answer = boss.post(address, {"name": "甲", "same_as": two.pk})
    assert answer["Location"] == reverse("admin:movies_person_change", args=[two.pk])
    assert two.credits.count() == 1
    assert [row.pk for row in boss.get(reverse("admin:movies_person_changelist")).context["cl"].result_list] == [two.pk]


def test_a_portrait_is_made_in_all_sizes(boss, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    out = io.BytesIO()
    Image.new("RGB", (300, 400), "#335577").save(out, "JPEG")
    person = Person.objects.create(name="甲")
    _credit(person)
    form = {"name": "甲", "portrait": SimpleUploadedFile("p.jpg", out.getvalue())}
    answer = boss.post(reverse("admin:movies_person_change", args=[person.pk]), form)
    assert answer.status_code == 302
    services.make_portrait(person_id=person.pk)
    person.refresh_from_db()
    assert len(list(tmp_path.rglob("*.avif"))) == len(person.portrait_set["widths"]) == 4
    assert person.portrait_set["base"] in boss.get(f"/person/{person.pk}/").text
    assert list(services.examine_pictures(mend=False)) == []
    for file in tmp_path.rglob("*.avif"):
        file.unlink()
    assert [finding.cure for finding in services.examine_pictures()] == ["made again"]


@pytest.mark.parametrize(
    ("text", "chinese", "english"),
    [
        ("1962-05-04", "1962年5月4日", "May 4, 1962"), ("1962-05", "1962年5月", "May 1962"), ("1962", "1962", "1962"),
        ("1962-02-31", "1962-02-31", "1962-02-31"), ("", "", ""), ("x", "x", "x"),
    ],
)  # fmt: skip
def test_a_date_is_said_as_far_as_it_is_known(text, chinese, english):
    for language, words in (("zh-hans", chinese), ("en", english)):
        with translation.override(language):
            assert partial_date(text) == words
