# --- setup, where Upstart is the manager ---

check_manager() {
  upstart=$("$INITCTL" version 2>/dev/null) upstart=${upstart##*upstart } upstart=${upstart%)*}
  case $upstart in
    1.1[2-9]* | 1.[2-9][0-9]* | [2-9].*) ;;
    *) refuse "version tool=upstart have=$(word "${upstart:-none}") need=1.12" ;;
  esac
  command -v init-checkconf >/dev/null || refuse "tool name=init-checkconf"
}

# start_units: the listener now, the rest with the first push and at every boot.
start_units() {
  # The programs of a run are Python's, and come with the packages.
  have=$(python3 -I -S -c 'import sys; print("%d.%d" % sys.version_info[:2]); sys.exit(sys.version_info < (3, 8))') ||
    refuse "version tool=python3 have=$(word "${have:-none}") need=3.8"
  if system_file listen; then start_listener; else remove_listener; fi
}

start_listener() {
  case " $units " in *" listen "*) unit_stopped listen || "$INITCTL" stop "$APP-listen" ;; esac
  unit_runs listen && return
  changed "start $APP-listen"
  "$INITCTL" start "$APP-listen" >/dev/null || { fail listen; return 1; }
}

remove_listener() {
  path=/etc/init/$APP-listen.conf
  grep -qs "^# Managed by deployer for $APP;" "$path" || return 0
  changed "remove $path"
  unit_stopped listen || "$INITCTL" stop "$APP-listen"
  rm -f "$path"
}
