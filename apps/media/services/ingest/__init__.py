"""How a file comes in: uploaded, hashed, added."""
