"""The first steps of a new neighbour (S33): four things, ticked when they are done."""
