"""A module of an operator's that can't be read."""

raise RuntimeError("no key of the provider")
