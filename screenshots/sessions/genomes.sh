# Six genomes: the run, its graph, a failure, what waits behind it, and the edit that mends it.
workflow genome
start 120 30 "$work"
type_line 'clear; hflow-tui run . --slots 4'
wait_for '▶ call'
wait_for 'chr20:54'
shot run 'hflow-tui run . --slots 4'
wait_for 'failed, open'
keys Home Enter
wait_for 'attempts'
shot detail 'Enter: why the task failed, and its output'
size 120 28
keys Escape e
wait_for 'then runs'
keys C-w
type_text '-Xmx6g'
shot edit 'e: edit and retry, with what will run again'
size 120 20
keys Escape Down Down Down Enter
wait_for 'needs you'
shot waiting 'Enter: why the task waits'
