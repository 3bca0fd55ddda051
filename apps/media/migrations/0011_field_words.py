"""The field's own words for tables and columns: everything is renamed in place, and no row changes."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("media", "0010_subtitle_flags")]

    operations = [
        migrations.RenameModel("Discard", "PendingDeletion"),
        migrations.RenameField("video", "findings", "source_info"),
        migrations.RenameField("video", "still", "thumbnail"),
        migrations.RemoveConstraint("rendition", "rendition_once"),
        migrations.RenameField("rendition", "cut", "variant"),
        migrations.RenameField("rendition", "growing", "progressive"),
        migrations.AddConstraint(
            "rendition", models.UniqueConstraint(fields=["video", "variant", "name"], name="rendition_once")
        ),
        migrations.AlterField("video", "source_info", models.JSONField(blank=True, default=dict, verbose_name="source info")),
        migrations.AlterField(
            "video", "thumbnail", models.ImageField(blank=True, upload_to="stills/", verbose_name="thumbnail")
        ),
        migrations.AlterField(
            "rendition",
            "variant",
            models.CharField(
                choices=[("full", "full"), ("preview", "preview")], default="full", max_length=7, verbose_name="variant"
            ),
        ),
    ]
