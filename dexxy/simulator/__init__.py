"""A GitHub to run against: for the demo, the tests and the benchmarks, on loopback only."""
