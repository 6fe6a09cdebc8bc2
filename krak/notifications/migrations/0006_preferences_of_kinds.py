"""A preference is of a kind or of a group. Backwards, what was said of kinds is lost."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0005_deliveries_end")]

    operations = [
        migrations.RemoveConstraint(
            model_name="preference", name="a_customer_says_once_what_goes_where"
        ),
        migrations.RemoveConstraint(model_name="preference", name="notices_for_safety_stay_on"),
        migrations.AddField(
            model_name="preference",
            name="kind",
            field=models.CharField(blank=True, db_default="", max_length=40),
        ),
        migrations.AlterField(
            model_name="preference",
            name="group",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.RunSQL(
            migrations.RunSQL.noop, "DELETE FROM notifications_preference WHERE kind <> ''"
        ),
        migrations.AddConstraint(
            model_name="preference",
            constraint=models.UniqueConstraint(
                fields=("customer", "group", "kind", "channel"),
                name="a_customer_says_once_what_goes_where",
            ),
        ),
        migrations.AddConstraint(
            model_name="preference",
            constraint=models.CheckConstraint(
                condition=models.Q(("group", ""), models.Q(("kind", ""), _negated=True))
                | models.Q(models.Q(("group", ""), _negated=True), ("kind", "")),
                name="a_preference_is_of_one_kind_or_one_group",
            ),
        ),
        migrations.AddConstraint(
            model_name="preference",
            constraint=models.CheckConstraint(
                condition=models.Q(("enabled", True))
                | ~models.Q(group="security")
                & ~models.Q(kind__in=("destination.added", "new_device")),
                name="notices_for_safety_stay_on",
            ),
        ),
    ]
