# --- setup, where supervisord is the manager ---

# start_units: supervisord has the programs now, and starts with the host.
start_units() {
  path=$PROGRAMS/$APP-listen.conf
  if [ -f "$path" ] && ! system_file listen; then
    path=$PROGRAMS/$APP-listen.conf
    changed "remove $path"
    rm -f "$path" || return 1
  fi
  # Another address: the live generation keeps the old one until the next push.
  case " $units " in *" listen "*) ask_supervisor stop listen ;; esac
  load_definitions || { fail manager; return 1; }
  ! system_file listen || ask_supervisor start listen || { fail listen; return 1; }
  start_with_host
}
