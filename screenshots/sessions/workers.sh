# Five workers on a Redis of our own: who does what, and when it did it.
workflow cohort
redis-server --port 0 --unixsocket "$work/redis.sock" --save '' --dir "$work" >"$work/redis.log" &
ours+=($!)
start 120 30 "$work" "REDIS_URL=unix://$work/redis.sock"
run_is_at=(--redis "unix://$work/redis.sock")
type_line 'clear; hflow-tui run . --slots 4'
wait_for 'running'
run=$(hflow-tui list --redis "unix://$work/redis.sock" --json | grep -o '"run": *"[^"]*"' | cut -d '"' -f 4)
for name in node-b node-c node-d node-e; do
  "$here/tools/on-host" $name hflow-job-execute --worker --redis "unix://$work/redis.sock" \
    --pool "$run" --name $name --slots 2 2>"$work/$name.log" &
  ours+=($!)
done
wait_for '▶ align'
keys 5
wait_for '800000 reads'
shot workers '5: workers, their jobs and their health'
keys Escape
wait_for 'exit 1'
size 120 32
keys T
shot timeline 'T: which task ran on which slot, and when'
