# The theme for bright terminals.
workflow genome
start 120 30 "$work"
background=light
type_line 'clear; hflow-tui run . --slots 4 --theme light'
wait_for 'failed, open'
keys Home
shot light '--theme light'
