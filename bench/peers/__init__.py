"""Other ways to do the same work, to measure ours against in the same run."""
