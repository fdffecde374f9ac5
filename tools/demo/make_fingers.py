#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes finger templates of fingers that do not exist.

Minutiae are scattered over a fingertip without coming close to each other; each points along the ridges of a
loop, so that a matcher or a person who plots them sees something like a finger.
Run: make_fingers.py iso|incits POSITION COUNT SEED FILE      (POSITION 1 right thumb .. 10 left little)
"""
import math
import random
import struct
import sys

WIDTH, HEIGHT, RESOLUTION = 320, 400, 197  # pixels, pixels, pixels per cm (500 dpi)


def ridge_angle(x, y, lean):
    """Direction of the ridges in degrees, 0..180: arches below, a loop around a core above the middle."""
    dx, dy = x - WIDTH / 2 - lean * 12, y - HEIGHT * 0.42
    core = math.atan2(-dy, dx) / 2
    delta = math.atan2(-(dy - 120), dx + lean * 90) / 2
    return math.degrees(core - delta) + 90


def minutiae(count, seed):
    rnd = random.Random(seed)
    lean = rnd.choice((-1, 1))
    points = []
    while len(points) < count:
        x, y = rnd.randrange(30, WIDTH - 30), rnd.randrange(30, HEIGHT - 30)
        inside = ((x - WIDTH / 2) / 130) ** 2 + ((y - HEIGHT / 2) / 170) ** 2 < 1
        if inside and all(math.hypot(x - a[1], y - a[2]) > 18 for a in points):
            kind = 1 if rnd.random() < 0.6 else 2  # ending, bifurcation
            angle = (ridge_angle(x, y, lean) + rnd.gauss(0, 6) + 180 * rnd.randrange(2)) % 360
            points.append((kind, x, y, angle, rnd.randrange(55, 96)))
    return sorted(points, key=lambda p: (p[2], p[1]))


def main():
    form, position, count, seed, name = sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5]
    unit = 2 if form == "incits" else 360 / 256
    units = 180 if form == "incits" else 256
    points = minutiae(count, seed)
    view = struct.pack(">BBBB", position, 0x00, 80, count)
    for kind, x, y, angle, quality in points:
        view += struct.pack(">HHBB", kind << 14 | x, y, round(angle / unit) % units, quality)
    view += struct.pack(">H", 0)
    image = struct.pack(">HHHHBB", WIDTH, HEIGHT, RESOLUTION, RESOLUTION, 1, 0)
    if form == "incits":
        head = b"FMR\0 20\0" + struct.pack(">HHHH", 26 + len(view), 0x0000, 0x0000, 0x0000)
    else:
        head = b"FMR\0 20\0" + struct.pack(">IH", 24 + len(view), 0x0000)
    with open(name, "wb") as out:
        out.write(head + image + view)


main()
