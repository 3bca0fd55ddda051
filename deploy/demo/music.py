"""A small synthesiser: pads, plucked strings, bells, wind and a room, as stereo sound."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 44_100  # samples a second
Sound = NDArray[np.floating[Any]]

PENTATONIC_MINOR = (0, 3, 5, 7, 10)
PENTATONIC_MAJOR = (0, 2, 4, 7, 9)


@dataclass(frozen=True)
class Mood:
    """How a title sounds: key note in Hz, scale, pace, and how loud each voice is (0 … 1)."""

    root: float = 110.0
    minor: bool = True
    beat: float = 0.6  # seconds
    pad: float = 0.8
    pluck: float = 0.6
    bell: float = 0.0
    wind: float = 0.15
    pulse: float = 0.0


MOODS = {
    "deep": Mood(root=98.0, beat=0.75, bell=0.35, wind=0.35),
    "cold": Mood(root=110.0, beat=0.9, pluck=0.35, bell=0.6, wind=0.3),
    "warm": Mood(root=130.8, minor=False, beat=0.55, pluck=0.8),
    "neon": Mood(root=87.3, beat=0.32, pluck=0.35, bell=0.25, pulse=0.7, wind=0.3),
    "guqin": Mood(root=98.0, minor=False, beat=0.8, pad=0.35, pluck=1.0, wind=0.2),
    "play": Mood(root=146.8, minor=False, beat=0.34, pad=0.4, pluck=0.9, bell=0.4, wind=0.0, pulse=0.35),
    "vast": Mood(root=65.4, beat=1.1, pad=1.0, pluck=0.25, bell=0.5, wind=0.25),
    "study": Mood(root=123.5, minor=False, beat=0.45, pad=0.45, pluck=0.6, bell=0.25, wind=0.0, pulse=0.25),
}


def string(pitch: float, seconds: float, rng: np.random.Generator, *, damp: float = 0.997) -> Sound:
    """A plucked string (Karplus and Strong), a whole period at a time."""
    period = max(2, round(RATE / pitch))
    line: Sound = rng.uniform(-1, 1, period).astype(np.float32)
    line = (line + np.roll(line, 1) + np.roll(line, 2)) / 3
    count = int(seconds * RATE / period) + 1
    out = np.empty((count, period), np.float32)
    for index in range(count):
        out[index] = line
        line = damp * 0.5 * (line + np.roll(line, 1))
    sound = out.ravel()[: int(seconds * RATE)]
    fade = min(2000, len(sound))
    sound[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return sound


def bell(pitch: float, seconds: float) -> Sound:
    t = np.arange(int(seconds * RATE), dtype=np.float32) / RATE
    partials = ((1.0, 1.0, 1.3), (2.76, 0.45, 2.6), (5.4, 0.2, 4.5), (0.5, 0.3, 0.9))
    tone = sum(level * np.exp(-t * fall) * np.sin(2 * np.pi * pitch * ratio * t) for ratio, level, fall in partials)
    return (tone * np.minimum(1, t * 200)).astype(np.float32)


def pad(pitches: list[float], seconds: float) -> Sound:
    """A slow chord of detuned voices, darker as it fades."""
    t = np.arange(int(seconds * RATE), dtype=np.float32) / RATE
    total = np.zeros_like(t)
    for pitch in pitches:
        for detune in (0.997, 1.0, 1.0035):
            phase = 2 * np.pi * pitch * detune * t
            total += np.sin(phase) + 0.32 * np.sin(2 * phase + 0.3) + 0.12 * np.sin(3 * phase)
    swell = np.sin(np.pi * np.clip(t / seconds, 0, 1)) ** 0.7
    return (total * swell / (4 * len(pitches))).astype(np.float32)


def room(sound: Sound, rng: np.random.Generator, *, seconds: float = 2.2) -> Sound:
    """The sound in a hall: convolved with a tail of fading noise, one for each ear."""
    length = int(seconds * RATE)
    fall = np.exp(-np.arange(length, dtype=np.float32) / RATE * 2.8)
    size = 1 << (len(sound) + length - 1).bit_length()
    wet = np.empty_like(sound)
    for ear in range(2):
        tail: Sound = rng.standard_normal(length).astype(np.float32) * fall
        tail = np.convolve(tail, np.ones(12, np.float32) / 12, "same")
        tail /= np.sqrt((tail**2).sum())
        spectrum = np.fft.rfft(sound[:, ear], size) * np.fft.rfft(tail, size)
        wet[:, ear] = np.fft.irfft(spectrum, size)[: len(sound)]
    return sound * 0.8 + wet * 0.55


def compose(seconds: float, mood: Mood, seed: int) -> Sound:
    """A piece of its own for each seed, (samples, 2) in −1 … 1, fading in and out."""
    rng = np.random.default_rng(seed)
    total = np.zeros((int(seconds * RATE), 2), np.float32)
    scale = PENTATONIC_MINOR if mood.minor else PENTATONIC_MAJOR
    chords = ((0, 2, 3), (3, 5, 7), (1, 3, 5), (2, 4, 6))

    def pitch(degree: int, octave: int = 0) -> float:
        return float(mood.root * 2 ** (octave + degree // 5 + scale[degree % 5] / 12))

    def place(sound: Sound, at: float, level: float, side: float) -> None:
        start = int(at * RATE)
        sound = sound[: max(0, len(total) - start)] * level
        total[start : start + len(sound), 0] += sound * (1 - 0.6 * max(0.0, side))
        total[start : start + len(sound), 1] += sound * (1 + 0.6 * min(0.0, side))

    bar = mood.beat * 8
    for index in range(int(seconds / bar) + 1):
        chord = chords[int(rng.integers(0, 4)) if index else 0]
        place(pad([pitch(degree) for degree in chord], bar * 1.45), index * bar, 0.5 * mood.pad, 0.0)
        place(pad([pitch(chord[0], -1)], bar * 1.3), index * bar, 0.4 * mood.pad, 0.0)
        degree = chord[1] + 3
        for beat in range(8):
            at = index * bar + beat * mood.beat
            if rng.random() < (0.85 if beat % 2 == 0 else 0.4):
                degree = int(np.clip(degree + rng.integers(-2, 3), 0, 11))
                voice = string(pitch(degree, 1), 2.6, rng)
                place(voice, at + rng.random() * 0.02, 0.42 * mood.pluck, rng.uniform(-0.7, 0.7))
            if rng.random() < 0.22:
                place(bell(pitch(int(rng.integers(3, 10)), 2), 2.5), at, 0.14 * mood.bell, rng.uniform(-0.9, 0.9))
            if mood.pulse:
                t = np.arange(int(0.22 * RATE), dtype=np.float32) / RATE
                kick = np.sin(2 * np.pi * (48 * t + 9 * (1 - np.exp(-t * 30)))) * np.exp(-t * 16)
                place(kick, at, 0.5 * mood.pulse * (1.0 if beat % 2 == 0 else 0.45), 0.0)
    if mood.wind:
        t = np.arange(len(total), dtype=np.float32) / RATE
        for ear in range(2):
            hiss = np.convolve(rng.standard_normal(len(total)).astype(np.float32), np.ones(48, np.float32) / 48, "same")
            total[:, ear] += hiss * mood.wind * (0.5 + 0.4 * np.sin(t * 0.45 + ear * 1.1))
    total = room(total, rng)
    fade = min(len(total) // 3, int(1.2 * RATE))
    slope = np.linspace(0, 1, fade, dtype=np.float32)[:, None]
    total[:fade] *= slope
    total[-fade:] *= slope[::-1]
    sound: Sound = np.tanh(total / (np.abs(total).max() + 1e-6) * 1.1) * 0.82
    return sound


def write(path: Path, sound: Sound) -> None:
    """Store as 16-bit WAV."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
