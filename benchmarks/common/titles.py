"""A catalogue for search: real titles where they lie beside the project, then made-up ones, and what viewers type."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "titles" / "bangumi_titles.jsonl"
QUERIES = 300  # of each kind
HAN = "山海星河夜风雪雨花月云天地人大小长安城春秋江湖少年青南北东西流浪球光影梦归途远古时代传说战争英雄无双红白黑金"
PHRASES = ("最后的", "失落的", "遥远的", "我的", "无声的", "重返", "寻找", "再见", "关于", "没有")
NOUNS = ("地球", "王国", "少年", "医院", "爱情", "侦探", "故乡", "列车", "森林", "海岸", "长安", "电台", "师父", "厨房")
ENDINGS = ("", "", "", "之战", "往事", "传奇", "日记", "2", " 第二季", "：归来")
LATIN = ("Beneath", "Silent", "Last", "River", "Moon", "Garden", "Winter", "Stone", "Harbor", "Tide")
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"


def fill(number: int) -> list[dict[str, Any]]:
    """Publish so many titles with summaries, aliases and eight people each; returns what they are called."""
    from django.utils import timezone

    from apps.movies.models import Category, Movie, Person, Status

    draw, now = random.Random(11), timezone.now()
    categories = [Category.objects.create(slug=f"c{n}", name=f"c{n}") for n in range(6)]
    people = [
        Person(name=draw.choice(SURNAMES) + "".join(draw.choices(HAN, k=draw.choice((1, 2))))) for _ in range(20_000)
    ]
    Person.objects.bulk_create(people, batch_size=2000)
    people_ids = list(Person.objects.values_list("pk", flat=True))
    made: list[dict[str, Any]] = []
    titles = names(number, draw)
    while some := [one for _, one in zip(range(2000), titles, strict=False)]:
        movies = Movie.objects.bulk_create(
            [
                Movie(
                    title=one["title"],
                    original_title=one["original"],
                    aliases="\n".join(one["aliases"]),
                    summary=one["summary"],
                    category=draw.choice(categories),
                    status=Status.PUBLISHED,
                    published_at=now,
                    plays=int(draw.paretovariate(0.7)),
                    year=draw.randint(1960, 2026),
                )
                for one in some
            ]
        )
        _credit([(movie.pk, person) for movie in movies for person in draw.sample(people_ids, 8)])
        made += some
    by_id = dict(Person.objects.values_list("pk", "name"))
    return [*made, {"people": [by_id[pk] for pk in draw.sample(people_ids, 500)]}]


def _credit(pairs: list[tuple[int, int]]) -> None:
    """Credit people in titles, given as ids; as models, eight for each title would take longer than all else."""
    from django.db import connection

    from apps.movies.models import Credit

    columns = ("movie_id", "person_id", "role", "character", "order")
    quoted = ", ".join(map(connection.ops.quote_name, columns))
    insert = f"INSERT INTO {Credit._meta.db_table} ({quoted}) VALUES (%s, %s, %s, %s, %s)"  # noqa: S608 - names of ours
    with connection.cursor() as cursor:
        cursor.executemany(insert, [(movie, person, "cast", "", 0) for movie, person in pairs])


def names(number: int, draw: random.Random) -> Iterator[dict[str, Any]]:
    """So many names with summaries: real ones first, then made-up ones from pieces of them."""
    lines = REAL.read_text().splitlines() if REAL.exists() else []
    real = [one for line in lines if (one := json.loads(line)) and (one["zh_hans"] or one["zh_hant"])]
    pieces = [*PHRASES, *NOUNS]
    for one in real:
        for name in one["zh_hans"][:1]:
            pieces += [name[at : at + 2] for at in range(0, len(name) - 1, 2) if name[at : at + 2].isalpha()]
    for one in real[:number]:
        chinese = [*one["zh_hans"], *one["zh_hant"]]
        aliases = [*chinese[1:], *one["en"]][:6]
        yield {
            "title": chinese[0][:100],
            "original": one["title"][:100],
            "aliases": aliases,
            "summary": summary(draw, pieces),
        }
    for _ in range(number - len(real)):
        original = " ".join(draw.sample(LATIN, 2)) if draw.random() < 0.3 else ""
        aliases = [invented(draw, pieces)] if draw.random() < 0.4 else []
        title = invented(draw, pieces)
        yield {"title": title, "original": original, "aliases": aliases, "summary": summary(draw, pieces)}


def invented(draw: random.Random, pieces: list[str]) -> str:
    """A title such as 失落的海岸往事."""
    beginning = draw.choice(PHRASES) if draw.random() < 0.1 else ""
    return f"{beginning}{''.join(draw.choices(pieces, k=draw.choice((1, 2, 2, 3))))}{draw.choice(ENDINGS)}"


def summary(draw: random.Random, pieces: list[str]) -> str:
    """Some 120 characters."""
    words = draw.choices(pieces, k=50)
    return "，".join("的".join(words[at : at + 6]) for at in range(0, 50, 6))


def queries(catalogue: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Texts of each kind that viewers type."""
    draw = random.Random(5)
    titles = [one["title"] for one in catalogue[:-1]]
    long = [one["summary"].replace("，", "") for one in catalogue[:-1]]
    people = catalogue[-1]["people"]
    parts = [title for title in draw.sample(titles, min(len(titles), 4 * QUERIES)) if len(title) >= 4]
    return {
        "one character": [draw.choice(draw.choice(titles)) for _ in range(QUERIES)],
        "two characters": [title[1:3] for title in parts[:QUERIES]],
        "title": draw.sample(titles, QUERIES),
        "person": draw.choices(people, k=QUERIES),
        "two words": [f"{draw.choice(titles)[:2]} {draw.choice(people)[:2]}" for _ in range(QUERIES)],
        "30 characters": [draw.choice(long)[:30] for _ in range(QUERIES)],
        "letters": [draw.choice(LATIN)[: draw.randint(2, 6)].lower() for _ in range(QUERIES)],
        "nothing": ["".join(draw.choices(HAN, k=8)) for _ in range(QUERIES)],
    }
