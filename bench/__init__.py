"""How fast it is, measured beside its peers in one run: `make bench`.

Nothing here passes or fails: each bench prints a table, and writes its figures as JSON
and a plot. docs/performance.md explains them.
"""
