"""What people were told."""

from krak.core.personal import holds

holds("notifications.Notification", erases={"facts": {}})
