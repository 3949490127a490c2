"""Activation on the web (S21 to S31): the home is proved, or somebody vouches for it."""
