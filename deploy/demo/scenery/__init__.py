"""Everything that can be painted, by the name the catalogue uses."""

from __future__ import annotations

from typing import Protocol

from .canvas import Field
from .forest import Forest
from .growth import Growth, Julia, Life
from .night import City, Planet
from .patterns import Bauhaus, Sound, Terraces, Winds
from .ridges import Dunes, InkWash, MistyMountains, PaperCut
from .water import Koi, Lanterns, Sea


class Scene(Protocol):
    """A place that can be looked at: at `t` seconds, as a picture of its own size."""

    def __init__(self, width: int, height: int, look: dict[str, str], seed: int) -> None: ...

    def frame(self, t: float) -> Field: ...


SCENES: dict[str, type[Scene]] = {
    "bauhaus": Bauhaus,
    "city": City,
    "dunes": Dunes,
    "forest": Forest,
    "growth": Growth,
    "ink": InkWash,
    "julia": Julia,
    "koi": Koi,
    "lanterns": Lanterns,
    "life": Life,
    "mountains": MistyMountains,
    "paper": PaperCut,
    "planet": Planet,
    "sea": Sea,
    "sound": Sound,
    "terraces": Terraces,
    "winds": Winds,
}
