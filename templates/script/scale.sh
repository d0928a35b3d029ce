# --- by hand: how many of each worker ---

# scale_workers NAME MANY...: until the file says another number than it does now. Those that stay are left alone.
scale_workers() {
  [ -n "$live" ] || refuse nothing-live
  new_workers='' scale=$ROOT/.deployer/scale
  old_list=$(cat "$LIST" 2>/dev/null) old_scale=$(cat "$scale" 2>/dev/null)
  while [ $# -gt 1 ]; do
    wanted "$1" "$live" || refuse "no-worker name=$1"
    may_switch "worker-$1@1" || refuse "worker-right name=$1"
    put_lines "$scale" "$(grep -v "^$1 " "$scale" 2>/dev/null; [ "$2" = "$many" ] || echo "$1 $2 $many")" || return 1
    shift 2
  done
  new_list=$(new_list "$ROOT/releases/$live")
  if [ "$new_list" = "$old_list" ] && workers_run; then exit 3; fi
  if resize "$old_list" "$new_list"; then history scaled && return 0; fi
  put_lines "$scale" "$old_scale"
  resize "$new_list" "$old_list"
  return 1
}

# resize OLD NEW: starts and stops what differs.
resize() {
  put_lines "$LIST" "$2" || return 1
  while read -r name number; do
    has "$1" "$name $number" || [ -z "$name" ] || start_worker "$name" "$number" </dev/null &
  done <<LIST
$2
LIST
  while read -r name number; do
    has "$2" "$name $number" || [ -z "$name" ] || leave_worker "$name" "$number" </dev/null &
  done <<LIST
$1
LIST
  wait
  prove_workers "$live"
}

has() { case "$newline$1$newline" in *"$newline$2$newline"*) ;; *) return 1 ;; esac; }
