#!/usr/bin/python3
"""Makes an animated picture of the frames of a film.

usage: animate.py COLUMNS ROWS DIRECTORY PICTURE.gif

A frame is a file: its time in seconds, its title, and what `tmux capture-pane -e` printed.
"""

import collections
import io
import pathlib
import subprocess
import sys

from PIL import Image

RENDER = pathlib.Path(__file__).with_name("render.py")
SHORTEST, LONGEST, LAST = 80, 1100, 2500  # milliseconds a frame shows
ZOOM = "1.0"
COLORS, ALIKE = 112, 24


def picture(columns, rows, title, capture):
    svg = subprocess.run(
        [sys.executable, RENDER, columns, rows, title], input=capture, capture_output=True,
        check=True, text=True,
    ).stdout  # fmt: skip
    png = subprocess.run(
        ["rsvg-convert", "--zoom", ZOOM], input=svg.encode(), capture_output=True, check=True
    ).stdout
    return Image.open(io.BytesIO(png)).convert("RGB")


def shared_colors(pictures):
    """One palette for all: what there is most of, and of what looks alike only one."""
    counts = collections.Counter()
    for one in pictures:
        counts.update({color: count for count, color in one.getcolors(1 << 24)})
    chosen = []
    for color, _ in counts.most_common():
        if all(sum(abs(a - b) for a, b in zip(color, other)) > ALIKE for other in chosen):
            chosen.append(color)
    return chosen[:COLORS]


def main(columns, rows, directory, target):
    times, pictures = [], []
    for path in sorted(pathlib.Path(directory).glob("*.frame")):
        time, title, capture = path.read_text().split("\n", 2)
        time = round(float(time) * 1000)
        if times and time - times[-1] < SHORTEST:
            pictures.pop()
        else:
            times.append(time)
        pictures.append(picture(columns, rows, title, capture))
    ends = zip(times, times[1:])
    durations = [min(LONGEST, end - start) for start, end in ends] + [LAST]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for color in shared_colors(pictures) for part in color])
    frames = [one.quantize(palette=palette, dither=Image.Dither.NONE) for one in pictures]
    frames[0].save(
        target, save_all=True, append_images=frames[1:], duration=durations, loop=0,
        optimize=False, disposal=1,
    )  # fmt: skip
    print(f"{len(frames)} frames, {sum(durations) / 1000:.1f} s")


if __name__ == "__main__":
    main(*sys.argv[1:])
