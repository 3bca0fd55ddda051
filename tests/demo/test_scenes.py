"""Scenes can be looked at in any size, at any moment, and are never the same twice by accident."""

from __future__ import annotations

import numpy as np
import pytest

from deploy.demo import music
from deploy.demo.catalogue import TITLES
from deploy.demo.scenery import SCENES
from deploy.demo.scenery.canvas import finish

BY_SCENE = {title.scene: title for title in TITLES}


@pytest.mark.parametrize("name", sorted(SCENES))
@pytest.mark.parametrize("size", [(80, 120), (192, 108)])
def test_a_scene_fills_the_picture_and_moves(name, size):
    title = BY_SCENE[name]
    scene = SCENES[name](*size, title.look, title.seed)  # type: ignore[call-arg]

    first, later = scene.frame(1.0), scene.frame(9.0)

    for picture in (first, later):
        assert picture.shape == (size[1], size[0], 3)
        assert np.isfinite(picture).all()
    assert np.abs(first - later).mean() > 0.001
    assert finish(first, 1).std() > 8


def test_the_same_seed_paints_the_same_picture():
    title = BY_SCENE["sea"]
    one, two = (SCENES["sea"](96, 54, title.look, 5).frame(2.0) for _ in range(2))

    assert (one == two).all()


@pytest.mark.parametrize("name", sorted(music.MOODS))
def test_a_piece_of_music_is_heard_and_does_not_clip(name):
    sound = music.compose(3.0, music.MOODS[name], 7)

    assert sound.shape == (3 * music.RATE, 2)
    assert 0.1 < np.abs(sound).max() < 1
    assert np.abs(sound[:64]).max() < 0.01
    assert np.abs(sound[-64:]).max() < 0.01
