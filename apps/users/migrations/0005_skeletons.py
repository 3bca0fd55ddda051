"""Fills in what each user name looks like. Of names that look alike already the first has the look to itself; the
others stay what they are, with their keys behind it."""

import utils.confusables
from django.db import migrations

BATCH = 500


def fill(apps, schema_editor):
    users = apps.get_model("users", "User").objects.using(schema_editor.connection.alias)
    taken, batch = set(), []
    for user in users.only("username").order_by("pk").iterator(chunk_size=BATCH):
        look = utils.confusables.stored_skeleton(user.username)
        user.skeleton = f"{look}#{user.pk}" if look in taken else look
        taken.add(look)
        batch.append(user)
        if len(batch) == BATCH:
            users.bulk_update(batch, ["skeleton"])
            batch.clear()
    users.bulk_update(batch, ["skeleton"])


class Migration(migrations.Migration):
    dependencies = [("users", "0004_letters")]

    operations = [
        migrations.AddField(
            "user",
            "skeleton",
            utils.confusables.SkeletonField(null=True, of="username", verbose_name="look of the user name"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            "user", "skeleton", utils.confusables.SkeletonField(of="username", verbose_name="look of the user name")
        ),
    ]
