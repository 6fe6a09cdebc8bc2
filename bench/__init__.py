"""Benchmarks: each figure is measured against the same servers in the same run."""
