#!/usr/bin/env python3
"""Writes the workflow.json of a mosaic for the tiles and tables that `prepare` has made.

usage: make_workflow.py DIRECTORY
"""

import glob
import json
import os
import sys


class Workflow:
    def __init__(self):
        self.processes = []
        self.produced = set()
        self.files = []

    def job(self, name, arguments, ins, outs, program=None):
        self.processes.append(
            {
                "name": name,
                "type": "dataflow",
                "function": "command",
                "firingLimit": 1,
                "config": {"executor": {"executable": program or name, "args": arguments}},
                "ins": ins,
                "outs": outs,
            }
        )
        self.produced.update(outs)
        self.files += [file for file in ins + outs if file not in self.files]

    def json(self):
        given = [file for file in self.files if file not in self.produced]
        signals = [
            {"name": file, "data": [{}], "workflow_input": True} if file in given else {"name": file}
            for file in self.files
        ]
        return {
            "name": "Montage",
            "processes": self.processes,
            "signals": signals,
            "ins": given,
            "outs": ["mosaic.png"],
        }


def area(image):
    """The image of weights that Montage writes and reads beside an image."""
    return image.replace(".fits", "_area.fits")


def overlaps(table):
    """The pairs of image numbers that mOverlaps found."""
    with open(table) as lines:
        for line in lines:
            words = line.split()
            if len(words) == 3 and words[0].isdigit():
                yield int(words[0]), int(words[1]), words[2]


def main(directory):
    tiles = sorted(os.path.basename(path) for path in glob.glob(f"{directory}/tile*.fits"))
    workflow = Workflow()
    for tile in tiles:
        workflow.job("mProject", ["-X", tile, f"p{tile}", "big_region.hdr"],
                     ["big_region.hdr", tile], [f"p{tile}", area(f"p{tile}")])  # fmt: skip
    projected = [f"p{tile}" for tile in tiles]
    workflow.job("mImgtbl", ["-t", "plist.tbl", ".", "pimages.tbl"],
                 ["plist.tbl"] + projected, ["pimages.tbl"])  # fmt: skip
    fits = []
    for first, second, fit in overlaps(f"{directory}/statfile.tbl"):
        pair = [projected[first], projected[second]]
        difference = f"diff.{first:06d}.{second:06d}.fits"
        workflow.job("mDiffFit", ["-d", "-s", fit, *pair, difference, "big_region.hdr"],
                     ["big_region.hdr"] + pair + [area(image) for image in pair], [fit], "./bin/mDiffFit")  # fmt: skip
        fits.append(fit)
    workflow.job("mConcatFit", ["statfile.tbl", "fits.tbl", "."],
                 ["statfile.tbl"] + fits, ["fits.tbl"], "./bin/mConcatFit")  # fmt: skip
    workflow.job("mBgModel", ["-i", "100000", "pimages.tbl", "fits.tbl", "corrections.tbl"],
                 ["pimages.tbl", "fits.tbl"], ["corrections.tbl"])  # fmt: skip
    corrected = [f"c{tile}" for tile in tiles]
    for before, after in zip(projected, corrected):
        workflow.job("mBackground", ["-t", before, after, "pimages.tbl", "corrections.tbl"],
                     [before, area(before), "pimages.tbl", "corrections.tbl"],
                     [after, area(after)])  # fmt: skip
    workflow.job("mImgtbl", ["-t", "clist.tbl", ".", "cimages.tbl"],
                 ["clist.tbl"] + corrected, ["cimages.tbl"])  # fmt: skip
    workflow.job("mAdd", ["-e", "cimages.tbl", "region.hdr", "mosaic.fits"],
                 ["cimages.tbl", "region.hdr"] + corrected + [area(image) for image in corrected],
                 ["mosaic.fits"])  # fmt: skip
    workflow.job("mShrink", ["mosaic.fits", "mosaic_small.fits", "1"],
                 ["mosaic.fits"], ["mosaic_small.fits"])  # fmt: skip
    workflow.job("mViewer",
                 ["-ct", "0", "-gray", "mosaic_small.fits", "-1s", "max", "gaussian-log",
                  "-out", "mosaic.png"],
                 ["mosaic_small.fits"], ["mosaic.png"])  # fmt: skip
    with open(f"{directory}/workflow.json", "w") as file:
        json.dump(workflow.json(), file, indent=1)


if __name__ == "__main__":
    main(sys.argv[1])
