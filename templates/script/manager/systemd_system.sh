# --- systemd of the host ---

UNITS=/etc/systemd/system
SYSTEMCTL=$(command -v systemctl) || SYSTEMCTL=/usr/bin/systemctl
JOURNALCTL=$(command -v journalctl) || JOURNALCTL=/usr/bin/journalctl

see_units() { systemctl "$@"; }
switch_units() { sudo -n "$SYSTEMCTL" "$@"; }

# They lie where systemd looks for them.
enable_units() { see_units -q enable "$@"; }
link_units() { :; }
forget_units() { :; }

# unit_lines SLOT: the last that it printed.
unit_lines() { sudo -n "$JOURNALCTL" -q --no-pager -o cat -n 20 -u "$APP-$1.service"; }

# may_switch SLOT: whether this login may switch units with what the drop-in grants.
may_switch() { sudo -n -l "$SYSTEMCTL" start "$APP-$1.service" >/dev/null 2>&1; }

# unit_group SLOT: $cgroup of its processes, below the hierarchy's root.
unit_group() { cgroup=system.slice/$APP-$1.service; }

verify_files() { systemd-analyze verify "$@"; }

# The directories of sockets, now as at every boot.
make_run_directories() { systemd-tmpfiles --create "/etc/tmpfiles.d/deployer-$APP.conf"; }
