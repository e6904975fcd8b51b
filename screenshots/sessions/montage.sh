# The Montage example on a wide screen.
"$root/Examples/Montage/prepare" "$work" 3 200
start 120 36 "$work"
type_line 'clear; hflow-tui run .'
wait_for '▶ mDiffFit'
shot montage 'hflow-tui run a mosaic of nine images'
wait_for 'succeeded'
keys q
wait_for '45 succeeded'
