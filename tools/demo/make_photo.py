#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the photos of the demo record and of the tests: people who do not exist.

Everything is drawn here with plain shapes, so nobody's picture is in the project. Needs Pillow.
Run: make_photo.py woman photo.jpg
     make_photo.py man photo.jp2
"""
import sys

from PIL import Image, ImageChops, ImageDraw, ImageFilter

W, H = 240, 320
S = 4  # drawn larger, then scaled down: smooth edges


def curve(points, steps=24):
    """A closed smooth line through the points (Catmull-Rom)."""
    out = []
    n = len(points)
    for i in range(n):
        p0, p1, p2, p3 = (points[(i + k - 1) % n] for k in range(4))
        for s in range(steps):
            t = s / steps
            out.append(tuple(
                S * 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t
                           + (3 * b - a - 3 * c + d) * t ** 3)
                for a, b, c, d in zip(p0, p1, p2, p3)))
    return out


def mirrored(points):
    """The right half of an outline from top to bottom, completed to the left of x = 120."""
    return points + [(240 - x, y) for x, y in reversed(points) if x != 120]


def mask(points, blur=0.0):
    m = Image.new("L", (W * S, H * S), 0)
    ImageDraw.Draw(m).polygon(curve(points), fill=255)
    return m.filter(ImageFilter.GaussianBlur(blur * S)) if blur else m


def ellipse(cx, cy, rx, ry, blur=0.0):
    m = Image.new("L", (W * S, H * S), 0)
    ImageDraw.Draw(m).ellipse([S * (cx - rx), S * (cy - ry), S * (cx + rx), S * (cy + ry)], fill=255)
    return m.filter(ImageFilter.GaussianBlur(blur * S)) if blur else m


def line(points, width, blur=0.0):
    m = Image.new("L", (W * S, H * S), 0)
    d = ImageDraw.Draw(m)
    p = [(S * x, S * y) for x, y in points]
    d.line(p, fill=255, width=int(width * S), joint="curve")
    for x, y in (p[0], p[-1]):
        r = width * S / 2
        d.ellipse([x - r, y - r, x + r, y + r], fill=255)
    return m.filter(ImageFilter.GaussianBlur(blur * S)) if blur else m


def arc(x0, y0, x1, y1, bend, n=24):
    """A parabola from one end to the other, its middle moved down by `bend`."""
    return [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t + bend * 4 * t * (1 - t)) for t in (i / n for i in range(n + 1))]


def paint(image, where, colour, strength=1.0, inside=None):
    if inside is not None:
        where = ImageChops.multiply(where, inside)
    if strength < 1:
        where = where.point(lambda v: int(v * strength))
    image.paste(Image.new("RGB", image.size, colour), (0, 0), where)


def both(draw):
    """The same for the right and the left side of the face."""
    for side in (1, -1):
        draw(lambda x: 120 + side * x)


def background():
    image = Image.new("RGB", (W * S, H * S))
    d = ImageDraw.Draw(image)
    for y in range(H * S):
        t = y / (H * S)
        d.line([(0, y), (W * S, y)], fill=(int(226 - 16 * t), int(231 - 16 * t), int(236 - 14 * t)))
    paint(image, ellipse(120, 130, 110, 130, 45), (240, 243, 246), 0.8)
    return image


def shoulders(image):
    coat = mask(mirrored([(120, 236), (158, 246), (200, 262), (226, 284), (236, 340), (120, 345)]))
    paint(image, coat, (52, 66, 92))
    paint(image, line(arc(40, 284, 104, 246, -6), 14, 9), (84, 101, 132), 0.7, coat)
    paint(image, line(arc(136, 246, 200, 284, -6), 14, 9), (70, 86, 116), 0.6, coat)
    paint(image, mask([(120, 250), (146, 246), (132, 300), (120, 340), (108, 300), (94, 246)], 6), (34, 44, 64), 0.6, coat)
    both(lambda x: paint(image, line([(x(34), 254), (x(12), 320)], 1.6, 0.6), (30, 39, 58), 0.8, coat))


def scarf(image):
    """The headscarf behind and around the face, with folds."""
    cloth = mask(mirrored([(120, 36), (160, 46), (184, 84), (192, 134), (189, 186), (191, 228), (178, 260), (150, 276), (120, 282)]))
    paint(image, ImageChops.offset(cloth.filter(ImageFilter.GaussianBlur(8 * S)), 0, 5 * S), (120, 130, 140), 0.30)
    paint(image, cloth, (38, 112, 118))
    paint(image, ellipse(88, 66, 34, 28, 16), (92, 165, 168), 0.75, cloth)
    paint(image, ellipse(186, 150, 22, 80, 14), (20, 74, 82), 0.8, cloth)
    paint(image, ellipse(56, 170, 16, 70, 12), (26, 88, 95), 0.6, cloth)
    for x0, y0, x1, y1, bend, tone in (
            (62, 118, 78, 232, 10, 0), (54, 150, 66, 236, 6, 1), (178, 112, 164, 232, 8, 0), (187, 150, 176, 238, 4, 1),
            (84, 60, 66, 112, -10, 1), (150, 56, 174, 100, -10, 0)):
        colour = (22, 82, 89) if tone == 0 else (84, 154, 158)
        paint(image, line(arc(x0, y0, x1, y1, bend), 3.5, 2.2), colour, 0.55, cloth)


def face(image):
    inner = mask(mirrored([(120, 66), (152, 76), (168, 108), (169, 146), (160, 186), (142, 214), (120, 224)]), 0.4)
    paint(image, ImageChops.offset(inner.filter(ImageFilter.GaussianBlur(3 * S)), 0, S), (14, 58, 64), 0.75)
    paint(image, inner, (24, 84, 90))  # the inside of the scarf, and hair under its edge
    paint(image, ellipse(120, 92, 70, 48, 6), (44, 31, 27), 1.0, inner)
    skin = mask(mirrored([(120, 84), (146, 88), (163, 112), (166, 146), (158, 184), (141, 211), (120, 221)]), 0.5)
    skin = ImageChops.multiply(skin, inner)
    paint(image, skin, (231, 189, 160))
    paint(image, ellipse(104, 118, 44, 40, 22), (246, 212, 186), 0.85, skin)       # light from the upper left
    paint(image, ellipse(164, 160, 18, 70, 14), (197, 146, 118), 0.75, skin)        # shade on the right
    paint(image, ellipse(120, 222, 46, 16, 10), (196, 146, 120), 0.7, skin)         # under the chin line
    paint(image, ellipse(78, 162, 8, 44, 9), (208, 160, 132), 0.5, skin)
    paint(image, mask(mirrored([(120, 74), (148, 80), (166, 104), (160, 112), (140, 95), (120, 91)]), 3), (150, 104, 82), 0.5, skin)
    both(lambda x: paint(image, line(arc(x(17), 172, x(27), 190, 0), 1.6, 1.6), (206, 152, 126), 0.55, skin))
    both(lambda x: paint(image, ellipse(x(28), 168, 14, 10, 7), (226, 142, 124), 0.5, skin))
    # hair, parted in the middle
    both(lambda x: paint(image, mask([(x(0), 84), (x(20), 80), (x(42), 98), (x(47), 128), (x(41), 112), (x(24), 95), (x(0), 90)], 0.6),
                         (50, 35, 30), 1.0, inner))
    both(lambda x: paint(image, line(arc(x(6), 85, x(40), 105, -5), 1.2, 0.8), (104, 76, 62), 0.7, inner))
    return skin


def eyes(image, skin):
    def one(x):
        paint(image, ellipse(x(23), 141, 16, 10, 5), (205, 156, 130), 0.6, skin)
        white = mask([(x(10), 144), (x(16), 138.5), (x(24), 136.5), (x(31), 139.5), (x(36.5), 144), (x(30), 147.8), (x(22), 149), (x(15), 147.5)], 0.3)
        paint(image, white, (250, 247, 243))
        paint(image, ellipse(x(23), 142.5, 6.6, 6.8, 0.3), (84, 54, 34), 1, white)
        paint(image, ellipse(x(23), 144.5, 4.4, 3.8, 1.2), (140, 96, 60), 0.8, white)
        paint(image, ellipse(x(23), 142.5, 3.1, 3.2, 0.3), (22, 15, 12), 1, white)
        paint(image, line(arc(x(11), 140, x(36), 140, -3.5), 3, 1.6), (150, 125, 112), 0.5, white)
        paint(image, line([(x(9.5), 144.5), (x(15.5), 138.6), (x(23.5), 136.2), (x(31), 138.9), (x(38), 143.4)], 1.9, 0.5), (44, 28, 24))
        paint(image, line(arc(x(13), 133.5, x(36), 136.5, -3.5), 1.0, 0.7), (168, 118, 96), 0.8, skin)
        paint(image, line(arc(x(14), 149, x(34), 147.5, 2.2), 0.9, 0.6), (176, 124, 104), 0.8, skin)
        paint(image, mask([(x(8), 127.5), (x(18), 123), (x(30), 122.5), (x(42), 129), (x(30), 126), (x(18), 127)], 0.8), (58, 40, 34), 0.92, skin)
    both(one)
    for cx in (143, 97):
        paint(image, ellipse(cx - 2.2, 140.3, 1.5, 1.5, 0.3), (255, 255, 255))


def nose_and_mouth(image, skin):
    paint(image, line([(126, 140), (128, 156), (128.5, 166)], 5, 4), (206, 156, 128), 0.7, skin)
    paint(image, line([(118, 134), (117.5, 150), (118, 164)], 4, 3), (250, 222, 200), 0.8, skin)
    paint(image, ellipse(119, 168, 7, 5, 3), (244, 206, 182), 0.7, skin)
    paint(image, line(arc(110, 172, 130, 172, 5), 2.4, 1.4), (188, 132, 108), 0.75, skin)
    both(lambda x: paint(image, ellipse(x(5), 173.3, 2.4, 1.3, 0.7), (140, 88, 72), 0.85, skin))
    both(lambda x: paint(image, line(arc(x(10.5), 165, x(10), 173, 0), 1.2, 1.0), (196, 142, 118), 0.7, skin))
    paint(image, mask([(101, 187), (111, 185.8), (117, 184.8), (120, 186), (123, 184.8), (129, 185.8), (139, 187), (129, 190.6), (120, 191.6), (111, 190.6)], 0.5),
          (186, 92, 88), 0.95, skin)
    paint(image, mask([(101, 187), (111, 190.2), (120, 191.4), (129, 190.2), (139, 187), (131, 195), (120, 198.6), (109, 195)], 0.5), (206, 112, 106), 0.95, skin)
    paint(image, line(arc(100.5, 186.6, 139.5, 186.6, 4.6), 1.1, 0.5), (126, 58, 56), 0.9, skin)
    paint(image, ellipse(117, 194, 7, 1.6, 1.3), (236, 164, 156), 0.7, skin)
    paint(image, ellipse(120, 202, 12, 3, 2.5), (206, 156, 130), 0.6, skin)
    both(lambda x: paint(image, ellipse(x(21.5), 186, 2.2, 2.6, 1.3), (196, 142, 120), 0.7, skin))


def wrap(image):
    """The end of the scarf that crosses under the chin."""
    end = mask([(57, 196), (74, 214), (98, 229), (122, 233), (146, 227), (168, 212), (184, 196), (189, 226), (168, 258), (128, 274), (90, 266), (54, 232)])
    paint(image, ImageChops.offset(end.filter(ImageFilter.GaussianBlur(4 * S)), 0, -2 * S), (12, 52, 58), 0.5,
          mask(mirrored([(120, 190), (150, 190), (186, 190), (186, 240), (120, 240)])))
    paint(image, end, (42, 120, 126))
    paint(image, ellipse(98, 238, 26, 10, 8), (96, 168, 170), 0.7, end)
    paint(image, ellipse(168, 240, 20, 20, 9), (22, 78, 86), 0.75, end)
    for bend, y, colour in ((20, 216, (24, 86, 93)), (22, 228, (86, 158, 161)), (22, 238, (24, 86, 93)), (18, 250, (86, 158, 161))):
        paint(image, line(arc(70, y, 178, y - 4, bend), 2.6, 1.8), colour, 0.6, end)
    tail = mask([(110, 256), (132, 262), (150, 256), (160, 296), (162, 340), (118, 340), (112, 300)])
    paint(image, tail, (39, 114, 120))
    paint(image, line(arc(126, 268, 128, 330, 0), 4, 2.5), (84, 154, 158), 0.6, tail)
    paint(image, line(arc(144, 268, 150, 330, 0), 4, 2.5), (22, 80, 87), 0.7, tail)


def grain(image):
    """A little noise, as a camera has: without it a JPEG of flat shapes is unlike any photo."""
    state = 1
    noise = Image.new("L", (W, H))
    values = []
    for _ in range(W * H):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        values.append(128 + ((state >> 16) % 7) - 3)
    noise.putdata(values)
    noise = noise.filter(ImageFilter.GaussianBlur(0.6)).convert("RGB")
    return ImageChops.add(image, noise, 1, -128)


def man(image):
    """Short hair, a short beard, a shirt."""
    both(lambda x: paint(image, ellipse(x(54), 150, 8, 15, 0.6), (206, 158, 128)))
    neck = mask([(92, 190), (148, 190), (152, 262), (120, 280), (88, 262)], 0.4)
    paint(image, neck, (206, 160, 132))
    paint(image, ellipse(120, 216, 44, 18, 8), (164, 116, 92), 0.8, neck)
    jacket = mask(mirrored([(120, 262), (150, 246), (196, 262), (226, 286), (236, 340), (120, 345)]))
    paint(image, jacket, (70, 76, 84))
    paint(image, line(arc(30, 290, 96, 254, -6), 14, 9), (108, 114, 122), 0.6, jacket)
    paint(image, mask([(92, 246), (120, 268), (148, 246), (140, 300), (120, 345), (100, 300)], 0.4), (236, 238, 242))
    both(lambda x: paint(image, mask([(x(28), 244), (x(0), 268), (x(14), 286), (x(34), 256)], 0.4), (250, 251, 253)))
    both(lambda x: paint(image, line([(x(0), 268), (x(14), 286), (x(34), 256)], 1.0, 0.5), (176, 182, 192), 0.8))
    hair = mask(mirrored([(120, 58), (152, 64), (174, 92), (176, 136), (164, 150), (120, 150)]), 0.6)
    paint(image, hair, (40, 32, 30))
    paint(image, ellipse(100, 76, 34, 12, 8), (92, 78, 72), 0.7, hair)
    skin = mask(mirrored([(120, 92), (148, 96), (166, 116), (168, 150), (162, 188), (144, 216), (120, 224)]), 0.5)
    paint(image, skin, (222, 178, 148))
    paint(image, ellipse(104, 124, 44, 40, 22), (238, 202, 174), 0.85, skin)
    paint(image, ellipse(166, 160, 18, 70, 14), (184, 134, 106), 0.7, skin)
    beard = ImageChops.subtract(ellipse(120, 196, 56, 44, 5), ellipse(120, 158, 34, 32, 6))
    paint(image, beard, (74, 56, 48), 0.72, skin)
    return skin


def draw(who):
    image = background()
    if who == "man":
        skin = man(image)
    else:
        shoulders(image)
        scarf(image)
        skin = face(image)
    eyes(image, skin)
    nose_and_mouth(image, skin)
    if who != "man":
        wrap(image)
    return grain(image.resize((W, H), Image.LANCZOS))


def main():
    who, name = sys.argv[1:]
    if name.endswith(".jp2"):
        draw(who).save(name, irreversible=True, quality_mode="rates", quality_layers=[20])
    else:
        draw(who).save(name, quality=91, optimize=True)


main()
