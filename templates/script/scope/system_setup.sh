# --- setup, as root ---

# Nothing in the owner's tree is opened as root: it could be a link.
as_owner() { as_user "$OWNER" "$@"; }

open_setup() {
  mkdir -p "$STATE/runs" && chmod 700 "$STATE" "$STATE/runs"
}

# check_setup: whose it all is, asked before anything is changed.
check_setup() {
  settle_manager
  owner=$(stat -c %U "$ROOT/.deployer" 2>/dev/null) || owner=$OWNER
  [ "$owner" = "$OWNER" ] || refuse "owner name=$owner"
  other=$(as_owner cat "$ROOT/.deployer/setup" 2>/dev/null) || other=$APP
  [ "$other" = "$APP" ] || refuse "other-app name=$(word "$other")"
  if [ "$NGINX_PORT" -eq 0 ] && [ -e "/etc/nginx/sites-available/$APP.conf" ]; then
    refuse "site-stays path=/etc/nginx/sites-available/$APP.conf"
  fi
  if [ -f "$STATE/identity" ]; then
    IFS=' ' read -r old_root old_user <"$STATE/identity"
    if [ "$old_root $old_user" != "$ROOT $RUNAS" ] && [ -L "$old_root/current" ]; then refuse "moved root=$old_root user=$old_user"; fi
  else
    check_first_setup
  fi
  printf '%s\n' "$ROOT $RUNAS" >"$STATE/identity"
}

# What is there before the first setup is somebody else's.
check_first_setup() {
  if getent passwd "$RUNAS" >/dev/null || getent group "$RUNAS" >/dev/null; then
    grep -qs " $RUNAS\$" /var/lib/deployer/*/identity || refuse "taken-name name=$RUNAS"
  fi
  [ ! -e "$RUNDIR" ] || refuse "foreign path=$RUNDIR"
  [ ! -e "$ROOT" ] || [ -z "$(ls -A "$ROOT")" ] || refuse "foreign path=$ROOT"
}

# packages NAME...: those that the host lacks.
packages() {
  missing=
  for name; do
    # Any of nginx's flavours will do.
    if [ "$name" = nginx ] && command -v nginx >/dev/null; then continue; fi
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q ' installed$' || missing="$missing $name"
  done
  [ -n "$missing" ] || return 0
  changed "install$missing"
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086 # plain package names
  apt-get -q update && apt-get -q -y -o DPkg::Lock::Timeout=120 --no-remove --no-install-recommends install $missing && return 0
  unknown=
  for name in $missing; do
    apt-cache policy "$name" 2>/dev/null | grep -q '^ *Candidate: [^(]' || unknown="$unknown $name"
  done
  [ -z "$unknown" ] || fail "no-package names=$(word "${unknown# }")"
  return 1
}

# users KEY...: the app's user without a shell, and the login that owns its tree.
users() {
  if ! getent group "$RUNAS" >/dev/null; then changed "group $RUNAS" && groupadd --system "$RUNAS" || return 1; fi
  if ! getent passwd "$RUNAS" >/dev/null; then
    changed "user $RUNAS"
    useradd --system --gid "$RUNAS" --home-dir "$ROOT/shared" --no-create-home --shell /usr/sbin/nologin "$RUNAS" || return 1
  fi
  if ! getent passwd "$OWNER" >/dev/null; then
    changed "user $OWNER"
    useradd --create-home --shell /bin/bash "$OWNER" || return 1
  fi
  case " $(id -nG "$OWNER") " in *" $RUNAS "*) ;; *) changed "group $RUNAS for $OWNER" && usermod -a -G "$RUNAS" "$OWNER" || return 1 ;; esac
  [ $# -eq 0 ] || authorise "$@"
}

# As that user: root writes nothing in a home that others own.
authorise() {
  # shellcheck disable=SC2016 # expanded by the inner sh
  added=$(as_owner sh -c '
    cd && umask 077 && mkdir -p .ssh && touch .ssh/authorized_keys || exit 1
    for key; do grep -qxF -e "$key" .ssh/authorized_keys || { printf "%s\n" "$key" >>.ssh/authorized_keys && echo added; }; done' sh "$@") || return 1
  [ -z "$added" ] || changed "keys for $OWNER"
}

# Setups one after another, and never beside a push.
lock_setup() {
  exec 9>>"$STATE/lock"
  flock -w 1 9 || queue 9 || end locked
  # The owner's own lock, for as long as this descriptor is open; read-only, so that no link can make root write.
  if [ -f "$ROOT/.deployer/lock" ] && [ ! -L "$ROOT/.deployer/lock" ]; then
    exec 6<"$ROOT/.deployer/lock"
    if ! flock -w 1 6 && ! queue 6; then
      holder_fields "$(holder)"
      end locked "$fields"
    fi
    clock
    # shellcheck disable=SC2016 # expanded by the inner sh
    printf '%s\n' "${BY:--} $now $KIND $ID" | as_owner sh -c 'umask 077; cat >"$1.new" && mv -fT "$1.new" "$1"' sh "$ROOT/.deployer/holder"
    heed_freeze
  fi
}

# directories: one owner per root.
directories() {
  group=$(id -gn "$OWNER")
  make_directories "0751 $OWNER $group ." "0700 $OWNER $group .deployer" "0700 $OWNER $group .deployer/runs" \
    "2750 $OWNER $RUNAS releases" "2750 $OWNER $RUNAS venvs" "2750 $OWNER $RUNAS env" \
    "0755 $OWNER $group slots" "0755 $OWNER $group static" "0751 $RUNAS $RUNAS shared"
}

# uploads PATH: the app writes, nginx reads.
uploads() {
  readers=$RUNAS
  ! getent group www-data >/dev/null || readers=www-data
  make_directories "2750 $RUNAS $readers shared/$1"
}
