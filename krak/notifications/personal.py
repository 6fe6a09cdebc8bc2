"""What people were told."""

from krak.core.personal import holds

holds("notifications.Notification", erases={"facts": {}})
holds("notifications.Feed", keeps="how many notices there were: the next has the next number")
holds("notifications.Preference", deletes=True)
holds("notifications.PushToken", hides=("token",), deletes=True)
holds("notifications.Delivery", hides=("target",), deletes=True)
