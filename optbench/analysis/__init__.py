"""From stored cells to tidy frames, intervals and tables. Raw results are never written to."""
