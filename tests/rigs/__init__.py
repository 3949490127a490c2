"""Real servers for tests, each on its own free port and in its own folder."""
