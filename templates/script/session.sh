# --- the session: a detached worker, a log that is followed, a fifo for the client's verbs ---

# Mode `run`, in the ssh session: start the worker, then only follow its log.
attach() {
  [ -n "$NONCE" ] && [ -n "${1##*[!0-9]*}" ] && [ -n "${2##*[!0-9]*}" ] || exit 65
  if ! [ -x "$STATE/runs" ]; then turn_away && refuse_read; fi
  if ! wrong=$(mkdir -m 700 "$run" 2>&1); then
    # Somebody began the same within the same second.
    if [ -d "$run" ]; then turn_away && end locked "run=$ID"; fi
    cannot_write
  fi
  if ! wrong=$({
    umask 077
    echo $$ >"$run/pid" && cp "$self" "$run/script" && head -c "$1" >"$run/env" &&
      printf '%s\n' "$NONCE ${BY:--} ${WAIT:-0} $KIND" >"$run/nonce" && : >"$run/log"
  } 2>&1); then rm -rf "$run" && cannot_write; fi
  drop_bootstrap
  # A cut upload is no run.
  [ "$(wc -c <"$run/env")" -eq "$1" ] || { rm -rf "$run"; exit 65; }
  [ "$2" -eq 0 ] || take_token "$2" "$run/token" || { rm -rf "$run"; exit 65; }
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
  tail -n +1 -f -s 0.01 --pid="$worker" <&3 || :
  kill "$feeder" 2>/dev/null || :
  wait "$worker"
}

# take_token LENGTH FILE: what logs in to the repository, until it is fetched.
take_token() { (umask 077 && head -c "$1" >"$2") && [ "$(wc -c <"$2")" -eq "$1" ]; }

# A session that only looks has no directory of its own.
receive_token() {
  [ "${token_length:-0}" -gt 0 ] || return 0
  own=$(mktemp -d /tmp/deployer.XXXXXX) || exit 71
  trap 'rm -rf "$own"' EXIT
  trap 'exit 71' TERM INT HUP
  GIT_TOKEN=$own/token
  take_token "$token_length" "$GIT_TOKEN" || exit 65
}

# The run that never was ends without a trace.
turn_away() {
  hello
  drop_bootstrap
  run=
}
cannot_write() {
  turn_away
  # shellcheck disable=SC2046 # two numbers
  set -- $(df --output=avail,iavail -k "$STATE" | tail -n 1)
  if [ "$1" -lt 1024 ]; then ev "refused disk need=65536kB have=${1}kB"
  elif [ "$2" = 0 ]; then ev "refused inodes need=2000 have=0"
  else ev "refused unwritable said=$(word "${wrong##*"
"}")"; fi
  end refused
}

drop_bootstrap() { case $self in */deployer.*/s) rm -rf "${self%/s}" ;; esac; }

# Mode `ask`: what is known of run $ID, for a client that lost its connection.
ask() {
  if [ ! -f "$run/nonce" ]; then ev "state value=unknown"; exit 0; fi
  IFS=' ' read -r was _ <"$run/nonce"
  # Asked before the log is read: that of a run that is over is whole.
  if works "$run"; then value=running; elif [ -f "$run/state" ]; then value=ended; else value=killed; fi
  sed -n "s/^@$was /@$NONCE /p" "$run/log"
  # On a full disk the log may have no room for the last line.
  [ "$value" != ended ] || grep -q "^@$was end " "$run/log" || ev "end $(cat "$run/state")"
  ev "state value=$value"
}

# Whether that run lives: its worker, or who is about to start it. A number alone may be another program's by now.
works() { ! [ -s "$1/pid" ] || grep -qsF "${1##*/}" "/proc/$(cat "$1/pid")/cmdline"; }

# Mode `follow`: the run that is going on, else the last one, told from its beginning to its end.
follow() {
  hello
  [ -r "$STATE/runs" ] || refuse_read
  followed=
  if ! flock -n "$STATE/lock" true; then IFS=' ' read -r _ _ _ followed _ <"$STATE/holder" || :; fi
  # shellcheck disable=SC2012 # names of our own making
  [ -f "$STATE/runs/${followed:-.}/nonce" ] || followed=$(ls -1t "$STATE/runs" | head -n 1)
  if [ ! -f "$STATE/runs/${followed:-.}/nonce" ]; then ev "refused no-run"; end refused; fi
  of=$STATE/runs/$followed
  IFS=' ' read -r was who _ kind <"$of/nonce"
  since=$(stat -c %Y "$of/nonce")
  ev "fact run run=$followed kind=$(word "$kind") by=$(word "$who") since=$since age=$(($(date +%s) - since))"
  if [ -f "$of/state" ]; then
    sleep 0.2 # its last line follows its state
    sed "s/^@$was /@$NONCE /" "$of/log"
  else
    tail -n +1 -f -s 0.1 --pid="$(cat "$of/pid")" "$of/log" | sed -u "s/^@$was /@$NONCE /"
  fi
  # A client that heard the end has left.
  ev "state value=killed"
}

# Before `go`: end of input or `abort` stops the work at once. A client with one host says the rest early.
watch_for_abort() {
  while IFS= read -r line; do
    case $line in
      "abort $ID") break ;;
      "migrate $ID" | "go $ID" | "finish $ID") : >"$run/${line%% *}" ;;
      # The rest of the line says how many bytes follow it. What was cut is followed by the end of input.
      "answer $ID "*[0-9]) (umask 077 && head -c "${line##* }" >"$run/answer.new" && mv "$run/answer.new" "$run/answer") ;;
    esac
  done
  kill -TERM "$1" 2>/dev/null
}

# await_answer SECONDS: what the client was asked for, in $run/answer, where the watcher leaves it once it is whole. False when
# nothing more of it has come for so long.
await_answer() {
  size=-1
  while [ ! -s "$run/answer" ]; do
    clock
    here=$(stat -c %s "$run/answer.new" 2>/dev/null || echo 0)
    if [ "$here" != "$size" ]; then size=$here until=$((now + $1 * 100)); fi
    [ "$now" -lt "$until" ] || return 1
    sleep 0.02
  done
}

# prepare COMMAND: in a subshell that the client may end; its end is $rc.
prepare() {
  listen
  # The lock stays open in here: a step that outlives a killed worker still excludes the next run.
  (exec 5<&- && trap - TERM && "$1") &
  preparing=$!
  wait "$preparing"
  rc=$?
  stop_listening
}

# Ends what prepares.
end_steps() {
  trap '' TERM INT HUP
  kill -TERM 0 2>/dev/null || :
  # Once more: a subshell that had just begun still had our handler and lost the first.
  sleep 0.1
  kill -TERM 0 2>/dev/null || :
  wait || :
}

# tell_offer: the list in $run/offer goes to the client, with the number of its words, so that none is missed.
tell_offer() {
  while IFS= read -r line; do
    case $line in 'end '*) ev "offer words=${line#end }" ;; *) ev "offer part=$line" ;; esac
  done <"$run/offer"
}
whole_offer() {
  [ "$(head -c 7 "$run/answer")" != garbled ] || { fail offer-garbled; return 1; }
}

# One line from the client, or nothing after $1 seconds.
# shellcheck disable=SC2016 # expanded by the inner sh
hear() { verb=$(timeout "$1" sh -c 'IFS= read -r line && printf %s "$line"' <&5 9>&-) || verb=; }

# The client waits for other hosts; `hold` lines say that it still does.
await_go() {
  [ ! -e "$run/migrate" ] || plan_migrate
  while [ ! -e "$run/go" ]; do
    hear 120
    case $verb in
      "go $ID") return 0 ;;
      "migrate $ID") plan_migrate ;;
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
