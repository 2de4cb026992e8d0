"""Names that are markup, formulas or commands wherever they are not taken as data, and a pickle."""

import os

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "$x^2$ and $",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(A1)",
    "[red]markup[/red]",
    "\x1b[31mred\x1b[0m\x07",
    "a|b `c` *d* _e_ [f](javascript:g)",
    r"\input{/etc/passwd} 50% & #1 {~^}",
    "two\nlines\tand a tab",
    "right\u202eleft",
)


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)
