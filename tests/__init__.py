"""The tests. They mirror the packages; rigs are the real servers they run against."""
