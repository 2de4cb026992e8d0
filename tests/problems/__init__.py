"""Tests of the problem catalog."""
