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
  rotate_logs || return 1
  remove_processes
  if system_file boot; then start_at_boot >/dev/null; else remove_boot; fi
}

# rotate_logs: Ubuntu's own package of Upstart brings a file that does; two that name the same log would be one too many.
rotate_logs() {
  if [ ! -d /etc/logrotate.d ] || grep -qs '^[^#]*/var/log/upstart/' /etc/logrotate.d/*; then return 0; fi
  changed 'file /etc/logrotate.d/upstart'
  file_logrotate >/etc/logrotate.d/upstart
}

# Nobody may switch what the file no longer has, so what of the workers still runs is told to leave.
remove_processes() {
  retired=$(retired_definitions)
  for path in $retired; do
    changed "remove $path"
    name=${path##*/} name=${name%.conf}
    for number in $("$INITCTL" list | sed -nE "s#^$name \\(([0-9]+)\\) .*#\\1#p"); do
      unit stop "${name#"$APP-"}@$number"
    done
  done
  [ -z "$retired" ] || retire_definitions
}

remove_boot() {
  path=/etc/init/$APP-workers.conf
  grep -qs "^# Managed by deployer for $APP;" "$path" || return 0
  changed "remove $path"
  not_at_boot
  rm -f "$path"
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
