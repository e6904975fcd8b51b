#!/usr/bin/env python3
"""Writes the workflows that the pictures show, each with the script that its jobs run.

usage: workflows.py genome|cohort|mosaic|survey DIRECTORY

The jobs are shell scripts that say what the real programs would say and take a moment; runs,
failures, times and memory on the pictures are real.
"""

import json
import os
import sys

SAMPLES = ["NA12877", "NA12878", "NA12889", "NA12890", "NA12891", "NA12892"]
MORE_SAMPLES = ["NA12879", "NA12880", "NA12881", "NA12882", "NA12883", "NA12884"]

GENOME_JOB = r"""#!/bin/sh
# usage: step STAGE SAMPLE TENTHS [OPTION]
tenths=$3
say() { # TEXT PERCENT: and that part of the time
  printf '%s\n' "$1"
  milliseconds=$((tenths * $2))
  sleep "$((milliseconds / 1000)).$(printf %03d $((milliseconds % 1000)))"
}
case $1 in
  index) say "[bwa_index] Pack FASTA... 11.28 sec" 30
    say "[bwa_index] Construct BWT for the packed sequence" 40
    say "[bwa_index] Construct SA from BWT and Occ... 18.02 sec" 30
    truncate -s 5100M grch38.bwt ;;
  qc) for part in 5 10 20 30 40 50 60 70 80 90 100; do
      say "Approx $part% complete for $2.fastq" 9
    done
    truncate -s 71K "$2.qc" ;;
  align) say "[M::bwa_idx_load] read 0 ALT contigs" 10
    for part in 1 2 3 4 5 6 7 8 9 10; do
      say "[M::mem_process_seqs] $2: ${part}00000 reads in 41.$part CPU sec" 9
    done
    truncate -s "$((tenths * 21))M" "$2.bam" ;;
  dedup) say "MarkDuplicates  start of doWork, $2.bam" 10
    for part in 1 2 3 4 5 6 7; do
      say "MarkDuplicates  read ${part},000,000 records, $((part * 31)) pairs to match" 11
    done
    say "MarkDuplicates  marking 84,118 records as duplicates" 13
    truncate -s "$((tenths * 40))M" "$2.dedup" ;;
  coverage) for n in 14 15 16 17 18 19 20 21 22; do say "$2  chr$n  mean depth 31.$n" 11; done
    truncate -s 114K "$2.depth" ;;
  call) say "HaplotypeCaller  $2.bam, heap ${4#-Xmx}" 6
    say "HaplotypeCaller  reference grch38.fa, 3,366 contigs" 3
    for at in 06 12 18 24 30 36 42 48 54 60; do
      say "ProgressMeter  chr20:${at},000,000  14.$at k regions/min" 8
    done
    if [ "$2 $4" = "NA12892 -Xmx2g" ]; then
      echo "    at PairHMM.initialize(PairHMM.java:118)" >&2
      echo "    at HaplotypeCaller.apply(HaplotypeCaller.java:611)" >&2
      printf '\033[31mOutOfMemoryError: Java heap space (-Xmx2g)\033[0m\n' >&2
      exit 1
    fi
    say "ProgressMeter  traversal complete, 61,204 variants" 10
    truncate -s "$((tenths * 2))M" "$2.vcf" ;;
  joint) say "GenotypeGVCFs  reading 6 samples" 30; say "GenotypeGVCFs  chr20  412,077 sites" 40
    say "GenotypeGVCFs  writing cohort.vcf" 30; truncate -s 212M cohort.vcf ;;
  annotate) say "vep: 412,077 variants" 50; say "vep: 98.1 % annotated" 50; truncate -s 340M annotated.vcf ;;
  report) say "multiqc: 13 reports found" 50; say "multiqc: report.html" 50; truncate -s 4M report.html ;;
esac
"""

MOSAIC_JOB = r"""#!/bin/sh
# usage: step STAGE NUMBER; what fails fails by its number
sleep 0.0$((1 + $2 % 5))
case $1 in
  mDiffFit)
    if [ $(($2 % 53)) -eq 7 ]; then exec sleep 60; fi
    if [ $(($2 % 5)) -eq 3 ]; then
      echo "fitting a plane to p2mass-$2.fits"
      echo "ERROR: no overlap between images $2 and $(($2 + 1))" >&2
      exit 1
    fi
    if [ $(($2 % 41)) -eq 11 ]; then
      echo "ERROR: /data/2mass/p2mass-$2.fits: header has no CRVAL1" >&2
      exit 3
    fi
    if [ $(($2 % 67)) -eq 20 ]; then kill -SEGV $$; fi ;;
esac
echo "$1 $2: done"
"""


class Workflow:
    def __init__(self, name):
        self.name, self.processes, self.signals = name, [], {}

    def start(self, *names):
        for name in names:
            self.signals[name] = {"name": name, "data": [{}]}

    def job(self, name, command, ins, outs, **config):
        words = command.split()
        for signal in ins + outs:
            self.signals.setdefault(signal, {"name": signal})
        self.processes.append({
            "name": name, "function": "command", "firingLimit": 1, "ins": ins, "outs": outs,
            "config": {"executor": {"executable": words[0], "args": words[1:]}, **config},
        })  # fmt: skip

    def write(self, directory, script):
        path = os.path.join(directory, "step")
        with open(path, "w") as file:
            file.write(script)
        os.chmod(path, 0o755)
        whole = {
            "name": self.name, "processes": self.processes, "signals": list(self.signals.values()),
            "ins": [], "outs": [],
        }  # fmt: skip
        with open(os.path.join(directory, "workflow.json"), "w") as file:
            json.dump(whole, file)


def genome(directory, samples=SAMPLES, name="genomes-1463"):
    """Six genomes: reads become variants. One caller has too little memory."""
    flow = Workflow(name)
    flow.start("grch38.fa", *(f"{sample}.fastq" for sample in samples))
    flow.job("index", "./step index grch38 10", ["grch38.fa"], ["grch38.bwt"])
    for n, sample in enumerate(samples):
        take = lambda tenths: tenths + 3 * (n * 5 % 7)
        flow.job("qc", f"./step qc {sample} {take(5)}", [f"{sample}.fastq"], [f"{sample}.qc"])
        flow.job("align", f"./step align {sample} {take(15)}",
                 [f"{sample}.fastq", "grch38.bwt"], [f"{sample}.bam"])  # fmt: skip
        flow.job("dedup", f"./step dedup {sample} {take(7)}", [f"{sample}.bam"], [f"{sample}.dedup"])
        flow.job("coverage", f"./step coverage {sample} {take(5)}", [f"{sample}.dedup"],
                 [f"{sample}.depth"])  # fmt: skip
        flow.job("call", f"./step call {sample} {take(20)} -Xmx2g", [f"{sample}.dedup"],
                 [f"{sample}.vcf"])  # fmt: skip
    flow.job("joint", "./step joint cohort 10", [f"{s}.vcf" for s in samples], ["cohort.vcf"])
    flow.job("annotate", "./step annotate cohort 10", ["cohort.vcf"], ["annotated.vcf"])
    parts = [f"{sample}.{kind}" for kind in ("qc", "depth") for sample in samples]
    flow.job("report", "./step report cohort 10", ["annotated.vcf", *parts], ["report.html"])
    flow.write(directory, GENOME_JOB)
    for name, size in [("grch38.fa", 3100), *((f"{sample}.fastq", 1900) for sample in samples)]:
        with open(os.path.join(directory, name), "w") as file:
            file.truncate(size * 1_000_000)  # a hole: no room is taken


def cohort(directory):
    """The same with twelve genomes."""
    genome(directory, MORE_SAMPLES + SAMPLES, "cohort-1463")


def mosaic(directory):
    """A mosaic of 300 images whose fits fail in five ways."""
    flow = Workflow("mosaic-m101")
    numbers = range(1, 301)
    flow.start("region.hdr")
    for n in numbers:
        flow.job("mProject", f"./step mProject {n}", ["region.hdr"], [f"p{n}"])
    for n in numbers:
        program = "mFitPlane" if n in (100, 200) else "./step"
        flow.job("mDiffFit", f"{program} mDiffFit {n}", [f"p{n}"], [f"fit{n}"], timeout=2)
    flow.job("mConcatFit", "./step mConcatFit 0", [f"fit{n}" for n in numbers], ["fits.tbl"])
    flow.job("mBgModel", "./step mBgModel 0", ["fits.tbl"], ["corrections.tbl"])
    for n in numbers:
        flow.job("mBackground", f"./step mBackground {n}", [f"p{n}", "corrections.tbl"], [f"c{n}"])
    flow.job("mAdd", "./step mAdd 0", [f"c{n}" for n in numbers], ["mosaic.fits"])
    flow.write(directory, MOSAIC_JOB)


def survey(directory):
    """10,000 tasks: a survey of the sky, made of 2,000 images."""
    flow = Workflow("sky-survey")
    flow.start("region.hdr")
    images, diffs, tiles, stars = range(2000), range(5600), range(40), range(317)
    for n in images:
        flow.job("mProject", "true", ["region.hdr"], [f"p{n}"])
    for n in diffs:
        program = "false" if n % 401 == 17 else "true"
        flow.job("mDiffFit", program, [f"p{n % 2000}", f"p{(n * 7 + 1) % 2000}"], [f"d{n}"])
    flow.job("mConcatFit", "true", [f"d{n}" for n in diffs], ["fits.tbl"])
    flow.job("mBgModel", "true", ["fits.tbl"], ["corrections.tbl"])
    for n in images:
        flow.job("mBackground", "true", [f"p{n}", "corrections.tbl"], [f"c{n}"])
    for n in tiles:
        flow.job("mAdd", "true", [f"c{k}" for k in images if k // 50 == n], [f"tile{n}"])
        flow.job("mShrink", "true", [f"tile{n}"], [f"small{n}"])
    for n in stars:
        flow.job("mExtract", "true", [f"tile{n % 40}"], [f"stars{n}"])
    parts = [f"small{n}" for n in tiles] + [f"stars{n}" for n in stars]
    flow.job("mViewer", "true", parts, ["sky.png"])
    flow.write(directory, "")


if __name__ == "__main__":
    makers = {"genome": genome, "cohort": cohort, "mosaic": mosaic, "survey": survey}
    makers[sys.argv[1]](sys.argv[2])
