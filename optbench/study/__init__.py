"""What to run, running it, keeping it."""
