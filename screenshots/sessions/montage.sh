# The Montage example, and what stays on the terminal after a run.
"$root/Examples/Montage/prepare" "$work" 3 360
start 120 32 "$work"
type_line 'clear; hflow-tui run .'
wait_for '▶ mBackground'
shot montage 'hflow-tui run: a mosaic of nine images of the sky'
wait_for 'succeeded'
