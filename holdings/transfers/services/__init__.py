"""Pay people: by tag, by request, by link, and split bills."""
