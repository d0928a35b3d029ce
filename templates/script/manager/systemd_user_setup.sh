# --- setup, where systemd of the login is the manager ---

SCRIPTS=$UNITS

check_manager() {
  check_version
  # Lingering first: it is what starts the login's systemd where nobody is logged in.
  [ -e "/var/lib/systemd/linger/$OWNER" ] || loginctl enable-linger 2>/dev/null || refuse "linger name=$OWNER"
  see_units show-environment >/dev/null 2>&1 || refuse "user-manager name=$OWNER"
}
