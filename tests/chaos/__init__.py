"""`make chaos`: real processes, texts, faults from a seed, and a checker that trusts neither."""
