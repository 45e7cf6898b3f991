"""What the benchmarks need: processes to measure, instruments to measure with, floors to compare with."""
