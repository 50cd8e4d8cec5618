"""The tools, each a door: it calls the selectors that the pages call, and answers."""
