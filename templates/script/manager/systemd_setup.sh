# --- setup, where systemd is the manager ---

check_manager() {
  systemd=$(systemctl --version 2>/dev/null) systemd=${systemd#systemd } systemd=${systemd%%[!0-9]*}
  [ "${systemd:-0}" -ge 245 ] || refuse "version tool=systemd have=${systemd:-none} need=245"
}

# start_units: they start at boot from now on; what listens for them does now.
start_units() {
  set -- "$APP-a.service" "$APP-b.service" "$APP-recover.service"
  if system_file boot; then set -- "$@" "$APP-workers.service"; else remove_boot; fi
  if [ "$(systemctl is-enabled "$@" 2>/dev/null | grep -c '^enabled$')" -ne $# ]; then
    changed "enable $*"
    systemctl -q enable "$@" || return 1
  fi
  remove_processes
  start_timers || return 1
  if system_file listen_socket; then start_listener; else remove_listener; fi
}

# The address belongs to systemd, for every generation. The live one keeps an old address until the next push.
start_listener() {
  socket=$APP-listen.socket
  case " $units " in *" listen_socket "*) systemctl stop "$APP-listen.service" "$socket" ;; esac
  systemctl -q is-active "$socket" && systemctl -q is-enabled "$socket" 2>/dev/null && return
  changed "enable $socket"
  systemctl -q enable "$socket" && systemctl -q start "$socket" || { fail listen; return 1; }
}

# A listener that no generation serves would let connections wait for ever.
remove_listener() {
  socket=/etc/systemd/system/$APP-listen.socket
  grep -qs "^# Managed by deployer for $APP;" "$socket" || return 0
  changed "remove $socket"
  systemctl -q disable --now "$APP-listen.socket" && systemctl -q stop "$APP-listen.service"
  rm -f "$socket" "${socket%socket}service"
  systemctl daemon-reload
}

# Nobody may switch what the file no longer has, so what of the workers still runs is told to leave.
remove_processes() {
  retired=$(retired_definitions)
  [ -n "$retired" ] || return 0
  for path in $retired; do
    changed "remove $path"
    case $path in *@.service) name=${path##*/} && systemctl stop "${name%.service}*.service" ;; esac
  done
  retire_definitions
}

# start_timers: those that do not wait for their time, or wait for another.
start_timers() {
  while read -r name _ _ path; do
    case $name in timer_*) ;; *) continue ;; esac
    case " $units " in *" $name "*) ;; *) systemctl -q is-active "${path##*/}" && systemctl -q is-enabled "${path##*/}" && continue ;; esac
    changed "start ${path##*/}"
    start_timer "$name" || return 1
  done <<LIST
$SYSTEM_TABLE
LIST
}

remove_boot() {
  path=/etc/systemd/system/$APP-workers.service
  grep -qs "^# Managed by deployer for $APP;" "$path" || return 0
  changed "remove $path"
  not_at_boot
  rm -f "$path" "/etc/deployer/$APP/workers.sh"
  systemctl daemon-reload
}
