# --- the session: a detached worker, a log that is followed, a fifo for the client's verbs ---

# Mode `run`, in the ssh session: start the worker, then only follow its log.
attach() {
  [ -n "$NONCE" ] && [ -n "${1##*[!0-9]*}" ] || exit 65
  if ! [ -w "$STATE/runs" ]; then
    [ ! -O "$STATE/runs" ] || no_run
    drop_bootstrap
    hello
    refuse_read
  fi
  if ! mkdir -m 700 "$run"; then
    [ -d "$run" ] || no_run
    # Somebody began the same within the same second.
    drop_bootstrap
    hello
    run='' && end locked "holder=$(word "run $ID")"
  fi
  cp "$self" "$run/script" || no_run
  drop_bootstrap
  (umask 077 && head -c "$1" >"$run/env" && printf '%s\n' "$NONCE $BY" >"$run/nonce" && : >"$run/log") || no_run
  # A cut upload is no run.
  [ "$(wc -c <"$run/env")" -eq "$1" ] || { rm -rf "$run"; exit 65; }
  mkfifo -m 600 "$run/ctl" || exit 71
  exec 3<"$run/log" # a run that changes nothing removes its directory
  exec 4<&0 # sh gives background jobs </dev/null, even with "<&0"
  # Its own session and no descriptor of the connection: no hangup, no broken pipe, no full pipe can reach it.
  setsid sh "$run/script" worker "$ID" <"$run/ctl" >>"$run/log" 2>&1 3<&- 4<&- &
  worker=$!
  exec 7>&- 8<&- # the way to root is the worker's alone, and ends with it
  cat <&4 >"$run/ctl" 3<&- 4<&- & # the fifo's only writer: the client's end is the worker's end of input
  feeder=$!
  exec 4<&-
  tail -n +1 -f -s 0.02 --pid="$worker" <&3 || :
  kill "$feeder" 2>/dev/null || :
  wait "$worker"
}

# The run's own files cannot be written, so that there is no run.
no_run() {
  drop_bootstrap
  rm -rf "$run"
  run=
  hello
  # shellcheck disable=SC2046 # two numbers
  set -- $(df --output=avail,iavail -k "$STATE" | tail -n 1)
  if ! [ -w "$STATE/runs" ]; then ev "refused unwritable path=$(word "$STATE")"
  elif [ "$1" -lt 1024 ]; then ev "refused disk need=65536kB have=${1}kB"
  elif [ "$2" = 0 ]; then ev "refused inodes need=2000 have=0"
  else ev "refused unwritable path=$(word "$STATE")"; fi
  end refused
}

drop_bootstrap() { case $self in */deployer.*/s) rm -rf "${self%/s}" ;; esac; }

# Mode `ask`: what is known of run $ID, for a client that lost its connection.
ask() {
  if [ ! -f "$run/nonce" ]; then ev "state value=unknown"; exit 0; fi
  IFS=' ' read -r was _ <"$run/nonce"
  sed -n "s/^@$was /@$NONCE /p" "$run/log"
  if [ -f "$run/state" ]; then ev "state value=ended"; else ev "state value=running"; fi
}

# One run at a time: the kernel frees the lock when its holder dies, so nobody ever unlocks by hand.
take_lock() {
  exec 9>>"$ROOT/.deployer/lock"
  # `status` looks at the lock by taking it for a moment.
  if ! flock -w 1 9; then
    holder=$(head -c 400 "$ROOT/.deployer/holder" 2>/dev/null) || holder=
    end locked "holder=$(word "$holder")"
  fi
  put "$ROOT/.deployer/holder" "$BY run $ID ($KIND)" || :
}

# Before `go`: end of input or `abort` stops the work at once. A client with one host says the rest early.
watch_for_abort() {
  while IFS= read -r line; do
    case $line in
      "abort $ID") break ;;
      "go $ID" | "finish $ID") : >"$run/${line%% *}" ;;
    esac
  done
  kill -TERM "$1" 2>/dev/null
}

# One line from the client, or nothing after $1 seconds.
# shellcheck disable=SC2016 # expanded by the inner sh
hear() { verb=$(timeout "$1" sh -c 'IFS= read -r line && printf %s "$line"' <&5 9>&-) || verb=; }

# The client waits for other hosts; `hold` lines say that it still does.
await_go() {
  [ ! -e "$run/go" ] || return 0
  while :; do
    hear 120
    case $verb in
      "go $ID") return 0 ;;
      "hold $ID") ;;
      "") return 1 ;;
      "abort $ID") return 1 ;;
    esac
  done
}

# After `go`: the verdict, or the end of the wait, which means `finish`.
await_verdict() {
  clock
  until=$((now + $1 * 100))
  verdict=finish
  [ ! -e "$run/finish" ] || return 0
  while clock && [ "$now" -lt "$until" ]; do
    hear $(((until - now + 99) / 100))
    case $verb in
      "finish $ID") return 0 ;;
      "revert $ID") verdict=revert; return 0 ;;
      "") # end of input: nobody will say more, so the old generation is kept for the whole wait
        clock
        [ "$now" -ge "$until" ] || sleep $(((until - now + 99) / 100)) 9>&-
        return 0
        ;;
    esac
  done
}
