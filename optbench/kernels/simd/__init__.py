"""`Vec` and `Rows`: types of many lanes that Numba compiles to vector registers."""
