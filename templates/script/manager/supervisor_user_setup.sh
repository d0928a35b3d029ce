# --- setup, where supervisord is our own ---

SUPERVISOR=4.3.0

check_manager() {
  command -v python3 >/dev/null || refuse "tool name=python3"
  case $SYSTEM_TABLE in *.cron*) command -v crontab >/dev/null || refuse "tool name=crontab" ;; esac
  [ -f "$SCRIPTS/venv/.complete" ] || command -v uv >/dev/null || python3 -c 'import ensurepip, venv' 2>/dev/null ||
    refuse "venv version=3 package=python3-venv"
}

# install_manager INDEX: a virtualenv of its own, so that no release can take it away.
install_manager() {
  made=$SCRIPTS/venv
  [ ! -f "$made/.complete" ] || return 0
  changed "supervisor $SUPERVISOR"
  rm -rf "$made"
  mkdir -p "$SCRIPTS" || return 1
  if command -v uv >/dev/null; then
    limit 300 uv venv -q --python python3 "$made" && limit 600 uv pip install -q --python "$made/bin/python" ${1:+--index-url "$1"} "supervisor==$SUPERVISOR"
  else
    limit 300 python3 -m venv "$made" && limit 600 "$made/bin/pip" install -q --disable-pip-version-check --no-input ${1:+--index-url "$1"} "supervisor==$SUPERVISOR"
  fi || { fail install-manager; return 1; }
  sync_tree "$made" && put "$made/.complete" "$SUPERVISOR"
}

start_with_host() {
  line="@reboot /bin/sh $SCRIPTS/start.sh"
  if ! command -v crontab >/dev/null; then ev "warn no-cron line=$(word "$line")"; return 0; fi
  table=$(crontab -l 2>/dev/null) || table=
  case "$newline$table$newline" in *"$newline$line$newline"*) return 0 ;; esac
  changed "cron $line"
  printf '%s\n' "${table:+$table$newline}$line" | crontab - && return 0
  ev "warn no-cron line=$(word "$line")"
}
