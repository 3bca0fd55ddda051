from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("utils", "0003_replica_heartbeat")]

    operations = [
        migrations.AddField(
            model_name="pendingtask",
            name="request_id",
            field=models.CharField(db_default="", default="", max_length=64),
        )
    ]
