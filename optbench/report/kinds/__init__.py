"""Answers per kind of problem: families of problems pooled, so that no family counts twice."""
