# --- setup, where supervisord is the host's ---

# Packages come in the next step.
check_manager() { :; }

# It does that by itself.
start_with_host() { :; }
