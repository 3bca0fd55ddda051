"""How what was encoded becomes what is watched."""
