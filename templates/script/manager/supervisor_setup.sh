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
  remove_processes || return 1
  renew_times || return 1
  start_with_host
}

# Nobody may switch what the file no longer has, so what of the workers still runs is told to leave.
remove_processes() {
  retired=$(retired_definitions)
  for path in $retired; do
    changed "remove $path"
    name=${path##*/} name=${name%.conf}
    for program in "$PROGRAMS/$name"@*.conf; do
      [ ! -f "$program" ] || { program=${program##*/"$APP"-} && ask_supervisor stop "${program%.conf}" </dev/null; } || return 1
    done
  done
  [ -z "$retired" ] || retire_definitions
}
