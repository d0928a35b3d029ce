# --- files that the manager and nginx read: units and site ---
#
# $SYSTEM_FILES lists them as `sha256sum -c` reads it: digest, two blanks, path.
# Root, or the login where there is no root, keeps every content it ever installed under its digest, so a rollback
# installs what root has seen before, never what another user could have written, and nothing under another file's name.

# other_manager WRITTEN: whether that, which setup wrote down, is another manager than the file asks for; sets $managers to
# both. Before anything was written down, it was systemd.
other_manager() {
  pinned=${1:-systemd system}
  managers="have=$(word "$pinned") want=$(word "$MANAGER $SCOPE")"
  [ "$pinned" != "$MANAGER $SCOPE" ]
}

# Mode `root`, as root.
root_verb() {
  verb=$1
  shift
  case $verb in
    store) store_system_files ;;
    install) install_stored "$@" ;;
    remove) system_file "$1" && remove_installed "$1" ;;
    retire) retire_definitions ;;
    start-timer) start_timer "$1" ;;
    start-at-boot) start_at_boot ;;
    reload-units) load_definitions ;;
    run-directories) make_run_directories ;;
    verify) verify_units "$@" ;;
    test-site) test_site "$@" ;;
    keeps-tls) keeps_tls "$@" ;;
    reload-site) nginx -t -q && reload_nginx ;;
    *) return 64 ;;
  esac
}

# Logged in as root: root's part waits here for verbs, while the worker runs as the tree's owner.
serve_root() {
  while IFS= read -r line; do
    # shellcheck disable=SC2086 # plain words of our own worker, matched against the list above
    said=$(root_verb $line 2>&1)
    rc=$?
    [ -z "$said" ] || printf '%s\n' "$said" | sed 's/^/| /'
    echo "= $rc"
  done
}

# system_file NAME: sets $digest, $mode and $path.
system_file() {
  while read -r entry digest mode path; do [ "$entry" = "$1" ] && return 0; done <<LIST
$SYSTEM_TABLE
LIST
  # What only an older release has; what root keeps under its name may go back to its place.
  digest='' mode=0644
  case $1 in
    *[!a-z0-9_]*) return 1 ;;
    worker_* | schedule_* | timer_*) process_definition "${1%%_*}" "$(printf %s "${1#*_}" | tr _ -)" ;;
    *) return 1 ;;
  esac
}

store_system_files() {
  mkdir -p "$STORE" && chmod 700 "$STORE" || return 1
  while read -r entry digest mode path; do
    keep_content "$entry" "$digest" || return 1
  done <<LIST
$SYSTEM_TABLE
LIST
}
keep_content() {
  [ -f "$STORE/$1/$2" ] && return 0
  mkdir -p "$STORE/$1" && "file_$1" >"$STORE/$1/.$2.$$" && mv -fT "$STORE/$1/.$2.$$" "$STORE/$1/$2"
}

# stored NAME DIGEST: sets $path, $mode and $content; only what is in the store under that name.
stored() {
  system_file "$1" || return 64
  case $2 in '' | *[!0-9a-f]*) return 64 ;; esac
  content=$STORE/$1/$2
  [ -f "$content" ]
}

# install NAME DIGEST: by rename; what stood there is kept, so that it can be put back.
install_stored() {
  stored "$1" "$2" || return 64
  if [ -f "$path" ]; then
    before=$(sha256sum <"$path")
    before=${before%% *}
    [ -f "$STORE/$1/$before" ] || cp "$path" "$STORE/$1/$before"
  fi
  mkdir -p "${path%/*}" && cp "$content" "$path.deployer" && chmod "$mode" "$path.deployer" &&
    sync_file "$path.deployer" && mv -fT "$path.deployer" "$path"
}

# verify UNIT-NAME DIGEST...: the manager's own check of what it would be started by.
verify_units() {
  checked=$(mktemp -d) || return 1
  while [ $# -gt 1 ]; do
    stored "$1" "$2" || { rm -rf "$checked"; return 64; }
    cp "$content" "$checked/${path##*/}" || return 1
    shift 2
  done
  check_definitions "$checked"
  set -- $?
  rm -rf "$checked"
  return "$1"
}

# check_system DIRECTORY NAME...: what of the rendered files differs from the host, checked before it is used.
check_system() {
  check_workers "$1" || return 1
  shift
  changed=$(sha256sum -c 2>/dev/null <<LIST | sed -n 's/: FAILED.*//p'
$SYSTEM_FILES
LIST
  )
  new_units='' new_site='' new_workers='' units=''
  [ -n "$changed" ] || return 0
  same_listener || refuse listen-changed
  privilege
  [ -n "$how" ] || refuse "unit-changed path=$(word "${changed%%"$newline"*}")"
  root store || return 1
  for name; do
    system_file "$name"
    case "$newline$changed$newline" in *"$newline$path$newline"*) ;; *) continue ;; esac
    case $name in
      site) new_site=$digest ;;
      *) units="$units $name $digest" ;;
    esac
    case $name in unit_a | unit_b) new_units=yes ;; worker_* | schedule_* | timer_*) new_workers=yes ;; esac
  done
  # shellcheck disable=SC2086 # plain words
  [ -z "$units" ] || root verify $units || { fail unit-refused; return 1; }
  [ -z "$new_site" ] || root test-site "$new_site" || { fail site-refused; return 1; }
  install_silent
}

# Whether the listener that all generations share is the one that setup made.
same_listener() {
  case $changed in *"/$APP-listen."*) return 1 ;; esac
  ! listener_there || system_file listen
}

# install_for_now NAME DIGEST: noted with what stood there, so that a run that is called off puts it back.
install_for_now() {
  system_file "$1" || return 1
  before=-
  if [ -f "$path" ]; then before=$(sha256sum <"$path") || return 1; fi
  root install "$1" "$2" && printf '%s\n' "$1 ${before%% *}" >>"$run/undo"
}

# of_no_release PATH...: those of them that are ours, and that this script does not know.
of_no_release() {
  for path; do
    [ -f "$path" ] && grep -qs "^# Managed by deployer for $APP;" "$path" || continue
    case "$SYSTEM_TABLE$newline" in *" $path$newline"*) ;; *) printf '%s\n' "$path" ;; esac
  done
}

# remove_installed NAME: where nothing stood before.
remove_installed() {
  [ "$1" != boot ] || not_at_boot
  rm -f "$path"
}

# retire_processes: units of workers and schedules that the release no longer has.
retire_processes() {
  [ -n "$(retired_definitions)" ] || return 0
  privilege
  [ -z "$how" ] || root retire
}

put_system_back() {
  [ -s "$run/undo" ] || return 0
  privilege
  while read -r name before; do
    if [ "$before" = - ]; then root remove "$name"; else root install "$name" "$before"; fi
  done <"$run/undo"
  root reload-units
  rm -f "$run/undo"
}

# What serves nobody is installed at once: the trial has to run under the new sandbox.
install_silent() {
  # shellcheck disable=SC2086 # plain words
  set -- $units
  reload=
  while [ $# -gt 1 ]; do
    case $1 in
      unit_* | worker_* | schedule_* | timer_*) ;;
      *) install_for_now "$1" "$2" && reload=yes || return 1 ;;
    esac
    case $1 in
      tmpfiles) root run-directories || return 1 ;;
      boot) root start-at-boot || return 1 ;;
    esac
    shift 2
  done
  [ -z "$reload" ] || root reload-units
}
newline='
'
