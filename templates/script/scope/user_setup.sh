# --- setup, as the login that it is all for ---

as_owner() { "$@"; }

open_setup() {
  if [ ! -e "$ROOT/.deployer" ] && [ -e "$ROOT" ] && [ -n "$(ls -A "$ROOT" 2>&1)" ]; then decline "foreign path=$ROOT"; fi
  (umask 022 && mkdir -p "$STATE/runs" && chmod 700 "$STATE" "$STATE/runs") 2>/dev/null || decline "no-place path=$ROOT"
}

check_setup() {
  settle_manager
  owner=$(stat -c %U "$ROOT/.deployer") || return 1
  [ "$owner" = "$OWNER" ] || refuse "owner name=$owner"
  other=$(cat "$ROOT/.deployer/setup" 2>/dev/null) || other=$APP
  [ "$other" = "$APP" ] || refuse "other-app name=$(word "$other")"
}

# packages NAME...: those that the host lacks, for an administrator to install.
packages() {
  missing=
  for name; do
    if command -v dpkg-query >/dev/null; then
      dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q ' installed$' || missing="$missing $name"
    else
      # Names of packages are Debian's; these two are programs anywhere.
      case $name in git | python3) command -v "$name" >/dev/null || missing="$missing $name" ;; esac
    fi
  done
  [ -z "$missing" ] || refuse "packages names=$(word "${missing# }")"
}

# users KEY...: the login is there already.
users() { [ $# -eq 0 ] || authorise "$@"; }

authorise() {
  # shellcheck disable=SC2016 # expanded by the inner sh
  added=$(as_owner sh -c '
    cd && umask 077 && mkdir -p .ssh && touch .ssh/authorized_keys || exit 1
    for key; do grep -qxF -e "$key" .ssh/authorized_keys || { printf "%s\n" "$key" >>.ssh/authorized_keys && echo added; }; done' sh "$@") || return 1
  [ -z "$added" ] || changed "keys for $OWNER"
}

lock_setup() { take_lock; }

# directories: a web server that is to reach the socket is let in by the login's group.
directories() {
  group=$(id -gn)
  make_directories "0751 $OWNER $group ." "0700 $OWNER $group .deployer" "0700 $OWNER $group .deployer/runs" \
    "2750 $OWNER $group releases" "2750 $OWNER $group venvs" "2750 $OWNER $group env" "0755 $OWNER $group slots" \
    "0755 $OWNER $group static" "0751 $OWNER $group shared" "0751 $OWNER $group run" "2750 $OWNER $group log"
}

uploads() { make_directories "2750 $OWNER $(id -gn) shared/$1"; }
