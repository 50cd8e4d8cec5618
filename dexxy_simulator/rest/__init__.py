"""GitHub's REST API over the simulated world."""
