# 80 × 24, ASCII, no colours.
workflow genome
start 80 24 "$work" NO_COLOR=1
type_line 'clear; hflow-tui run . --slots 4 --ascii'
wait_for 'exit 1'
keys Home
shot ascii '80 × 24, --ascii, NO_COLOR'
