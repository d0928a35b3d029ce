# --- setup, where systemd is the manager, of the host or of the login ---

check_version() {
  systemd=$(systemctl --version 2>/dev/null) systemd=${systemd#systemd } systemd=${systemd%%[!0-9]*}
  [ "${systemd:-0}" -ge 245 ] || refuse "version tool=systemd have=${systemd:-none} need=245"
}

# start_units: they start with the host from now on; what listens for them does now.
start_units() {
  set -- "$APP-a.service" "$APP-b.service" "$APP-recover.service"
  if system_file boot; then set -- "$@" "$APP-workers.service"; else remove_boot; fi
  if [ "$(see_units is-enabled "$@" 2>/dev/null | grep -c '^enabled$')" -ne $# ]; then
    changed "enable $*"
    enable_units "$@" || return 1
  fi
  link_units || return 1
  remove_processes
  start_timers || return 1
  if system_file listen_socket; then start_listener; else remove_listener; fi
}

# The address belongs to systemd, for every generation. The live one keeps an old address until the next push.
start_listener() {
  socket=$APP-listen.socket
  case " $units " in *" listen_socket "*) see_units stop "$APP-listen.service" "$socket" 2>/dev/null ;; esac
  see_units -q is-active "$socket" && see_units -q is-enabled "$socket" 2>/dev/null && return
  changed "enable $socket"
  enable_units "$socket" && see_units -q start "$socket" || { fail listen; return 1; }
}

# A listener that no generation serves would let connections wait for ever.
remove_listener() {
  socket=$UNITS/$APP-listen.socket
  grep -qs "^# Managed by deployer for $APP;" "$socket" || return 0
  changed "remove $socket"
  see_units -q disable --now "$APP-listen.socket" && see_units -q stop "$APP-listen.service"
  forget_units "$APP-listen.service"
  rm -f "$socket" "${socket%socket}service"
  load_definitions
}

# Nobody may switch what the file no longer has, so what of the workers still runs is told to leave.
remove_processes() {
  retired=$(retired_definitions)
  [ -n "$retired" ] || return 0
  for path in $retired; do
    changed "remove $path"
    case $path in *@.service) name=${path##*/} && see_units stop "${name%.service}*.service" ;; esac
  done
  retire_definitions
}

# start_timers: those that do not wait for their time, or wait for another.
start_timers() {
  while read -r name _ _ path; do
    case $name in timer_*) ;; *) continue ;; esac
    case " $units " in *" $name "*) ;; *) see_units -q is-active "${path##*/}" && see_units -q is-enabled "${path##*/}" && continue ;; esac
    changed "start ${path##*/}"
    start_timer "$name" || return 1
  done <<LIST
$SYSTEM_TABLE
LIST
}

remove_boot() {
  path=$UNITS/$APP-workers.service
  grep -qs "^# Managed by deployer for $APP;" "$path" || return 0
  changed "remove $path"
  not_at_boot
  rm -f "$path" "$SCRIPTS/workers.sh"
  load_definitions
}
