from django.db import migrations, models
from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce


def settle(apps, schema_editor):
    """Two statements, whatever the number of titles: those that can't be played wait, all lead to where they begin."""
    movies = apps.get_model("movies", "Movie").objects
    episodes = apps.get_model("movies", "Episode").objects.filter(movie=OuterRef("pk")).order_by("number")
    playable = episodes.filter(video__ready_at__isnull=False)
    movies.filter(~Exists(playable), status="published").update(status="waiting")
    movies.filter(~Exists(playable.filter(number=1)), Exists(episodes)).update(
        first_episode=Coalesce(Subquery(playable.values("number")[:1]), Subquery(episodes.values("number")[:1]))
    )


def publish(apps, schema_editor):
    """What waits was on the shelf, as far as it has a date; the others are drafts."""
    movies = apps.get_model("movies", "Movie").objects.filter(status="waiting")
    movies.filter(published_at=None).update(status="draft")
    movies.update(status="published")


class Migration(migrations.Migration):
    dependencies = [("movies", "0005_private_material")]

    operations = [
        migrations.AddField(
            model_name="movie",
            name="first_episode",
            field=models.PositiveSmallIntegerField(db_default=1, default=1, editable=False),
        ),
        migrations.AlterField(
            model_name="movie",
            name="status",
            field=models.CharField(
                choices=[
                    ("draft", "draft"),
                    ("waiting", "as soon as ready"),
                    ("published", "published"),
                    ("withdrawn", "off the shelf"),
                ],
                default="draft",
                max_length=9,
                verbose_name="status",
            ),
        ),
        migrations.RunPython(settle, publish),
    ]
