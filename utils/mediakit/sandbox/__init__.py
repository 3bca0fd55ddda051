"""Programs that read foreign files run in here: bounded in time, memory and output, and shut off from all else."""

from utils.mediakit.sandbox.process import Limits, Stalled, Stopped, die_with_parent, run

__all__ = ["Limits", "Stalled", "Stopped", "die_with_parent", "run"]
