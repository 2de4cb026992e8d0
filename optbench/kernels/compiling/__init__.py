"""From Python functions to machine code: options, the cache and its key, messages."""
