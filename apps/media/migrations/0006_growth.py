from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def begin_anew(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What was done of titles that are being encoded is done again: a chunk now holds all renditions."""
    apps.get_model("media", "Chunk").objects.all().delete()


class Migration(migrations.Migration):

    dependencies = [
        ('media', '0005_findings'),
    ]

    operations = [
        migrations.RunPython(begin_anew, migrations.RunPython.noop),
        migrations.AlterModelOptions(
            name='chunk',
            options={'ordering': ['video', 'number'], 'verbose_name': 'chunk', 'verbose_name_plural': 'chunks'},
        ),
        migrations.RemoveConstraint(
            model_name='chunk',
            name='chunk_once',
        ),
        migrations.RemoveField(
            model_name='chunk',
            name='stage',
        ),
        migrations.AddField(
            model_name='rendition',
            name='growing',
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name='chunk',
            constraint=models.UniqueConstraint(fields=('video', 'number'), name='chunk_once'),
        ),
    ]
