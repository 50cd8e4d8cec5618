"""Which database is asked, and how long one waits for it."""
