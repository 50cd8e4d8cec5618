"""The JSON in which GitHub's REST API and its webhooks show things."""
