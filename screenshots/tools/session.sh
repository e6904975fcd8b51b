# A terminal of a fixed size in a tmux server of its own, for the session scripts.
ours=() # processes that a session started beside it

start() { # COLUMNS ROWS DIRECTORY [VARIABLE=VALUE…]
  columns=$1 rows=$2
  background=dark
  local directory=$3
  shift 3
  server=hflow-pictures-$$
  export LC_ALL=C.UTF-8 PATH="$root/.build/${HFLOW_BUILD:-release}:$PATH"
  tmux -L "$server" -u -f "$here/tools/tmux.conf" new-session -d -x "$columns" -y "$rows" \
    -c "$directory" "$here/tools/on-host" node-a env "PS1=\$ " TERM=xterm-256color "$@" \
    bash --norc --noprofile
  run_is_at=(--directory "$directory")
  trap end_session EXIT
  wait_for '$'
}

# Nothing that a session started goes on after it. A run that has closed cannot be stopped, and an
# engine needs its Redis until it has ended.
end_session() {
  local tries=0 engine
  engine=$(hflow-tui list "${run_is_at[@]}" --json 2>/dev/null | grep -o '"pid":[0-9]*' | head -n 1) || true
  hflow-tui stop last "${run_is_at[@]}" >/dev/null 2>&1 || true
  tmux -L "$server" kill-server 2>/dev/null || true
  while [ -n "$engine" ] && kill -0 "${engine#*:}" 2>/dev/null && [ $((tries += 1)) -lt 100 ]; do
    moment 0.25
  done
  [ ${#ours[@]} -eq 0 ] || kill "${ours[@]}" 2>/dev/null || true
}

workflow() { "$here/tools/workflows.py" "$1" "$work"; } # NAME: into the session's directory

type_text() { tmux -L "$server" send-keys -l -- "$1"; }

type_line() { type_text "$1" && tmux -L "$server" send-keys Enter; }

# An escape followed at once by another key would be one key.
keys() {
  local key
  for key in "$@"; do
    tmux -L "$server" send-keys "$key"
    moment 0.1
  done
}

moment() { read -rt "$1" <> <(:) || true; } # SECONDS

# A picture is as high as what it shows.
size() { # COLUMNS ROWS
  columns=$1 rows=$2
  tmux -L "$server" resize-window -x "$1" -y "$2"
  moment 0.3
}

shown() { tmux -L "$server" capture-pane -p; }

wait_for() { # TEXT: until the screen shows it, a minute at most
  local tries=0
  until shown | grep -qF -- "$1"; do
    tries=$((tries + 1))
    if [ $tries -gt 1200 ]; then
      echo "never shown: $1" >&2
      shown >&2
      exit 1
    fi
    moment 0.05
  done
}

shot() { # NAME TITLE
  moment 0.3
  tmux -L "$server" capture-pane -e -p >"$scratch/$1.capture"
  "$here/tools/render.py" "$columns" "$rows" "$2" "$background" \
    <"$scratch/$1.capture" >"$scratch/$1.svg"
  rsvg-convert --zoom 1.6 "$scratch/$1.svg" --output "$scratch/$1.png"
  /usr/bin/python3 "$here/tools/shrink.py" "$scratch/$1.png" "$here/$1.png"
  echo "screenshots/$1.png"
}

# From `film` to `end_film` everything that shows is kept: a frame a change, with its time.
film() { # TITLE: what the window says; `caption` changes it
  mkdir "$scratch/film"
  caption "$1"
  (
    last='' number=100000
    while [ -e "$scratch/film" ] && [ ! -e "$scratch/film/end" ]; do
      now="$(<"$scratch/film/caption")
$(tmux -L "$server" capture-pane -e -p)"
      if [ "$now" != "$last" ]; then
        number=$((number + 1))
        printf '%s\n%s\n' "$EPOCHREALTIME" "$now" >"$scratch/film/$number.frame"
        last=$now
      fi
      moment 0.04
    done
  ) &
  camera=$!
}

caption() { echo "$1" >"$scratch/film/caption"; }

end_film() { # NAME
  touch "$scratch/film/end"
  wait "$camera"
  /usr/bin/python3 "$here/tools/animate.py" "$columns" "$rows" "$scratch/film" "$here/$1.gif"
  rm -rf "${scratch:?}/film"
  echo "screenshots/$1.gif"
}
