# 10,000 tasks, folded into stages.
workflow survey
start 120 40 "$work"
type_line 'clear; hflow-tui run . --slots 4'
wait_for '▶ mDiffFit'
keys 1 f
wait_for '✘ 9'
shot survey '10,000 tasks on one screen'
