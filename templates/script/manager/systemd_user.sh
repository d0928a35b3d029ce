# --- systemd of the login ---

UNITS=$ROOT/systemd
# ssh without a session of a desktop or a terminal does not always set it.
XDG_RUNTIME_DIR=/run/user/$(id -u)
export XDG_RUNTIME_DIR

see_units() { systemctl --user "$@"; }
switch_units() { systemctl --user "$@"; }

# They lie below the root, where no systemd looks for them: it has a link to each.
enable_units() {
  for one; do
    shift
    set -- "$@" "$UNITS/$one"
  done
  see_units -q enable "$@"
}
link_units() {
  set --
  for path in "$UNITS/$APP"-trial.service "$UNITS/$APP"-listen.service "$UNITS/$APP"-worker-*@.service "$UNITS/$APP"-schedule-*.service; do
    [ ! -f "$path" ] || set -- "$@" "$path"
  done
  see_units -q --no-reload link "$@"
}
forget_units() { see_units -q disable "$@"; }

# unit_lines SLOT: the last that it printed, as far as the host lets a login read its own.
unit_lines() { journalctl --user -q --no-pager -o cat -n 20 -u "$APP-$1.service"; }

may_switch() { :; }

# unit_group SLOT: $cgroup of its processes, below the hierarchy's root.
unit_group() {
  uid=$(id -u)
  cgroup=user.slice/user-$uid.slice/user@$uid.service/app.slice/$APP-$1.service
}

verify_files() { systemd-analyze --user verify "$@"; }

make_run_directories() {
  for one in a b trial workers; do mkdir -p "$RUNDIR/$one" && chmod 2750 "$RUNDIR/$one" || return 1; done
  [ -e "$RUNDIR/trial.log" ] || (umask 077 && : >"$RUNDIR/trial.log")
}
