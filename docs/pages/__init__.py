"""The pages of the documentation that are written from the code: galleries and references.

``docs/conf.py`` has them written before Sphinx reads its sources. Whoever adds a rule, a problem,
a net, a command or a public name has added it here.
"""
