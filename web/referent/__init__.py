"""The référent's room: the role, its tools, the exercise, the team, the papers (S71 to S73)."""
