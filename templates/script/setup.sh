# --- setup: directories, units, site; every part is looked at before it is changed ---

changed() { ev "decided setup value=$(word "$1")"; }

# make_directories 'MODE OWNER GROUP PATH'...: below the root, following no link that somebody put there.
make_directories() {
  made=$(python3 -I -S -c "$DIRECTORIES_PY" "$ROOT" "$OWNER $RUNAS" "$@") || return 1
  [ -z "$made" ] || printf '%s\n' "$made" | while IFS= read -r line; do changed "directory $line"; done
}

# settle_manager: what the host has, and what an earlier setup said, is what the file says.
settle_manager() {
  if [ -s "$ROOT/.deployer/setup" ] || [ -s "$ROOT/.deployer/manager" ]; then
    ! other_manager "$(as_owner cat "$ROOT/.deployer/manager" 2>/dev/null)" || refuse "manager-differs $managers"
  fi
  [ "$MANAGER" = supervisor ] || [ "$MANAGER" = "$(init_of_host)" ] || refuse "other-manager have=$(init_of_host) want=$MANAGER"
  check_manager
}

# own_files STUB...: the small files of the tree's owner, written as that user.
own_files() {
  # shellcheck disable=SC2016 # expanded by the inner sh
  as_owner sh -c '
    cd "$1/.deployer" && umask 077 && : >>lock || exit 1
    [ -s salt ] || head -c 24 /dev/urandom | od -An -v -tx1 | tr -d " \n" >salt
    [ -s manager ] || printf "%s\n" "$3" >manager
    [ -s setup ] || printf "%s\n" "$2" >setup' sh "$ROOT" "$APP" "$MANAGER $SCOPE" || return 1
  for name; do
    "file_$name" | as_owner sh -c 'cmp -s - "$1" || exit 1' sh "$ROOT/slots/${name#stub_}.py" && continue
    changed "file slots/${name#stub_}.py"
    # shellcheck disable=SC2016 # expanded by the inner sh
    "file_$name" | as_owner sh -c 'umask 022; cat >"$1.new" && mv -fT "$1.new" "$1"' sh "$ROOT/slots/${name#stub_}.py" || return 1
  done
}

# git_access REPO HOST PORT KNOWN-KEYS ACCEPTED: a read-only deploy key, and the git server's own key, pinned.
git_access() {
  repository=$1
  shift
  pin_git_host "$@" || return 1
  make_deploy_key || return 1
  git_environment
  works=yes
  home=$(getent passwd "$OWNER" | cut -d: -f6)
  as_owner timeout -k 5 30 env "HOME=$home" git ls-remote -q "$repository" HEAD >/dev/null 2>&1 || works=no
  ev "fact deploy-key works=$works value=$(word "$(as_owner cat "$ROOT/.deployer/git_key.pub")")"
}

make_deploy_key() {
  # shellcheck disable=SC2016 # expanded by the inner sh
  as_owner sh -c '[ -f "$1" ] || { ssh-keygen -q -t ed25519 -N "" -C "deployer $2@$(uname -n)" -f "$1" && echo made; }' \
    sh "$ROOT/.deployer/git_key" "$APP" | grep -q made && changed 'deploy key'
  as_owner test -f "$ROOT/.deployer/git_key.pub"
}

pin_git_host() {
  place=$1
  [ "$2" = 22 ] || place="[$1]:$2"
  pins=$ROOT/.deployer/known_hosts
  if [ -n "$3" ]; then
    pinned=$3
  elif as_owner ssh-keygen -F "$place" -f "$pins" >/dev/null 2>&1; then
    return 0
  else
    pinned=$(ssh-keyscan -T 10 -p "$2" "$1" 2>/dev/null | grep -v '^#')
    [ -n "$pinned" ] || refuse "git-unreachable host=$place"
    seen=$pinned
    pinned=$(printf '%s\n' "$seen" | while IFS= read -r key; do
      case $(printf '%s\n' "$key" | ssh-keygen -lf -) in *" ${4:-none} "*) printf '%s\n' "$key" ;; esac
    done)
    shown=$(printf '%s\n' "$seen" | ssh-keygen -lf - | cut -d' ' -f2)
    case $pinned in
      ?*) ;;
      *) refuse "git-host-key host=$1 seen=$(word "$(printf '%s' "$shown" | tr '\n' ' ')")" ;;
    esac
  fi
  printf '%s\n' "$pinned" | as_owner cmp -s - "$pins" && return 0
  changed "host key of $1"
  # shellcheck disable=SC2016 # expanded by the inner sh
  printf '%s\n' "$pinned" | as_owner sh -c 'umask 077; cat >"$1.new" && mv -fT "$1.new" "$1"' sh "$pins"
}

# install_system NAME...: checked first, then by rename; what is there already is left alone.
install_system() {
  store_system_files || return 1
  units='' sites='' stale=''
  for name; do
    system_file "$name" || return 1
    have=$(sha256sum 2>/dev/null <"$path") || have=
    [ "${have%% *}" = "$digest" ] && continue
    # A unit or a site of the same name that an administrator wrote is not ours to replace.
    if [ -e "$path" ] && [ "${name%_script}" = "$name" ] && ! grep -q "^# Managed by deployer for $APP;" "$path"; then
      refuse "foreign path=$path"
    fi
    case $name in
      sudoers) visudo -cq -f "$STORE/sudoers/$digest" || { fail sudoers-refused; return 1; } ;;
      site)
        sites=$digest
        case $(listeners_of "$STORE/site/$digest") in 80-default*) retire_welcome_page ;; esac
        ;;
      unit_* | worker_* | schedule_* | timer_* | trial | recover | boot | listen | listen_socket) units="$units $name $digest" ;;
    esac
    stale="$stale $name $digest"
  done
  # shellcheck disable=SC2086 # plain words
  [ -z "$units" ] || verify_units $units || { fail unit-refused; return 1; }
  if [ -n "$sites" ] && grep -q '^ *brotli_static ' "$STORE/site/$sites"; then serves_brotli || refuse "no-brotli what=module"; fi
  [ -z "$sites" ] || test_site "$sites" || { fail site-refused; return 1; }
  # shellcheck disable=SC2086 # plain words
  set -- $stale
  while [ $# -gt 1 ]; do
    system_file "$1"
    changed "file $path"
    install_stored "$1" "$2" || return 1
    shift 2
  done
}

# name_services NAME...: what nobody knows is waited for by nobody.
name_services() {
  for one in $(unknown_services "$@"); do ev "warn no-service name=$(word "$one")"; done
}

# start_system NGINX: sockets' directories, units at boot, the site.
start_system() {
  make_run_directories || return 1
  [ -z "$units" ] || load_definitions || return 1
  start_units || return 1
  [ "$1" = yes ] || return 0
  site=/etc/nginx/sites-enabled/$APP.conf
  if [ ! -L "$site" ]; then changed "enable $site" && ln -s "../sites-available/$APP.conf" "$site" && sites=new; fi
  nginx_runs || { changed 'start nginx' && start_nginx; } || return 1
  for name in $(listeners_of "$site"); do
    case $name in *-default) rm -f "/etc/nginx/sites-enabled/deployer-default-${name%-default}.conf" ;; esac
  done
  [ -z "$sites$renewed" ] || { nginx -t -q && reload_nginx && renewed=''; }
}

# Between two steps everything is whole, so that is where a setup can stop.
stop_if_asked() {
  [ ! -e "$run/stop" ] || exit 5
}

# Only an explicit abort: a lost client is no reason to leave a host half set up.
heed_abort() { while IFS= read -r line; do if [ "$line" = "abort $ID" ]; then : >"$run/stop"; fi; done; }

setup_step() {
  stop_if_asked
  step "$@"
}

setup_run() {
  renewed='' ended='' queued='' told_freeze='' watcher='' reader=as_owner
  trap '[ -n "$ended" ] || ev "end prepare-failed reason=script"' EXIT
  exec 5<&0 </dev/null
  hello
  lock_setup
  stop_listening
  trap - TERM INT HUP
  heed_abort <&5 9>&- 6<&- &
  heeding=$!
  (plan_setup) 9>&- 6<&-
  rc=$?
  kill "$heeding" 2>/dev/null
  case $rc in
    0) end "done" ;;
    5) end aborted reason=client ;;
    6) end refused ;;
    *) end prepare-failed ;;
  esac
}
