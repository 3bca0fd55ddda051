from django.db import migrations, models


class Migration(migrations.Migration):
    """Rename tables and columns in place: queried, requested_action, gateway_refunded, DailyStatement."""

    dependencies = [("orders", "0010_wording")]

    operations = [
        migrations.RemoveIndex(model_name="order", name="orders_orde_state_a2a68e_idx"),
        migrations.RemoveConstraint(model_name="order", name="order_wish_known"),
        migrations.RenameField(model_name="order", old_name="wish", new_name="requested_action"),
        migrations.RenameField(model_name="order", old_name="asked_at", new_name="queried_at"),
        migrations.RenameField(model_name="refund", old_name="asked_at", new_name="queried_at"),
        migrations.RenameField(model_name="payment", old_name="told_back", new_name="gateway_refunded"),
        migrations.RenameField(model_name="payment", old_name="told_back_at", new_name="gateway_refunded_at"),
        migrations.RenameModel(old_name="MorningStatement", new_name="DailyStatement"),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["state", "queried_at"], name="orders_orde_state_390c65_idx"),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(requested_action__in=["", "cancel", "wallet"]), name="order_requested_action_known"
            ),
        ),
    ]
