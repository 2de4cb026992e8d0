"""The driver with a thread a lane, or a block of threads a net."""
