"""What a member says of themselves, and what they set (S37 to S39, S74 to S84)."""
