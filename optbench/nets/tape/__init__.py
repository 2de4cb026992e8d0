"""A net as a tape of operations: records in `q`, what plans them, and what walks over them."""
