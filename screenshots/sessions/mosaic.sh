# Many failures of five kinds, and a search through the output of a whole stage.
workflow mosaic
start 120 32 "$work"
type_line 'clear; hflow-tui run . --slots 4'
wait_for 'failed, open'
keys F
wait_for 'effect of each key'
shot failures 'F: failures, grouped by cause and last line'
keys Escape 3 f m
moment 0.5
keys /
type_text 'no overlap'
keys Enter
moment 1
keys n n n n n n
shot search '/: search in the merged output of a stage'
