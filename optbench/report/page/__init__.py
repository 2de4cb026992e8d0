"""The page of a run: one HTML file with its tables, its data, and figures drawn in the browser."""
