"""From an author's functions of one lane to compiled functions of a block of lanes."""
