"""How a source becomes renditions."""
