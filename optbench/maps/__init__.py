"""Maps: every pixel is a lane, coloured by how it ended."""
