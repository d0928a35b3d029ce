# --- prepare: everything that can fail, done before anything changes ---

# Facts about the live generation: $live its release, $slot where it runs, $idle the other one.
find_live() {
  target "$ROOT/current" && live=$named
  slot=$(readlink "$ROOT/web.sock" 2>/dev/null) || slot=
  slot=${slot%/*}
  slot=${slot##*/}
  case $slot in a) idle=b first='' ;; b) idle=a first='' ;; *) slot='' idle=a first=yes ;; esac
  [ -n "$live" ] || slot='' idle=a first=yes
}

# Setup wrote down what runs the app here: told of another, a run would start a second one beside it.
same_manager() {
  other_manager "$(cat "$ROOT/.deployer/manager" 2>/dev/null)" || return 0
  ev "refused manager-differs $managers"
  return 1
}

# The same script, the same environment, proven and running: nothing to do.
unchanged() {
  find_live
  env_name
  [ "$KIND" = push ] && [ -z "${REFRESH-}" ] && [ -n "$live" ] && [ -f "$ROOT/releases/$live/.deployer/proven" ] || return 1
  digest=$(sha256sum <"$self")
  grep -q "\"script\":\"${digest%% *}\"" "$ROOT/releases/$live/.deployer/manifest.json" || return 1
  target "$ROOT/releases/$live/.deployer/env"
  [ "$named" = "$env_id" ] && whole && unit_runs "$slot" && workers_run && sha256sum --status -c <<LIST
$SYSTEM_FILES
LIST
}

# Whether nobody took away a part of the live release.
whole() {
  [ -f "$ROOT/releases/$live/venv/.complete" ] && [ -f "$ROOT/env/$env_id" ] || return 1
  target "$ROOT/slots/$slot"
  [ "$named" = "$live" ] || return 1
  if [ -d "$ROOT/static/$live" ]; then
    target "$ROOT/static/live"
    [ "$named" = "$live" ] || return 1
  fi
  [ "$NGINX_PORT" -eq 0 ] || [ -e "/etc/nginx/sites-enabled/$APP.conf" ]
}

tell_live() {
  ev "fact live release=$live revision=$(manifest_of "$live" revision) slot=$slot"
}

check_host() {
  # Every path that a worker reports is a real one.
  [ "$(readlink -f "$ROOT")" = "$ROOT" ] || refuse root-link
  read -r holder <"$ROOT/.deployer/setup"
  [ "$holder" = "$APP" ] || refuse "other-app name=$(word "$holder")"
  if [ "$NGINX_PORT" -ne 0 ]; then
    [ -e "/etc/nginx/sites-enabled/$APP.conf" ] || refuse not-set-up
    nginx_runs || refuse nginx-down
  fi
  for tool in git python3 tar sha256sum setsid; do
    command -v "$tool" >/dev/null || refuse "tool name=$tool"
  done
  check_links
  # It takes one look as the app's user to know whether this login may be it, and the look that is needed anyway will do.
  if [ -n "$first" ]; then as_app true; else find_unfit; fi || refuse "sudo user=$RUNAS"
  last=$(manifest_of "$live" kilobytes)
  need=$((65536 + ${last:-0} * 3 / 2))
  # shellcheck disable=SC2046 # two numbers
  set -- $(df --output=avail,iavail -k "$ROOT" | tail -n 1)
  [ "$1" -ge "$need" ] || refuse "disk need=${need}kB have=${1}kB"
  [ "$2" = - ] || [ "$2" -eq 0 ] || [ "$2" -ge 2000 ] || refuse "inodes need=2000 have=$2"
  [ -z "$live" ] || tell_live
}

# A link is replaced by rename, which a directory in its place would refuse in the middle of a switch.
check_links() {
  for link in current web.sock slots/a slots/b slots/trial static/live static/previous; do
    if [ -e "$ROOT/$link" ] && [ ! -L "$ROOT/$link" ]; then refuse "layout path=$link"; fi
  done
}

# Undo prepare.
discard() {
  remove_unfinished
  # What static files were being collected in, by the app's user.
  [ ! -d "$ROOT/shared/.collect" ] || as_app rm -rf "$ROOT/shared/.collect"
  put_system_back
  # A release with this run's name: only the run can have made it.
  rm -rf "$ROOT/releases/$ID" "$ROOT/static/$ID" "$ROOT/pages/$ID"
  end_trial
}

# What only a run that was cut short leaves: nothing here has a name that anybody trusts.
remove_unfinished() {
  # Files and links that were to be renamed.
  find "$ROOT" "$ROOT/slots" "$ROOT/static" "$ROOT/.deployer" "$ROOT"/releases/*/.deployer -maxdepth 1 -name '*.[0-9]*' ! -type d -exec rm -f {} + 2>/dev/null
  with_nameless rm -rf 2>/dev/null
  rm -rf "$ROOT"/repo.git.*part "$ROOT"/modules/*part "$ROOT/lfs/tmp"
  for dir in "$ROOT"/venvs/* "$ROOT"/venvs/.pip-* "$ROOT"/venvs/.uv-* "$ROOT"/venvs/.python-*; do
    [ ! -d "$dir" ] || [ -f "$dir/.complete" ] || rm -rf "$dir"
  done
}

# with_nameless COMMAND...: of what nobody trusts, for it was cut short or is no longer needed.
with_nameless() {
  "$@" "$ROOT"/releases/.*.part "$ROOT"/static/.*.part "$ROOT"/static/trees/.*.part "$ROOT"/pages/.*.part "$ROOT"/builds/.*.part \
    "$ROOT"/venvs/.*.part "$ROOT"/env/.*.part
}
