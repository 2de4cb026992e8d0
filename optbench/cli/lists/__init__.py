"""``optbench list``: what there is, a file a kind; filters and tables that they share."""
