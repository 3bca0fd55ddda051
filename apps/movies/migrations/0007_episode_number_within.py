import django.core.validators
from django.db import migrations, models

HIGHEST = 9999


def bring_within(apps, schema_editor):
    """Numbers that the administration once took give way to the free ones after the title's last, else before it."""
    Episode = apps.get_model("movies", "Episode")
    outside = Episode.objects.filter(models.Q(number__lt=1) | models.Q(number__gt=HIGHEST)).order_by("movie", "number")
    for episode in outside:
        taken = set(Episode.objects.filter(movie_id=episode.movie_id).values_list("number", flat=True))
        last = max((n for n in taken if n <= HIGHEST), default=0)
        free = next(n for n in [*range(last + 1, HIGHEST + 1), *range(1, HIGHEST + 1)] if n not in taken)
        Episode.objects.filter(pk=episode.pk).update(number=free)


class Migration(migrations.Migration):
    dependencies = [("movies", "0006_as_soon_as_ready")]

    operations = [
        migrations.AlterField(
            model_name="episode",
            name="number",
            field=models.PositiveSmallIntegerField(
                default=1,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(9999),
                ],
                verbose_name="number",
            ),
        ),
        migrations.RunPython(bring_within, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="episode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("number__gte", 1), ("number__lte", 9999)),
                    models.Q(("number__gt", 20000), ("number__lte", 29999)),
                    _connector="OR",
                ),
                name="episode_number_within",
            ),
        ),
    ]
