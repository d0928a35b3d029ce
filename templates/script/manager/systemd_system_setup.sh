# --- setup, where systemd of the host is the manager ---

SCRIPTS=/etc/deployer/$APP

check_manager() { check_version; }
