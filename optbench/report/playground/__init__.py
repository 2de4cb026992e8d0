"""The playground: momentum on a quadratic in the plane, in one file that needs no server."""
