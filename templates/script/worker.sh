# --- the worker: prepare, wait for `go`, activate, wait for the verdict, finish ---

# Undo everything that prepare made; only the log stays.
abort() {
  end_steps
  discard
  [ "$database" != migrated ] || history aborted
  end "${2:-aborted}" "reason=$1" ${database:+"database=$database"}
}

# The shell itself gave up, on a full disk or a fault of this script: the run still ends with one `end`.
crashed() {
  [ -z "$ended" ] || return 0
  [ -z "$went" ] || end broken reason=script
  # Without the lock, what looks unfinished is another run's.
  [ -z "$locked" ] || discard
  case $database in '' | same) ;; *) end migrate-failed "database=$database" reason=script ;; esac
  end prepare-failed reason=script
}

worker() {
  ended='' went='' locked='' watcher='' queued='' told_freeze='' pending='' database=''
  trap crashed EXIT
  exec 5<&0 </dev/null
  hello
  take_lock
  same_manager || leave refused
  locked=yes
  trap 'abort client' TERM INT HUP
  recover
  if unchanged; then
    tell_live
    rm -rf "$run"
    run=
    end unchanged "release=$live"
  fi
  prepare prepare_all
  case $rc in
    0) . "$run/facts" ;;
    6) abort refused refused ;;
    *) abort failed prepare-failed ;;
  esac
  ev ready
  await_go || abort barrier
  trap '' TERM INT HUP PIPE
  went=yes
  plan_activate
}

prepare_all() { plan_prepare && remember; }

# What prepare learned, for the activation.
remember() {
  printf '%s=%s\n' RELEASE "$RELEASE" WORKERS "$WORKERS" takeover "$takeover" why "$why" live "$live" slot "$slot" idle "$idle" \
    env_id "$env_id" first "$first" new_units "$new_units" new_site "$new_site" new_workers "$new_workers" pending "$pending" >"$run/facts"
}
