"""The life of a block of lanes, the same on every target."""
