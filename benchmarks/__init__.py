"""Seconds and peak memory of everything a user waits for; see docs/reference/benchmarks.md."""
