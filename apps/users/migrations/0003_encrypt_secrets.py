from django.db import migrations, models

from utils.encryption import EncryptedField, decrypt, encrypt


def encrypt_once(secret):
    """MariaDB undoes no half of a migration: when it runs again, it meets rows that it encrypted already."""
    return secret if decrypt(secret) else encrypt(secret)


def change_all(change):
    def run(apps, schema_editor):
        factors = apps.get_model("users", "SecondFactor").objects
        for pk, secret in list(factors.values_list("pk", "secret")):
            factors.filter(pk=pk).update(secret=change(secret))

    return run


class Migration(migrations.Migration):
    dependencies = [("users", "0002_accounts")]

    operations = [
        migrations.AlterField("secondfactor", "secret", models.TextField(verbose_name="secret")),
        migrations.RunPython(change_all(encrypt_once), change_all(decrypt)),
        migrations.AlterField("secondfactor", "secret", EncryptedField(verbose_name="secret")),
    ]
