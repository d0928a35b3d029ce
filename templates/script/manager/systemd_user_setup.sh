# --- setup, where systemd of the login is the manager ---

check_manager() {
  systemd=$(systemctl --version 2>/dev/null) systemd=${systemd#systemd } systemd=${systemd%%[!0-9]*}
  [ "${systemd:-0}" -ge 245 ] || refuse "version tool=systemd have=${systemd:-none} need=245"
  # Lingering first: it is what starts the login's systemd where nobody is logged in.
  [ -e "/var/lib/systemd/linger/$OWNER" ] || loginctl enable-linger 2>/dev/null || refuse "linger name=$OWNER"
  see_units show-environment >/dev/null 2>&1 || refuse "user-manager name=$OWNER"
}

# start_units: linked from where they lie; they start with the host from now on, what listens for them does now.
start_units() {
  set -- "$UNITS/$APP-a.service" "$UNITS/$APP-b.service" "$UNITS/$APP-recover.service"
  if [ "$(see_units is-enabled "$APP-a.service" "$APP-b.service" "$APP-recover.service" 2>/dev/null | grep -c '^enabled$')" -ne 3 ]; then
    changed "enable $APP-a.service $APP-b.service $APP-recover.service"
    see_units -q enable "$@" || return 1
  fi
  see_units -q link "$UNITS/$APP-trial.service" || return 1
  if system_file listen_socket; then start_listener; else remove_listener; fi
}

# The address belongs to systemd, for every generation. The live one keeps an old address until the next push.
start_listener() {
  socket=$APP-listen.socket
  case " $units " in *" listen_socket "*) see_units stop "$APP-listen.service" "$socket" 2>/dev/null ;; esac
  see_units -q is-active "$socket" && see_units -q is-enabled "$socket" 2>/dev/null && return
  changed "enable $socket"
  see_units -q link "$UNITS/$APP-listen.service" && see_units -q enable "$UNITS/$socket" && see_units -q start "$socket" ||
    { fail listen; return 1; }
}

# A listener that no generation serves would let connections wait for ever.
remove_listener() {
  [ -e "$UNITS/$APP-listen.socket" ] || return 0
  changed "remove $UNITS/$APP-listen.socket"
  see_units -q disable --now "$APP-listen.socket" && see_units -q stop "$APP-listen.service"
  see_units -q disable "$APP-listen.service"
  rm -f "$UNITS/$APP-listen.socket" "$UNITS/$APP-listen.service"
  load_definitions
}
