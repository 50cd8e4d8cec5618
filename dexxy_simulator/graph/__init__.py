"""GitHub's GraphQL API over the simulated world."""
