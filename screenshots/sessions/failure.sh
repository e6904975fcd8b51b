# A job that fails: what a person meets first.
cat >"$work/fit.sh" <<'END'
#!/bin/sh
echo "reading p2mass-$1.fits"
echo "fitting a plane, 1024 points"
[ "$1" != 017 ] && [ "$1" != 023 ] && exit 0
echo "ERROR: no overlap between images $1 and 018" >&2
exit 1
END
chmod +x "$work/fit.sh"
python3 - "$work" <<'END'
import json, sys
numbers = [f"{n:03d}" for n in range(12, 24)]
job = lambda name, args, ins, outs: {
    "name": name, "function": "command", "firingLimit": 1, "ins": ins, "outs": outs,
    "config": {"executor": {"executable": args[0], "args": args[1:]}}}
processes = [job("mProject", ["true", n], ["region.hdr"], [f"p{n}"]) for n in numbers]
processes += [job("mDiffFit", ["./fit.sh", n], [f"p{n}"], [f"fit{n}"]) for n in numbers]
processes += [job("mConcatFit", ["true"], [f"fit{n}" for n in numbers], ["fits.tbl"])]
processes += [job("mBgModel", ["true"], ["fits.tbl"], ["corrections.tbl"])]
processes += [job("mBackground", ["true", n], [f"p{n}", "corrections.tbl"], [f"c{n}"]) for n in numbers]
processes += [job("mAdd", ["true"], [f"c{n}" for n in numbers], ["mosaic.fits"])]
names = ["region.hdr"] + sorted({s for p in processes for s in p["outs"]})
signals = [{"name": n, **({"data": [{}]} if n == "region.hdr" else {})} for n in names]
json.dump({"name": "m101", "processes": processes, "signals": signals, "ins": ["region.hdr"],
           "outs": ["mosaic.fits"]}, open(sys.argv[1] + "/workflow.json", "w"))
END
start 120 32 "$work"
type_line 'clear; hflow-tui run .'
wait_for 'failed, open'
wait_for 'ERROR: no overlap'
shot failure 'two tasks failed: their cause, their output, what waits behind them'
keys q
wait_for 'Leave?'
keys q
wait_for '2 failed'
