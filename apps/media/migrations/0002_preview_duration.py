from django.db import migrations, models


def measure(apps, schema_editor):
    """Note how long each preview is, and take away those that hold their whole title."""
    Video = apps.get_model("media", "Video")
    Rendition = apps.get_model("media", "Rendition")
    for preview in Rendition.objects.filter(kind="video", cut="preview").order_by("pk"):
        full = Rendition.objects.filter(video_id=preview.video_id, cut="full", name=preview.name).first()
        if full is None or preview.duration <= 0.75 * full.duration:
            Video.objects.filter(pk=preview.video_id).update(preview_duration=preview.duration)
        else:
            Rendition.objects.filter(video_id=preview.video_id, cut="preview").delete()


class Migration(migrations.Migration):
    dependencies = [("media", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="video",
            name="preview_duration",
            field=models.FloatField(default=0, verbose_name="preview"),
        ),
        migrations.RunPython(measure, migrations.RunPython.noop),
    ]
