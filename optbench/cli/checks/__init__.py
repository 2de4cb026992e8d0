"""What must hold for everything that is compared: from a name to a report.

`names` looks names up; `problems` and `optimizers` hold the checks, `running` runs them, and
`findings` are their results. The contract tests call the same checks.
"""
