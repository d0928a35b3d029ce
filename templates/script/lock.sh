# --- one run at a time, and a freeze ---
#
# The kernel frees the lock when its holder dies, so nobody ever unlocks by hand. A freeze is a file of its own, which
# outlives every process until `deployer unlock` removes it.

# Who opens the two files: root reads them as their owner, for they could be links.
reader=

# holder_fields LINE: who holds the lock, as fields of an event. The line's time is of the clock since boot.
holder_fields() {
  IFS=' ' read -r who when kind held _ <<LINE
$1
LINE
  fields="by=$(word "$who")"
  case $when in '' | *[!0-9]*) return 0 ;; esac
  clock
  age=$(((now - when) / 100))
  fields="$fields since=$(($(date +%s) - age)) age=$age kind=$(word "$kind") run=$(word "$held")"
}
holder() { $reader head -c 400 "$ROOT/.deployer/holder" 2>/dev/null; }

take_lock() {
  # Nobody waits for a lock that will not help.
  heed_freeze
  exec 9>>"$ROOT/.deployer/lock"
  # `status` looks at the lock by taking it for a moment.
  if ! flock -w 1 9 && ! queue 9; then
    holder_fields "$(holder)"
    leave locked "$fields"
  fi
  [ -z "$queued" ] || heed_freeze
  clock
  put "$ROOT/.deployer/holder" "${BY:--} $now $KIND $ID" || :
}

# A run that never had the lock leaves no record.
leave() {
  stop_listening
  rm -rf "$run"
  run=
  end "$@"
}

# queue DESCRIPTOR: waits as long as the client wants to. The kernel serves in the order of coming; a client that leaves
# gives its place up.
queue() {
  [ "${WAIT:-0}" -gt 0 ] || return 1
  queued=yes
  holder_fields "$(holder)"
  ev "fact waiting limit=$WAIT $fields"
  waiter=
  trap '[ -z "$waiter" ] || kill "$waiter"; leave aborted reason=client' TERM INT HUP
  listen
  flock -w "$WAIT" "$1" &
  waiter=$!
  wait "$waiter"
}

# Hears an abort, or the end of the client, from here on.
listen() {
  [ -z "$watcher" ] || return 0
  parent=$$
  (trap - TERM && watch_for_abort "$parent") <&5 9>&- &
  watcher=$!
}

# Not TERM: a subshell that has just begun still has our handler for it, and would lose it.
stop_listening() {
  [ -n "$watcher" ] || return 0
  kill -KILL "$watcher" 2>/dev/null || :
  wait "$watcher" 2>/dev/null || :
  watcher=
}

# freeze_fields LINE: who froze the environment, when and why.
freeze_fields() {
  IFS=' ' read -r who when why_frozen <<LINE
$1
LINE
  fields="by=$(word "$who")"
  case $when in '' | *[!0-9]*) ;; *) fields="$fields since=$when age=$(($(date +%s) - when))" ;; esac
  fields="$fields message=$(word "$why_frozen")"
}
frozen() { $reader head -c 800 "$ROOT/.deployer/frozen" 2>/dev/null; }

# A freeze stops what is new, and what cannot be had back. What was live before must be at any hour, so a rollback only
# hears of it.
heed_freeze() {
  [ -f "$ROOT/.deployer/frozen" ] || return 0
  freeze_fields "$(frozen)"
  case $KIND in push | prune) leave locked "frozen=yes $fields" ;; esac
  [ -n "$told_freeze" ] || ev "warn frozen $fields"
  told_freeze=yes
}
