import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('movies', '0008_plays_are_rows'),
        ('playback', '0003_streams'),
    ]

    operations = [
        migrations.CreateModel(
            name='Watch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('viewer', models.CharField(max_length=40)),
                ('tab', models.CharField(max_length=40)),
                ('number', models.PositiveBigIntegerField()),
                ('playing', models.BooleanField()),
                ('seen_at', models.DateTimeField()),
                ('watched', models.FloatField(default=0)),
                ('counted_at', models.DateTimeField(null=True)),
                ('episode', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='movies.episode')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('viewer', 'episode'), name='watch_once')],
            },
        ),
    ]
