#!/usr/bin/env python3
"""Renders what `tmux capture-pane -e -p` printed as a picture: SVG, with every cell on a grid.

usage: render.py COLUMNS ROWS TITLE [dark|light] < capture > picture.svg

Lines and blocks are drawn as shapes, so that they join whatever the font does.
"""

import itertools
import re
import sys
import unicodedata
from html import escape

CELL_WIDTH, CELL_HEIGHT, FONT_SIZE, BASELINE = 8.4, 18.0, 14.0, 13.5
MARGIN, BAR = 14.0, 30.0
PALETTE = [
    "#2b303b", "#e5606c", "#8fbf6f", "#e2b86b", "#6aa5e8", "#c58ae0", "#56b6c2", "#c8ccd4",
    "#6b7280", "#ff7a85", "#a6d885", "#f2cd85", "#8abbf5", "#d9a5f0", "#74d7e4", "#ffffff",
]  # fmt: skip
# Background, text, frame and title of the terminal.
LOOKS = {
    "dark": ("#16181d", "#d5d8de", "#2a2e37", "#9aa1ad"),
    "light": ("#fbfbf9", "#2b2f36", "#e4e4e0", "#6b7078"),
}
LOOK = LOOKS[sys.argv[4] if len(sys.argv) > 4 else "dark"]
BACKGROUND, FOREGROUND, FRAME, TITLE = LOOK

# Lines of box characters by up, down, left, right: none, light, heavy. Dashes are apart.
BOXES = dict(zip(
    " ╶╺╴─╼╸╾━╷╭┍╮┬┮┑┭┯╻┎┏┒┰┲┓┱┳╵╰┕╯┴┶┙┵┷│├┝┤┼┾┥┽┿╽┟┢┧╁╆┪╅╈╹┖┗┚┸┺┛┹┻╿┞┡┦╀╄┩╃╇┃┠┣┨╂╊┫╉╋",
    [dict(zip("udlr", arms)) for arms in itertools.product((0, 1, 2), repeat=4)],
))  # fmt: skip
del BOXES[" "]
BOXES |= {"┌": BOXES["╭"], "┐": BOXES["╮"], "└": BOXES["╰"], "┘": BOXES["╯"]}
BOXES |= {"╌": BOXES["─"], "╎": BOXES["│"], "┋": BOXES["┃"]}
DASHES = {"╌": "2.4 1.8", "╎": "3.6 2.4", "┋": "2.6 1.9"}
DIAGONALS = {"╱": "M0 1L1 0", "╲": "M0 0L1 1"}
# Blocks as left, top, width, height of a cell, and how opaque they are.
BLOCKS = {"█": (0, 0, 1, 1, 1), "▐": (0.5, 0, 0.5, 1, 1)}
BLOCKS |= {"▀": (0, 0, 1, 0.5, 1), "▘": (0, 0, 0.5, 0.5, 1), "▝": (0.5, 0, 0.5, 0.5, 1)}
BLOCKS |= {"▕": (7 / 8, 0, 1 / 8, 1, 1)}
BLOCKS |= {character: (0, 0, n / 8, 1, 1) for n, character in enumerate("▏▎▍▌▋▊▉", 1)}
BLOCKS |= {"░": (0, 0, 1, 1, 0.22), "▒": (0, 0, 1, 1, 0.5), "▓": (0, 0, 1, 1, 0.75)}
BLOCKS |= {character: (0, 1 - n / 8, 1, n / 8, 1) for n, character in enumerate("▁▂▃▄▅▆▇", 1)}


def colour(number):
    if number < 16:
        return PALETTE[number]
    if number >= 232:
        level = 8 + 10 * (number - 232)
        return f"#{level:02x}{level:02x}{level:02x}"
    steps = [0, 95, 135, 175, 215, 255]
    index = number - 16
    return "#{:02x}{:02x}{:02x}".format(
        steps[index // 36], steps[index // 6 % 6], steps[index % 6]
    )


class Style:
    def __init__(self):
        self.reset()

    def reset(self):
        self.fg = self.bg = None
        self.bold = self.dim = self.italic = self.underline = self.reverse = False

    def apply(self, codes):
        codes = [int(code or 0) for code in codes.split(";")]
        while codes:
            code = codes.pop(0)
            if code == 0:
                self.reset()
            elif code in (38, 48):
                value = self.extended(codes)
                setattr(self, "fg" if code == 38 else "bg", value)
            elif 30 <= code <= 37:
                self.fg = PALETTE[code - 30]
            elif 90 <= code <= 97:
                self.fg = PALETTE[code - 82]
            elif 40 <= code <= 47:
                self.bg = PALETTE[code - 40]
            elif 100 <= code <= 107:
                self.bg = PALETTE[code - 92]
            elif code == 39:
                self.fg = None
            elif code == 49:
                self.bg = None
            else:
                self.attribute(code)

    @staticmethod
    def extended(codes):
        if codes.pop(0) == 5:
            return colour(codes.pop(0))
        red, green, blue = codes.pop(0), codes.pop(0), codes.pop(0)
        return f"#{red:02x}{green:02x}{blue:02x}"

    def attribute(self, code):
        names = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse"}
        if code in names:
            setattr(self, names[code], True)
        elif code == 22:
            self.bold = self.dim = False
        elif code in (23, 24, 27):
            setattr(self, names[code - 20], False)

    def colours(self):
        fg, bg = self.fg or FOREGROUND, self.bg or BACKGROUND
        return (bg, fg) if self.reverse else (fg, bg)


def width(character):
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Rect:
    def __init__(self, x, y, wide, high, fill, opacity):
        self.x, self.y, self.wide, self.high = x, y, wide, high
        self.look = fill, opacity

    def join(self, x, y, wide, high, fill, opacity):
        fits = abs(self.x + self.wide - x) < 0.01 and (self.y, self.high) == (y, high)
        if fits and self.look == (fill, opacity):
            self.wide += wide
            return True
        return False

    def __str__(self):
        return (
            f'<rect x="{self.x:.2f}" y="{self.y:.2f}" width="{self.wide:.2f}" '
            f'height="{self.high + 0.2:.2f}" fill="{self.look[0]}" fill-opacity="{self.look[1]}"/>'
        )


class Picture:
    def __init__(self, columns, rows, title):
        self.width = columns * CELL_WIDTH + 2 * MARGIN
        self.height = rows * CELL_HEIGHT + 2 * MARGIN + BAR
        self.under, self.over = [], []
        self.title = title

    def cell(self, column, row, character, style):
        x, y = MARGIN + column * CELL_WIDTH, BAR + MARGIN + row * CELL_HEIGHT
        fg, bg = style.colours()
        cells = width(character)
        opacity = 0.6 if style.dim else 1
        if bg != BACKGROUND:
            self.rect(self.under, x, y, cells * CELL_WIDTH, CELL_HEIGHT, bg, 1)
        if character in BLOCKS:
            left, top, wide, high, strength = BLOCKS[character]
            self.rect(
                self.over, x + left * CELL_WIDTH, y + top * CELL_HEIGHT, wide * CELL_WIDTH,
                high * CELL_HEIGHT, fg, strength * opacity,
            )  # fmt: skip
        elif character in BOXES:
            self.lines(x, y, character, fg, opacity)
        elif character in DIAGONALS:
            self.diagonal(x, y, character, fg, opacity)
        elif not character.isspace():
            self.text(x, y, character, style, fg, opacity)

    def rect(self, layer, x, y, wide, high, fill, opacity):
        """Neighbours of one look become one shape: seams would show."""
        if layer and isinstance(layer[-1], Rect) and layer[-1].join(x, y, wide, high, fill, opacity):
            return
        layer.append(Rect(x, y, wide, high, fill, opacity))

    def lines(self, x, y, character, fg, opacity):
        cx, cy = x + CELL_WIDTH / 2, y + CELL_HEIGHT / 2
        ends = {
            "u": (cx, y), "d": (cx, y + CELL_HEIGHT), "l": (x, cy), "r": (x + CELL_WIDTH, cy),
        }  # fmt: skip
        if character in "╭╮╰╯":
            self.corner(cx, cy, [ends[arm] for arm in "udlr" if BOXES[character][arm]], fg, opacity)
            return
        for arm, weight in BOXES[character].items():
            px, py = ends[arm]
            path = f"M{cx:.2f} {cy:.2f}L{px:.2f} {py:.2f}"
            self.path(path, fg, opacity, 2.2 if weight == 2 else 1.1, DASHES.get(character), weight)

    def corner(self, cx, cy, ends, fg, opacity):
        (ax, ay), (bx, by) = ends
        radius = 3.5
        sx, sy = (1 if bx > cx else -1), (1 if ay > cy else -1)
        path = (
            f"M{ax:.2f} {ay:.2f}L{cx:.2f} {cy + sy * radius:.2f}"
            f"Q{cx:.2f} {cy:.2f} {cx + sx * radius:.2f} {cy:.2f}L{bx:.2f} {by:.2f}"
        )
        self.path(path, fg, opacity, 1.1)

    def diagonal(self, x, y, character, fg, opacity):
        (ax, ay), (bx, by) = [
            map(float, end.split()) for end in DIAGONALS[character][1:].split("L")
        ]
        path = (
            f"M{x + ax * CELL_WIDTH:.2f} {y + ay * CELL_HEIGHT:.2f}"
            f"L{x + bx * CELL_WIDTH:.2f} {y + by * CELL_HEIGHT:.2f}"
        )
        self.path(path, fg, opacity, 1.1)

    def path(self, path, fg, opacity, stroke, dashes=None, weight=1):
        if not weight:
            return
        cap = f'stroke-dasharray="{dashes}"' if dashes else 'stroke-linecap="square"'
        self.over.append(
            f'<path d="{path}" stroke="{fg}" stroke-opacity="{opacity}" stroke-width="{stroke}" '
            f'{cap} fill="none"/>'
        )

    def text(self, x, y, character, style, fg, opacity):
        extra = ' font-weight="bold"' if style.bold else ""
        extra += ' font-style="italic"' if style.italic else ""
        extra += ' text-decoration="underline"' if style.underline else ""
        self.over.append(
            f'<text x="{x:.2f}" y="{y + BASELINE:.2f}" fill="{fg}" fill-opacity="{opacity}"{extra}>'
            f"{escape(character)}</text>"
        )

    def svg(self):
        lights = "".join(
            f'<circle cx="{MARGIN + 4 + 17 * n}" cy="{BAR / 2 + 1}" r="5" fill="{fill}"/>'
            for n, fill in enumerate(["#e5606c", "#e2b86b", "#8fbf6f"])
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:.0f}" '
            f'height="{self.height:.0f}" font-family="DejaVu Sans Mono" font-size="{FONT_SIZE}">'
            f'<rect width="100%" height="100%" rx="9" fill="{BACKGROUND}"/>'
            f'<path d="M0 9a9 9 0 0 1 9-9h{self.width - 18:.0f}a9 9 0 0 1 9 9v{BAR - 9:.0f}'
            f'H0z" fill="{FRAME}"/>{lights}'
            f'<text x="50%" y="{BAR / 2 + 5.5}" text-anchor="middle" fill="{TITLE}" '
            f'font-size="12.5">{escape(self.title)}</text>'
            + "".join(map(str, self.under + self.over)) + "</svg>\n"
        )  # fmt: skip


def main(columns, rows, title):
    picture = Picture(columns, rows, title)
    style = Style()
    for row, line in enumerate(sys.stdin.read().split("\n")[:rows]):
        column = 0
        for part in re.split(r"(\x1b\[[0-9;]*m)", line):
            if part.startswith("\x1b["):
                style.apply(part[2:-1])
                continue
            for character in part:
                if column < columns and width(character):
                    picture.cell(column, row, character, style)
                column += width(character)
    sys.stdout.write(picture.svg())


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
