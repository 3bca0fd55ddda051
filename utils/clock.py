"""The clock as a parameter.

A function whose work belongs to one moment takes that moment, `at`. One that runs for minutes or hours and reads the
time again and again takes a clock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

Clock = Callable[[], datetime]  # returns an aware time: django.utils.timezone.now, or a test's own
