# --- tasks: commands of the project, run in a release ---

# task ACCOUNT PHASE SECONDS COMMAND [NAME=VALUE...]: in the release that this run is about. It dies with this shell.
task() {
  rm -f "$run/tie" && mkfifo -m 600 "$run/tie" && exec 6<>"$run/tie" || return 1
  run_task yes "$@" <"$run/tie" 6>&-
  set -- $?
  exec 6>&-
  rm -f "$run/tie"
  return "$1"
}

# run_task TIED ACCOUNT PHASE SECONDS COMMAND [NAME=VALUE...]: whoever waits for the command, and not the command,
# keeps the lock: no other run begins while it is at work, even if the worker was killed.
run_task() {
  tied=$1 account=$2 phase=$3 seconds=$4 command=$5
  shift 5
  where=$ROOT/releases/$RELEASE
  [ -d "$where" ] || where=$part
  [ -n "${revision-}" ] || revision=$(manifest_of "$RELEASE" revision)
  [ ! -f "$where/.deployer/static.json" ] || set -- "STATIC_MANIFEST=$where/.deployer/static.json" "$@"
  [ -z "${STATIC_URL-}" ] || set -- "STATIC_URL=$STATIC_URL" "$@"
  printf '+ %s\n' "$command"
  set -- python3 -I -S -c "$TASK_PY" "$where" "$seconds" "$tied" "$(mask_of "$account")" "$command" \
    "DEPLOYER_APP=$APP" "DEPLOYER_ENVIRONMENT=$ENVIRONMENT" "DEPLOYER_ROOT=$ROOT" "DEPLOYER_RELEASE=$RELEASE" \
    "DEPLOYER_REVISION=$revision" "DEPLOYER_RUN=$ID" "DEPLOYER_PHASE=$phase" "DEPLOYER_HOST=$(uname -n)" "$@"
  [ "$account" = login ] || set -- as_app "$@"
  "$@" 5<&- 7>&- 8<&-
}

# What is built must be readable to the app; what the app makes is its own.
mask_of() { if [ "$1" = login ]; then echo 022; else echo 027; fi; }

# late_task ...: the outcome is decided, so a failure is only worth saying.
late_task() {
  task "$@" >"$run/late" 2>&1
  set -- "$2" $?
  if [ "$2" -eq 0 ]; then
    cat "$run/late"
  else
    ev "warn hook-failed name=$1 rc=$2"
    excerpt "$1" cat "$run/late"
  fi
  rm -f "$run/late"
}
