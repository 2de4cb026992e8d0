"""What must hold for everything that is compared: asked for by name, answered in a report.

`names` finds what a name means, `problems` holds the checks of problems, and `findings` what they
found. The contract tests call the same checks.
"""
