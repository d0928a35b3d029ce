# --- workers: processes beside the web server, which follow the live release ---
#
# What a release wants is in its own .deployer/workers: name, how many, seconds to stop, overlap, seconds to have run.
# What should run is in the root's: a name and a number each. While they are moved, what ran before is in workers.was.

LIST=$ROOT/.deployer/workers

# Only a host that has some, or gets some, is looked at for them.
no_workers() { [ ! -s "$LIST" ] && [ ! -s "$LIST.was" ] && [ ! -s "$ROOT/releases/$1/.deployer/workers" ]; }

# wanted NAME RELEASE: sets $many, $patience, $overlap and $uptime, as that release has them.
wanted() {
  many='' patience=60 overlap=no uptime=0
  while read -r one a b c d; do
    if [ "$one" = "$1" ]; then many=$a patience=$b overlap=$c uptime=$d; fi
  done 2>/dev/null <"$ROOT/releases/$2/.deployer/workers"
  [ -n "$many" ]
}

# numbers_of NAME: those that should run.
numbers_of() { sed -n "s/^$1 //p" "$LIST" 2>/dev/null; }

# new_list DIRECTORY: what should run with the release there. Numbers go from 1 or, where they are taken by old ones that
# the new overlap, from 101.
new_list() {
  while read -r name many _ overlap _; do
    scaled "$name" "$many"
    from=0 lowest=$(numbers_of "$name" | head -n 1)
    if [ "${lowest:-0}" -gt 100 ]; then from=100; fi
    if [ "$overlap" = yes ] && [ -n "$lowest" ] && [ "$KIND" != scale ]; then from=$((100 - from)); fi
    number=1
    while [ "$number" -le "$many" ]; do
      echo "$name $((from + number))"
      number=$((number + 1))
    done
  done 2>/dev/null <"$1/.deployer/workers"
}

# scaled NAME MANY: sets $many to what somebody asked for by hand, until the file says another number than it did then.
scaled() {
  many=$2
  while read -r one asked of; do
    if [ "$one" = "$1" ] && [ "$of" = "$2" ]; then many=$asked; fi
  done 2>/dev/null <"$ROOT/.deployer/scale"
}

# reported NAME NUMBER: whether it runs; sets $pid, and $of, its release.
reported() {
  pid='' begun='' of=''
  # The app's own file: a pipe in its place would be waited for.
  [ -f "$RUNDIR/workers/$1.$2" ] && read -r pid begun of 2>/dev/null <"$RUNDIR/workers/$1.$2" || return 1
  read -r stat 2>/dev/null <"/proc/$pid/stat" || return 1
  # shellcheck disable=SC2086 # numbers
  set -- ${stat##*) }
  [ "${20-}" = "$begun" ]
}

# All that should run does, and in the live release.
workers_run() {
  [ -s "$LIST" ] || return 0
  while read -r name number; do
    reported "$name" "$number" && [ "$of" = "$live" ] || return 1
  done <"$LIST"
}

# --- prepare ---

# check_workers DIRECTORY: whether this login may switch those of the release there, and those that overlap have room,
# before anything depends on it.
check_workers() {
  for name in $(new_list "$1" | cut -d' ' -f1 | sort -u); do
    may_switch "worker-$name@1" || refuse "worker-right name=$name"
  done
  need=0
  while read -r name _ _ overlap _; do
    for number in $(numbers_of "$name"); do
      [ "$overlap" = yes ] && memory "worker-$name@$number" && need=$((need + used))
    done
  done 2>/dev/null <"$1/.deployer/workers"
  [ "$need" -eq 0 ] || [ "$need" -lt "$have" ] || refuse "memory need=${need}kB have=${have}kB"
}

# --- activation ---

# move_workers: those of the new release, or of the same one again, in place of those that run.
move_workers() {
  [ "$KIND" != reload ] || return 0
  [ -z "$new_workers" ] || install_processes "$RELEASE" || return 1
  touch "$LIST" && cp "$LIST" "$LIST.was.$$" && sync_file "$LIST.was.$$" && mv -fT "$LIST.was.$$" "$LIST.was" &&
    put_lines "$LIST" "$(new_list "$ROOT/releases/$RELEASE")" || return 1
  while read -r name number; do
    grep -qx "$name $number" "$LIST" || makes_room "$name" || leave_worker "$name" "$number" </dev/null &
  done <"$LIST.was"
  while read -r name number; do
    if grep -qx "$name $number" "$LIST.was"; then renew_worker "$name" "$number"; else start_worker "$name" "$number"; fi </dev/null &
  done <"$LIST"
  wait
  prove_workers "$RELEASE" || return 1
  # The new ones of these have proven themselves beside the old ones.
  while read -r name number; do
    if ! grep -qx "$name $number" "$LIST" && makes_room "$name"; then leave_worker "$name" "$number" </dev/null & fi
  done <"$LIST.was"
  wait
}

# makes_room NAME: whether its old ones leave only when the new ones run.
makes_room() { wanted "$1" "$RELEASE" && [ "$overlap" = yes ] && [ -n "$(numbers_of "$1")" ]; }

# put_lines FILE LINES: as `put`, and an empty file of no lines.
put_lines() {
  if [ -n "$2" ]; then put "$1" "$2"; else : >"$1"; fi
}

start_worker() {
  # What the one before reported is not this one's.
  as_app rm -f "$RUNDIR/workers/$1.$2"
  unit forgive "worker-$1@$2" 2>/dev/null
  unit start "worker-$1@$2"
}

# stop_worker NAME NUMBER: once it has finished what it does, or as long as it may take for that.
stop_worker() {
  wanted "$1" "$live" || :
  # Of what does not run, the manager may still know how it ended before.
  ran=yes
  reported "$1" "$2" || ran=
  clock
  began=$now
  unit stop "worker-$1@$2" || return 1
  clock
  took=$((now - began))
  [ -z "$ran" ] || ! was_cut "worker-$1@$2" "$took" "$patience" || ev "warn worker-cut name=$1 number=$2 seconds=$((took / 100))"
}

renew_worker() { stop_worker "$1" "$2" && start_worker "$1" "$2"; }

# One that the release no longer has does not come back at the next boot either way.
leave_worker() {
  stop_worker "$1" "$2" 2>/dev/null || ! reported "$1" "$2" || ev "warn worker-stays name=$1 number=$2"
}

# prove_workers RELEASE: each runs it, and has for as long as it must.
prove_workers() {
  clock
  until=$((now + BOOT * 100))
  rm -f "$run"/seen-*
  while :; do
    waiting=''
    while read -r name number; do
      wanted "$name" "$1"
      steady "$name" "$number" "$1" && continue
      waiting="$name $number"
      clock
      if [ -n "$gone" ] || [ "$now" -ge $((until + uptime * 100)) ]; then worker_failed "$name" "$number"; return 1; fi
    done <"$LIST"
    [ -n "$waiting" ] || return 0
    sleep 0.2
  done
}

# steady NAME NUMBER RELEASE: sets $gone when it ended once more after it was started again.
steady() {
  gone='' was='' since=0 starts=0 runs=yes
  read -r was since starts 2>/dev/null <"$run/seen-$1.$2" || starts=0
  reported "$1" "$2" || runs=
  [ "$of" = "$3" ] || return 1
  clock
  if [ "$was" != "$pid" ]; then
    since=$now starts=$((starts + 1))
    printf '%s\n' "$pid $now $starts" >"$run/seen-$1.$2"
  fi
  if [ -z "$runs" ]; then
    [ "$starts" -lt 2 ] || gone=yes
    return 1
  fi
  [ $((now - since)) -ge $((uptime * 100)) ]
}

worker_failed() {
  unit_log "worker-$1@$2"
  fail "worker name=$1 number=$2"
}

# --- back ---

# restore_workers: what ran before, in the release that ran before.
restore_workers() {
  [ -f "$LIST.was" ] || return 0
  [ -z "$live" ] || [ -z "$new_workers" ] || install_processes "$live" || return 1
  while read -r name number; do
    grep -qx "$name $number" "$LIST.was" || leave_worker "$name" "$number" </dev/null &
  done <"$LIST"
  while read -r name number; do
    if ! reported "$name" "$number" || [ "$of" != "$live" ]; then renew_worker "$name" "$number" </dev/null & fi
  done <"$LIST.was"
  wait
  mv -fT "$LIST.was" "$LIST" && prove_workers "$live"
}

# --- their units ---

# processes_of RELEASE: name and digest of each unit of a worker or a schedule that its manifest has.
processes_of() { grep -oE '"(worker|schedule|timer)_[a-z0-9_]*":"[0-9a-f]*"' "$ROOT/releases/$1/.deployer/manifest.json" 2>/dev/null | sed 's/"//g; s/:/ /'; }

# other_processes RELEASE: those of them whose unit is another one on the host.
other_processes() {
  processes_of "$1" | while read -r name digest; do
    wants=$digest
    system_file "$name"
    have=$(sha256sum 2>/dev/null <"$path") || have=
    [ "${have%% *}" = "$wants" ] || echo "$name $wants"
  done
}

# install_processes RELEASE: as it has them, where this login may write them.
install_processes() {
  others=$(other_processes "$1")
  [ -n "$others" ] && [ -n "$how" ] || return 0
  # shellcheck disable=SC2086 # plain words
  set -- $others
  timers=
  while [ $# -gt 1 ]; do
    root install "$1" "$2" || return 1
    case $1 in timer_*) timers="$timers $1" ;; esac
    shift 2
  done
  root reload-units || return 1
  for name in $timers; do root start-timer "$name" || return 1; done
}

# releases_at_work: those that some process of the app still runs.
releases_at_work() {
  for report in "$RUNDIR"/workers/*.*; do
    report=${report##*/}
    case $report in *.part) ;; *) reported "${report%.*}" "${report##*.}" && printf '%s ' "$of" ;; esac
  done
}

# --- by hand ---

# stop_workers: sets $stopped where some ran. The list stays, for `start` and for the next boot.
stop_workers() {
  [ -s "$LIST" ] || return 0
  while read -r name number; do
    unit_state "worker-$name@$number"
    case $activity in inactive | failed) continue ;; esac
    stopped=yes
    stop_worker "$name" "$number" </dev/null &
  done <"$LIST"
  wait
  while read -r name number; do
    ! reported "$name" "$number" || { fail "worker-runs name=$name number=$number"; return 1; }
  done <"$LIST"
}

start_workers() {
  [ -s "$LIST" ] || return 0
  while read -r name number; do
    unit_runs "worker-$name@$number" || start_worker "$name" "$number" </dev/null &
  done <"$LIST"
  wait
  prove_workers "$live"
}

tell_processes() {
  tell_schedules
  [ -s "$LIST" ] || return 0
  while read -r name number; do
    unit_state "worker-$name@$number"
    reported "$name" "$number" || of=
    wanted "$name" "$live" || many=
    ev "fact worker name=$name number=$number state=$activity release=$of of=$many"
  done <"$LIST"
}

# What knows their times sets these.
tell_schedules() {
  result='' code='' over='' next=''
  while read -r name; do
    schedule_state "$name"
    ev "fact schedule name=$name state=$activity result=$result rc=$code ended=$(word "$over") next=$(word "$next")"
  done 2>/dev/null <"$ROOT/releases/$live/.deployer/schedules"
}
