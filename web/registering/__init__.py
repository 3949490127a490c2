"""Joining on the web (S05 to S11): the address, the home on the map, the form, the proofs."""
