# The Montage example: the screen at the end of a run.
"$root/Examples/Montage/prepare" "$work" 3 360
start 120 30 "$work"
type_line 'clear; hflow-tui run .'
wait_for 'as fast as one slot'
shot montage 'hflow-tui run: a mosaic of nine images of the sky, and where the time went'
