#!/usr/bin/env python3
"""Makes N x N overlapping images of a synthetic sky: stars and a spiral galaxy, each image rotated a
little and with a background of its own that tilts. The same arguments give the same bytes.

usage: make_tiles.py DIRECTORY [N] [PIXELS]
"""

import math
import os
import random
import struct
import sys

CENTRE_RA, CENTRE_DEC = 210.80, 54.35  # degrees
SCALE = 1.0 / 3600  # degrees per pixel
OVERLAP = 0.2
RADIANS = math.pi / 180


class Tile:
    """One image: where it looks, how it is turned, and what its background is."""

    def __init__(self, number, column, row, n, pixels):
        step = (1 - OVERLAP) * pixels * SCALE
        self.number = number
        self.pixels = pixels
        self.dec = CENTRE_DEC + (row - (n - 1) / 2) * step
        self.ra = CENTRE_RA - (column - (n - 1) / 2) * step / math.cos(CENTRE_DEC * RADIANS)
        self.rotation = (number - (n * n + 1) / 2) * 1.3
        self.base = 40 + ((number * 37) % 11) * 14
        self.slope = ((number * 5) % 7 - 3) * 0.05, ((number * 3) % 5 - 2) * 0.06

    def pixel(self, ra, dec):
        """The place of a sky position in the image (gnomonic projection)."""
        a, d, d0 = (ra - self.ra) * RADIANS, dec * RADIANS, self.dec * RADIANS
        c = math.sin(d0) * math.sin(d) + math.cos(d0) * math.cos(d) * math.cos(a)
        x = -math.cos(d) * math.sin(a) / c / RADIANS / SCALE
        y = (math.cos(d0) * math.sin(d) - math.sin(d0) * math.cos(d) * math.cos(a)) / c
        y = y / RADIANS / SCALE
        r = -self.rotation * RADIANS
        middle = self.pixels / 2 - 0.5
        return (
            x * math.cos(r) - y * math.sin(r) + middle,
            x * math.sin(r) + y * math.cos(r) + middle,
        )

    def background(self):
        noise = random.Random(self.number)
        gx, gy = self.slope
        return [
            [self.base + gx * i + gy * j + noise.gauss(0, 2.0) for i in range(self.pixels)]
            for j in range(self.pixels)
        ]

    def add_star(self, image, ra, dec, flux, width):
        x, y = self.pixel(ra, dec)
        for j in range(max(0, int(y) - 9), min(self.pixels, int(y) + 10)):
            for i in range(max(0, int(x) - 9), min(self.pixels, int(x) + 10)):
                distance = (i - x) ** 2 + (j - y) ** 2
                image[j][i] += flux * math.exp(-distance / (2 * width * width))

    def add_galaxy(self, image):
        x, y = self.pixel(CENTRE_RA + 0.01, CENTRE_DEC - 0.005)
        for j in range(self.pixels):
            for i in range(self.pixels):
                dx, dy = i - x, (j - y) * 1.5
                r = math.hypot(dx, dy)
                if r >= self.pixels * 0.5:
                    continue
                angle = math.atan2(dy, dx) - self.rotation * RADIANS
                arms = 0.45 + 0.55 * math.cos(2 * angle - 3.2 * math.log(r + 2)) ** 2
                image[j][i] += 420 * math.exp(-r / (self.pixels * 0.014))
                image[j][i] += 90 * math.exp(-r / (self.pixels * 0.13)) * arms

    def header(self):
        cards = [
            ("SIMPLE", True), ("BITPIX", -32), ("NAXIS", 2),
            ("NAXIS1", self.pixels), ("NAXIS2", self.pixels),
            ("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN"),
            ("CRVAL1", self.ra), ("CRVAL2", self.dec),
            ("CRPIX1", self.pixels / 2 + 0.5), ("CRPIX2", self.pixels / 2 + 0.5),
            ("CDELT1", -SCALE), ("CDELT2", SCALE),
            ("CROTA2", self.rotation), ("EQUINOX", 2000.0),
        ]  # fmt: skip
        return "".join(card(*pair) for pair in cards) + "END".ljust(80)


def card(key, value):
    if isinstance(value, str):
        text = f"'{value}'".ljust(20)
    elif isinstance(value, bool):
        text = ("T" if value else "F").rjust(20)
    elif isinstance(value, int):
        text = f"{value:>20d}"
    else:
        text = f"{value:>20.10f}"
    return f"{key:<8}= {text}".ljust(80)


def blocks(data, filler):
    """FITS files consist of blocks of 2880 bytes."""
    return data + filler * (-len(data) % 2880)


def sky(n, pixels):
    generator = random.Random(20240519)
    span = (n + 0.6) * (1 - OVERLAP) * pixels * SCALE
    for _ in range(45 * n * n):
        ra = CENTRE_RA + (generator.random() - 0.5) * span / math.cos(CENTRE_DEC * RADIANS)
        dec = CENTRE_DEC + (generator.random() - 0.5) * span
        flux = 10 ** (1.2 + 2.6 * generator.random() ** 3)
        yield ra, dec, flux, 1.3 + 0.5 * generator.random()


def main(directory, n=2, pixels=120):
    os.makedirs(directory, exist_ok=True)
    stars = list(sky(n, pixels))
    for index in range(n * n):
        tile = Tile(index + 1, index % n, index // n, n, pixels)
        image = tile.background()
        for star in stars:
            tile.add_star(image, *star)
        tile.add_galaxy(image)
        rows = b"".join(struct.pack(f">{pixels}f", *row) for row in image)
        with open(os.path.join(directory, f"tile{tile.number:02d}.fits"), "wb") as file:
            file.write(blocks(tile.header().encode(), b" ") + blocks(rows, b"\0"))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:4]))
