"""The plans that the site ships with."""

from decimal import Decimal

from django.db import migrations

PLANS = [
    ("月卡", "Month", "25.00", 30, False),
    ("季卡", "Quarter", "68.00", 90, False),
    ("年卡", "Year", "238.00", 365, True),
]


def ship(apps, _editor):
    plan = apps.get_model("orders", "Plan")
    for order, (name, name_en, price, days, marked) in enumerate(PLANS):
        plan.objects.create(
            name=name, name_en=name_en, price=Decimal(price), days=days, marked=marked, order=order
        )


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
