#!/usr/bin/env python3
"""Writes the hold music: a calm loop of 25.6 s, composed here and free of anybody's rights. Mono, 8 kHz, 16 bit.

Four chords of a pentatonic song, plucked strings (Karplus-Strong) over a soft pad, kept below 3.4 kHz. The end runs into the
beginning, so that it can repeat without a seam. Needs nothing but Python.
"""

import math
import random
import struct
import sys
import wave

RATE = 8_000
BEAT = 0.8
BARS = 8
LENGTH = int(BARS * 4 * BEAT * RATE)

# Bass, pad and melody of each bar, in semitones above A3 (a telephone carries little below 300 Hz); None rests.
SONG = [
    (0, (12, 19, 24), (24, None, 28, 31)),
    (-5, (7, 14, 19), (33, 31, None, 28)),
    (5, (9, 17, 21), (24, None, 26, 28)),
    (0, (12, 16, 19), (31, None, None, None)),
    (9, (9, 16, 21), (33, None, 36, 33)),
    (5, (9, 14, 17), (31, 28, None, 26)),
    (7, (11, 14, 19), (26, None, 28, 31)),
    (0, (12, 16, 24), (24, None, None, None)),
]


def hertz(semitones):
    return 220.0 * 2 ** (semitones / 12)


def pluck(out, start, semitones, seconds, level, rng):
    """A string: noise in a delay line that loses its edge at each turn."""
    line = [rng.uniform(-1, 1) for _ in range(max(2, round(RATE / hertz(semitones))))]
    mean = sum(line) / len(line)
    line = [(a + b) / 2 - mean for a, b in zip(line, line[1:] + line[:1])]
    for n in range(int(seconds * RATE)):
        at = n % len(line)
        sample = line[at]
        line[at] = 0.4992 * (sample + line[(at + 1) % len(line)])
        attack = min(1.0, n / 40)
        out[(start + n) % LENGTH] += level * attack * sample


def pad(out, start, semitones, seconds, level):
    """A soft tone that swells and fades over the bar."""
    length = int(seconds * RATE)
    step = math.tau * hertz(semitones) / RATE
    for n in range(length):
        swell = math.sin(math.pi * n / length) ** 2
        tone = math.sin(step * n) + 0.2 * math.sin(2 * step * n)
        out[(start + n) % LENGTH] += level * swell * tone


def main(path):
    rng = random.Random(12345)
    out = [0.0] * LENGTH
    for bar, (bass, chord, melody) in enumerate(SONG):
        start = int(bar * 4 * BEAT * RATE)
        pluck(out, start, bass, 4 * BEAT, 0.5, rng)
        pluck(out, start + int(2 * BEAT * RATE), bass + 7, 2 * BEAT, 0.3, rng)
        for note in chord:
            pad(out, start - int(0.4 * RATE), note, 4 * BEAT + 0.8, 0.08)
        for beat, note in enumerate(melody):
            if note is not None:
                pluck(out, start + int(beat * BEAT * RATE), note - 12, 2.4, 0.55, rng)
    rms = math.sqrt(sum(sample * sample for sample in out) / LENGTH)
    # -23 dB below full scale, as the script brings speech to: music lies a little under it.
    gain = 32_768 * 10 ** (-23 / 20) / rms
    samples = [max(-32_768, min(32_767, round(sample * gain))) for sample in out]
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(struct.pack(f"<{LENGTH}h", *samples))


if __name__ == "__main__":
    main(sys.argv[1])
