"""The pages, through Flask's client and in Chromium."""
