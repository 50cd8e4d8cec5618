"""Activities from anywhere: take in what a script tells of a platform that Dexxy does not read."""
