# The RemoteJobs example: while it runs, its detail, help, the summary after leaving.
cp -r "$root/Examples/RemoteJobs/." "$work"
start 120 32 "$work"
type_line 'clear; hflow-tui run .'
wait_for 'storing part 1'
shot run 'hflow-tui run Examples/RemoteJobs'
keys Enter
wait_for 'attempts'
shot detail 'Enter: everything about a task'
keys Escape '?'
wait_for 'Help'
shot help '?: all keys'
keys Escape
wait_for 'succeeded'
keys q
wait_for '2 succeeded'
shot summary 'after leaving'
