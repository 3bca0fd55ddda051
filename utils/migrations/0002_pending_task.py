from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("utils", "0001_initial")]

    operations = [migrations.RenameModel(old_name="KeptTask", new_name="PendingTask")]
