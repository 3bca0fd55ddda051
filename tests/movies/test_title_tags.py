"""What cards and pages say of a title: its extent, its episodes, where it comes from."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.utils import translation

from apps.movies.models import Movie, Region


def _render(tag: str, movie: Movie, language: str = "en") -> str:
    with translation.override(language):
        return Template("{% load titles %}{% " + tag + " %}").render(Context({"movie": movie}))


@pytest.mark.parametrize(
    ("kind", "planned", "out", "english", "chinese"),
    [
        ("series", 24, 12, "Up to episode 12", "更新至第 12 集"),
        ("series", 24, 24, "All 24 episodes", "全 24 集"),
        ("variety", 10, 3, "Up to episode 3", "更新至第 3 期"),
        ("variety", 10, 10, "All 10 episodes", "全 10 期"),
        ("course", 8, 2, "Up to lesson 2", "更新至第 2 课"),
        ("course", 8, 8, "All 8 lessons", "全 8 课"),
        ("series", 1, 1, "1 episode", "全 1 集"),
        ("variety", 1, 1, "1 episode", "全 1 期"),
        ("course", 1, 1, "1 lesson", "全 1 课"),
    ],
)
def test_the_extent_of_what_has_episodes(kind, planned, out, english, chinese):
    movie = Movie(kind=kind, episodes_planned=planned, episodes_out=out, duration=3000)
    assert _render("extent movie", movie) == english
    assert _render("extent movie", movie, "zh-hans") == chinese


@pytest.mark.parametrize(("seconds", "shown"), [(6750, "1:52:30"), (365, "6:05"), (0, "")])
def test_the_extent_of_a_film_is_its_length(seconds, shown):
    assert _render("extent movie", Movie(kind="film", duration=seconds)) == shown


@pytest.mark.parametrize(
    ("kind", "english", "chinese"),
    [
        ("series", "Episode 4", "第 4 集"),
        ("variety", "Episode 4", "第 4 期"),
        ("course", "Lesson 4", "第 4 课"),
    ],
)
def test_the_name_of_a_part(kind, english, chinese):
    assert _render("part movie 4", Movie(kind=kind)) == english
    assert _render("part movie 4", Movie(kind=kind), "zh-hans") == chinese


@pytest.mark.parametrize(
    ("year", "region", "shown"),
    [(2019, "中国", "2019 · 中国"), (2019, "", "2019"), (None, "中国", "中国"), (None, "", "")],
)
def test_the_origin_names_what_is_known(year, region, shown):
    movie = Movie(year=year, region=Region(name=region) if region else None)
    assert _render("origin movie", movie, "zh-hans") == shown


def test_names_are_escaped():
    movie = Movie(year=2019, region=Region(name="<b>"))
    assert _render("origin movie", movie, "zh-hans") == "2019 · &lt;b&gt;"
