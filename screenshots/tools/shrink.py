#!/usr/bin/python3
"""Writes a picture with as many colours as a terminal's screen needs.   usage: shrink.py IN OUT"""

import sys

from PIL import Image

picture = Image.open(sys.argv[1]).convert("RGBA")
picture.quantize(128, method=Image.Quantize.FASTOCTREE).save(sys.argv[2], optimize=True)
