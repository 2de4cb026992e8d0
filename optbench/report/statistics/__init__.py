"""From stored cells to frames, intervals and tables."""
