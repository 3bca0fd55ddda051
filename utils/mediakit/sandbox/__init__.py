"""Runs programs on untrusted files, with limits on time, memory and output, without other files or the network."""

from utils.mediakit.sandbox.process import Limits, Stalled, Stopped, die_with_parent, run

__all__ = ["Limits", "Stalled", "Stopped", "die_with_parent", "run"]
