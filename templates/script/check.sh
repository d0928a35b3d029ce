# --- check: what a host has and lacks for the app; nothing is written, no lock is taken ---
#
# Nothing is judged here, and nothing is taken for granted: a bare host answers too.

check_only() {
  hello
  exec </dev/null
  plan_read
  end "done"
}

# examine REPO GIT-HOST GIT-PORT BRANCH PYTHON HTTPS-PORT NAME SERVICES PACKAGE...
examine() {
  repository=$1 git_host=$2 git_port=$3 branch=$4 python=$5 https=$6 name_of_site=$7 named_services=$8
  shift 8
  look_at_login
  look_at_system
  look_at_packages "$@"
  look_at_root
  look_at_room
  if [ -n "$python" ]; then look_at_python; fi
  look_at_files
  look_at_services
  for port in $NGINX_PORTS; do look_at_port "$port"; done
  if [ -n "$name_of_site" ]; then look_at_certificate; fi
  if [ "$state" = ready ]; then
    look_at_run
    look_at_large_files
  fi
  look_at_repository
  ev "fact clock now=$(date +%s)"
}

# How far this login gets with sudo: `full`, or as far as the drop-in lets it.
look_at_login() {
  may=none
  if [ "$(id -u)" -eq 0 ]; then may=root
  elif ! command -v sudo >/dev/null; then may=missing
  elif may_sudo; then may=full
  elif may_switch a && as_app true 2>/dev/null; then may=drop-in
  fi
  ev "fact login name=$(id -un) sudo=$may"
}

look_at_system() {
  # shellcheck disable=SC1091 # assignments alone, on every one of these systems
  name=$(. /etc/os-release 2>/dev/null && printf %s "$PRETTY_NAME")
  apt=no
  ! command -v apt-get >/dev/null || apt=yes
  ev "fact system name=$(word "$name") apt=$apt init=$(word "$(cat /proc/1/comm 2>/dev/null)") manager=$(init_of_host)"
  # What it calls itself, its number in it.
  for tool in 'systemctl --version' 'df --version' 'tar --version' 'sudo --version' 'git --version' 'python3 --version' 'nginx -v'; do
    said=
    if command -v "${tool%% *}" >/dev/null; then
      # shellcheck disable=SC2086 # a name and an option
      said=$(timeout 10 $tool 2>&1 | head -n 1)
    fi
    ev "fact tool name=${tool%% *} said=$(word "$said")"
  done
}

look_at_packages() {
  command -v dpkg-query >/dev/null || return 0
  missing=
  for name; do
    # Any of nginx's flavours will do.
    if [ "$name" = nginx ] && command -v nginx >/dev/null; then continue; fi
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q ' installed$' || missing="$missing $name"
  done
  ev "fact packages missing=$(word "${missing# }")"
}

# Asked of what earlier runs fetched: nothing is fetched here.
look_at_large_files() {
  ! git lfs version >/dev/null 2>&1 || return 0
  ! as_owner_of_tree git --git-dir="$ROOT/repo.git" grep -q 'filter=lfs' "refs/heads/$branch" -- '*.gitattributes' 2>/dev/null ||
    ev 'fact lfs found=no'
}

# Whose the tree is, and what it is in: `absent`, `foreign`, `unfinished`, `hidden` from this login, or `ready`.
look_at_root() {
  state=absent owner='' app='' real=yes layout=yes
  [ "$(readlink -m "$ROOT")" = "$ROOT" ] || real=no
  if [ -d "$ROOT/.deployer" ]; then
    owner=$(stat -c %U "$ROOT/.deployer")
    if ! as_owner_of_tree true 2>/dev/null; then state=hidden
    elif app=$(as_owner_of_tree cat "$ROOT/.deployer/setup" 2>/dev/null); then state=ready
    else state=unfinished
    fi
    if [ -e "$ROOT/current" ] && [ ! -L "$ROOT/current" ]; then layout=no; fi
  elif [ -e "$ROOT" ] && [ -n "$(ls -A "$ROOT" 2>&1)" ]; then state=foreign
  fi
  ev "fact root state=$state owner=$(word "$owner") app=$(word "$app") real=$real layout=$layout"
  [ "$state" = ready ] || return 0
  if other_manager "$(as_owner_of_tree cat "$ROOT/.deployer/manager" 2>/dev/null)"; then ev "fact other-manager $managers"; fi
}

# Never as root: a file of the tree could be a link.
as_owner_of_tree() {
  if [ "$(id -un)" = "$owner" ]; then "$@"
  elif [ "$may" = root ]; then as_user "$owner" "$@"
  elif [ "$may" = full ]; then sudo -n -u "$owner" -- "$@"
  else return 1
  fi
}

look_at_room() {
  place=$ROOT
  while [ -n "$place" ] && [ ! -d "$place" ]; do place=${place%/*}; done
  last=
  [ "$state" != ready ] || last=$(as_owner_of_tree sed -n 's/.*"kilobytes":\([0-9]*\).*/\1/p' "$ROOT/current/.deployer/manifest.json" 2>/dev/null)
  # shellcheck disable=SC2046 # two numbers
  set -- $(df --output=avail,iavail -k "${place:-/}" | tail -n 1)
  ev "fact disk need=$((65536 + ${last:-0} * 3 / 2))kB have=$1kB inodes=$2"
  slot=$(readlink "$ROOT/web.sock" 2>/dev/null) slot=${slot%/*} slot=${slot##*/}
  memory "${slot:-none}"
  ev "fact memory need=${used}kB have=${have}kB"
}

look_at_python() {
  if command -v "python$python" >/dev/null; then
    ev "fact python version=$(word "$python") found=yes"
  else
    ev "fact python version=$(word "$python") found=no $(python_from "$python")"
  fi
}

# The rendered files that this login may read, against what is there.
look_at_files() {
  while read -r digest path; do
    if [ ! -e "$path" ]; then is=missing
    elif found=$(sha256sum 2>/dev/null <"$path") && [ "${found%% *}" = "$digest" ]; then continue
    elif grep -qs -e "^# Managed by deployer for $APP;" "$path" || [ "${path#/etc/deployer/}" != "$path" ]; then is=differs
    else is=foreign
    fi
    ev "fact file is=$is path=$(word "$path")"
  done <<LIST
$SYSTEM_FILES
LIST
}

look_at_services() {
  enabled=no
  [ ! -e "/etc/nginx/sites-enabled/$APP.conf" ] || enabled=yes
  nginx_state
  ev "fact nginx state=$activity site=$enabled"
  sockets=missing
  [ ! -e "$RUNDIR" ] || sockets=there
  if [ -d "$RUNDIR/a" ] && [ -d "$RUNDIR/b" ]; then sockets=ready; fi
  if [ "$sockets" = ready ] && [ "$(stat -c %U "$RUNDIR/a" "$RUNDIR/b" | sort -u)" != "$RUNAS" ]; then sockets=foreign; fi
  ev "fact sockets state=$sockets"
  # shellcheck disable=SC2086 # plain names
  for one in $(unknown_services $named_services); do ev "fact unknown-service name=$(word "$one")"; done
}

# look_at_port PORT: who listens at one of nginx's: the kernel tells everybody the user, and root the program.
look_at_port() {
  hex=$(printf %04X "$1")
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r _ local _ status _ _ _ uid _ inode _; do
    [ "${local##*:} $status" = "$hex 0A" ] || continue
    program=
    case $may in
      root) program=$(program_of "$inode") ;;
      full) program=$(sudo -n sh -c "$PROGRAM_OF" sh "$inode") ;;
    esac
    ev "fact port number=$1 user=$(word "$(getent passwd "$uid" | cut -d: -f1)") program=$(word "$program")"
  done
}
program_of() { sh -c "$PROGRAM_OF" sh "$1"; }
# shellcheck disable=SC2016 # expanded by the inner sh
PROGRAM_OF='
for link in /proc/[0-9]*/fd/*; do
  [ "$(readlink "$link" 2>/dev/null)" = "socket:[$1]" ] || continue
  exec cat "${link%/fd/*}/comm"
done'

# The one that visitors get, as long as anybody answers.
look_at_certificate() {
  command -v openssl >/dev/null || return 0
  ends=$(timeout 10 openssl s_client -connect "127.0.0.1:$https" -servername "$name_of_site" </dev/null 2>/dev/null |
    openssl x509 -noout -enddate 2>/dev/null) || return 0
  ends=$(date -d "${ends#notAfter=}" +%s) && ev "fact certificate ends=$ends"
}

# What is live, who is at work, and what a crash left.
look_at_run() {
  if [ -n "$slot" ] && target "$ROOT/current" && [ -n "$named" ]; then
    unit_state "$slot"
    ev "fact live release=$named slot=$slot state=$activity"
  fi
  if as_owner_of_tree test -f "$ROOT/.deployer/journal"; then ev "fact journal"; fi
  as_owner_of_tree flock -n "$ROOT/.deployer/lock" true 2>/dev/null ||
    ev "fact locked holder=$(word "$(as_owner_of_tree head -c 400 "$ROOT/.deployer/holder" 2>/dev/null)")"
}

# The branch, asked as a push would: as the tree's owner, with the deploy key.
look_at_repository() {
  pinned='' reached='' seen=''
  if [ -n "$git_host" ]; then
    place=$git_host
    [ "$git_port" = 22 ] || place="[$git_host]:$git_port"
    pinned=no
    if [ "$state" = ready ] && as_owner_of_tree ssh-keygen -F "$place" -f "$ROOT/.deployer/known_hosts" >/dev/null 2>&1; then pinned=yes; fi
  fi
  if [ "$pinned" = no ]; then
    command -v ssh-keyscan >/dev/null || { ev 'fact repository asked=no'; return; }
    shown=$(timeout 15 ssh-keyscan -T 10 -p "$git_port" "$git_host" 2>/dev/null | grep -v '^#')
    reached=no
    if [ -n "$shown" ]; then reached=yes seen=$(printf '%s\n' "$shown" | ssh-keygen -lf - | cut -d' ' -f2 | tr '\n' ' '); fi
    ev "fact repository asked=no host=$(word "$place") reached=$reached seen=$(word "${seen% }")"
    return
  fi
  command -v git >/dev/null || { ev 'fact repository asked=no'; return; }
  # A token or an agent comes with a push alone.
  [ "$GIT_AUTH" = key ] || { ev "fact repository asked=no auth=$GIT_AUTH"; return; }
  [ "$state" = ready ] || owner=$(id -un)
  git_environment
  if said=$(as_owner_of_tree env "HOME=$(getent passwd "$owner" | cut -d: -f6)" "GIT_SSH_COMMAND=$GIT_SSH_COMMAND" GIT_TERMINAL_PROMPT=0 \
    GIT_ALLOW_PROTOCOL=https:ssh timeout -k 5 30 git ls-remote -q "$repository" "refs/heads/$branch" 2>&1); then
    case $said in *refs/heads/*) there=yes ;; *) there=no ;; esac
    ev "fact repository asked=yes works=yes branch=$there"
  else
    ev "fact repository asked=yes works=no said=$(word "$(printf %s "$said" | tr -d '\r' | head -n 3)")"
  fi
}
