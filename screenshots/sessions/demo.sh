# The film: a run, a failure, why, an edit, a retry, and it passes.
workflow genome
start 104 28 "$work"
film 'hflow-tui'
type_text 'hflow-tui run . --slots 6'
moment 0.4
keys Enter
wait_for 'exit 1'
keys Home
caption 'a task has failed'
moment 0.5
wait_for 'failed, open'
caption 'Enter: why?'
keys Enter
moment 1.6
caption 'e: edit it and retry'
keys Escape e
moment 1
keys C-w
moment 0.3
for character in - X m x 6 g; do
  type_text $character
  moment 0.12
done
moment 1.2
caption 'Enter: start'
keys Enter
moment 0.5
caption 'only what depends on it runs'
wait_for '✔ succeeded'
caption 'how the run went'
moment 0.5
keys G
moment 1.5
end_film demo
