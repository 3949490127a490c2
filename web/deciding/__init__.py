"""Vouching for homes (S25, S29, S31): référents and agents, by the web or a link; the team."""
