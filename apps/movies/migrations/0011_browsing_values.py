"""Fill what 0010 added. Run again, it changes nothing more."""

import re

from django.db import migrations
from django.db.models import Max, OuterRef, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.utils.text import slugify

BETWEEN = re.compile(r"\s*[/／、，,;；|]\s*")


def fill_languages(apps, schema_editor):
    """Split "汉语普通话 / 冰岛语" into languages."""
    movie_model, language = apps.get_model("movies", "Movie"), apps.get_model("movies", "Language")
    link = movie_model.languages.through
    known = {row.name: row for row in language.objects.all()}
    for text in movie_model.objects.exclude(language="").values_list("language", flat=True).distinct().order_by():
        names = [name for name in dict.fromkeys(BETWEEN.split(text.strip())) if name]
        for name in names:
            if name not in known:
                known[name] = language.objects.create(name=name)
            keys = movie_model.objects.filter(language=text).values_list("pk", flat=True)
            rows = (link(movie_id=pk, language_id=known[name].pk) for pk in keys.iterator(2000))
            link.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)


def fill_episodes(apps, schema_editor):
    episode, movie = apps.get_model("movies", "Episode"), apps.get_model("movies", "Movie")
    # No joins: MariaDB would first read the keys of all rows.
    ready = apps.get_model("media", "Video").objects.filter(pk=OuterRef("video_id")).values("ready_at")
    fresh = episode.objects.filter(available_at=None, video_id__isnull=False)
    fresh.update(available_at=Greatest("created_at", Subquery(ready)))  # NULL where it isn't ready
    out = episode.objects.filter(movie=OuterRef("pk"), available_at__isnull=False).order_by()
    last = out.values("movie").annotate(last=Max("number")).values("last")
    movie.objects.filter(episodes_out__gt=0, latest_episode=0).update(latest_episode=Coalesce(Subquery(last), 0))


def fill_slugs(apps, schema_editor):
    genre = apps.get_model("movies", "Genre")
    for row in genre.objects.filter(slug=None).exclude(name_en=""):
        slug = slugify(row.name_en)[:40].strip("-")
        if slug and not slug.isdigit() and not genre.objects.filter(slug=slug).exists():
            genre.objects.filter(pk=row.pk).update(slug=slug)


class Migration(migrations.Migration):
    dependencies = [("movies", "0010_browsing"), ("media", "0012_wording")]

    operations = [
        migrations.RunPython(fill_languages, migrations.RunPython.noop),
        migrations.RunPython(fill_episodes, migrations.RunPython.noop),
        migrations.RunPython(fill_slugs, migrations.RunPython.noop),
    ]
