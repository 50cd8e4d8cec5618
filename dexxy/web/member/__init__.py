"""Pages about one member, and about who may be one person."""
