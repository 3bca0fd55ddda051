from django.db import migrations


class Migration(migrations.Migration):
    """The line of text gave way to languages that can be filtered by."""

    dependencies = [("movies", "0011_browsing_values")]

    operations = [migrations.RemoveField(model_name="movie", name="language")]
