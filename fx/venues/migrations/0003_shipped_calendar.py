"""The sessions and holidays that came with the code; from here on they are the staff's."""

from typing import Any

from django.db import migrations

from fx.venues.rules import shipped_calendar


def load(apps: Any, _schema_editor: Any) -> None:
    calendar = shipped_calendar()
    session, holiday = (apps.get_model("venues", n) for n in ("TradingSession", "MarketHoliday"))
    session.objects.bulk_create(
        session(
            hours=hours,
            opens_day=each.opens_day,
            opens_at=each.opens_at,
            closes_day=each.closes_day,
            closes_at=each.closes_at,
        )
        for hours, sessions in calendar.sessions.items()
        for each in sessions
    )
    holiday.objects.bulk_create(holiday(on=on, name=name) for on, name in calendar.holidays.items())


def unload(apps: Any, _schema_editor: Any) -> None:
    for name in ("TradingSession", "MarketHoliday"):
        apps.get_model("venues", name).objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("venues", "0002_append_only")]
    operations = [migrations.RunPython(load, unload)]
