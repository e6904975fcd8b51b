# A terminal of a fixed size in a tmux server of its own, for the session scripts.

start() { # COLUMNS ROWS DIRECTORY
  columns=$1 rows=$2
  server=hflow-pictures-$$
  export LC_ALL=C.UTF-8 PATH="$root/.build/release:$PATH"
  tmux -L "$server" -u -f "$here/tools/tmux.conf" new-session -d -x "$columns" -y "$rows" -c "$3" \
    env "PS1=\$ " TERM=xterm-256color bash --norc --noprofile
  trap 'tmux -L "$server" kill-server 2>/dev/null || true' EXIT
  wait_for '$'
}

type_line() { tmux -L "$server" send-keys -l "$1" && tmux -L "$server" send-keys Enter; }

keys() { for key in "$@"; do tmux -L "$server" send-keys "$key"; done; }

wait_for() { # TEXT: until the screen shows it, half a minute at most
  local tries=0
  until tmux -L "$server" capture-pane -p | grep -qF -- "$1"; do
    tries=$((tries + 1))
    if [ $tries -gt 600 ]; then
      echo "never shown: $1" >&2
      tmux -L "$server" capture-pane -p >&2
      exit 1
    fi
    read -rt 0.05 <> <(:) || true
  done
}

shot() { # NAME TITLE
  tmux -L "$server" capture-pane -e -p |
    "$here/tools/render.py" "$columns" "$rows" "$2" >"$here/$1.svg"
  rsvg-convert --zoom 1.6 "$here/$1.svg" --output "$here/$1.png"
  echo "screenshots/$1.png"
}
