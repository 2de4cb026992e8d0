"""The door: one file a command."""
