# 80 × 24, in colour and then in ASCII without.
cp -r "$root/Examples/RemoteJobs/." "$work"
start 80 24 "$work"
type_line 'clear; hflow-tui run .'
wait_for 'RemoteJobWithPipes'
keys 3
wait_for 'storing part 1'
shot small '80 × 24'
wait_for 'succeeded'
keys q
wait_for '2 succeeded'
type_line 'clear; NO_COLOR=1 hflow-tui run . --ascii'
wait_for 'running'
wait_for 'storing'
shot ascii '80 × 24, ASCII, NO_COLOR'
wait_for 'succeeded'
keys q
wait_for '2 succeeded'
