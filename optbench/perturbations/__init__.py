"""What makes any surface harder: maps of its coordinates, noise, delay, rounding, walls."""
