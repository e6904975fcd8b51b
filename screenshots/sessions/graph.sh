# The same graph as a drawing on the whole screen.
workflow genome
start 120 38 "$work"
type_line 'clear; hflow-tui run . --slots 4'
wait_for '▶ call'
keys 1 f
moment 1.5
shot graph 'f: the graph on the whole screen'
