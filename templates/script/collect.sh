# --- collect: static files that a command of the project gathers ---

# collect_static URL ACCOUNT PHASE SECONDS COMMAND: as the app's user, into a directory of its own. What is in it is
# copied by the login user, who alone writes what is published.
collect_static() {
  url=$1
  shift
  from=$ROOT/shared/.collect collected=$ROOT/static/.$ID.collected.part
  # The app finds there what it needs to know of its own files, such as Django's manifest.
  ln -s "../../../static/$ID${url%/}" "$part/.deployer/static" || return 1
  as_app rm -rf "$from" && as_app mkdir -m 700 "$from" || return 1
  task "$@" "STATIC_ROOT=$from" || { fail collect; return 1; }
  mkdir -p "$collected" || return 1
  # Every link and device stays what it is, so that it is found and refused.
  { as_app tar -c -C "$from" . || : >"$run/collect-failed"; } |
    tar -x --no-same-owner --no-same-permissions -C "$collected" -f - || return 1
  [ ! -e "$run/collect-failed" ] || { fail collect; return 1; }
  special=$(find "$collected" ! -type f ! -type d -print | head -n 1)
  [ -z "$special" ] || { fail "collect-special path=$(word "${special#"$collected/"}")"; return 1; }
  [ -n "$(ls -A "$collected")" ] || { fail collect; return 1; }
  as_app rm -rf "$from"
}
