import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("users", "0007_ways_in")]

    operations = [
        migrations.RemoveConstraint(model_name="letter", name="letter_once"),
        migrations.RenameModel(old_name="Letter", new_name="OutgoingMail"),
        migrations.AlterModelOptions(
            name="outgoingmail",
            options={"verbose_name": "outgoing email", "verbose_name_plural": "outgoing emails"},
        ),
        migrations.RenameIndex(
            model_name="outgoingmail",
            old_name="users_lette_sent_at_976b3c_idx",
            new_name="users_outgo_sent_at_32df0a_idx",
        ),
        migrations.AlterField(
            model_name="outgoingmail",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="outgoing_mails",
                to=settings.AUTH_USER_MODEL,
                verbose_name="user",
            ),
        ),
        migrations.AddConstraint(
            model_name="outgoingmail",
            constraint=models.UniqueConstraint(fields=["kind", "reference"], name="outgoing_mail_once"),
        ),
    ]
