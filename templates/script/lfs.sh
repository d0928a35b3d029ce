# --- git LFS: what stands in for large files in an export gives way to their content ---

# large_files REVISION DIRECTORY: those of what was exported there from $mirror, which is a copy of $url.
large_files() { take_content "$@" || { [ -z "$said" ] && take_content "$@"; } || { fail export; return 1; }; }

# take_content REVISION DIRECTORY: said nothing, and failed, where the store had something damaged, which is gone now.
take_content() {
  may_have_pointers "$2" || return 0
  look_for_pointers "$2" || return 1
  [ -n "$pointer" ] || return 0
  case $lacking in
    extension) fail "lfs-extension path=$pointer"; return 1 ;;
    0) ;;
    *) fetch_content "$1" "$2" || return 1 ;;
  esac
  python3 -I -S -c "$POINTERS_PY" fill "$part" "$2" "$ROOT/lfs" >>"$run/lfs"
}

# may_have_pointers DIRECTORY: most have none, and need no Python to say so. What cannot be read is not passed over.
may_have_pointers() {
  # shellcheck disable=SC2016 # expanded by the inner sh
  [ -n "$(find "$1" -type f -size -1024c -exec sh -c \
    'grep -lF "version https://git-lfs.github.com/spec/v1" "$@"; [ $? -lt 2 ] || echo unread' sh {} + | head -n 1)" ]
}

# look_for_pointers DIRECTORY: sets $pointer to the first, of those whose content is $lacking if there are any.
look_for_pointers() {
  found=$(python3 -I -S -c "$POINTERS_PY" find "$part" "$1" "$ROOT/lfs" "$run/pointers") || return 1
  pointer=${found%% *} lacking=${found#* } kilobytes=${found##* }
  lacking=${lacking%% *}
}

# fetch_content REVISION DIRECTORY: into the store of all releases, which is a cache: each use looks at the digests.
fetch_content() {
  git lfs version >/dev/null 2>&1 || { fail "lfs path=$pointer"; return 1; }
  # shellcheck disable=SC2046 # a number
  set -- "$1" "$2" $((65536 + kilobytes)) $(df --output=avail -k "$ROOT" | tail -n 1)
  [ "$4" -ge "$3" ] || refuse "disk need=$3kB have=$4kB"
  content_server "$1" || { fail "lfs-url path=.lfsconfig"; return 1; }
  # A repository of its own: git-lfs writes into the configuration, and reads more than a commit may be trusted with.
  scratch=$run/lfs.git
  rm -rf "$scratch" && git init -q --bare "$scratch" && git --git-dir="$scratch" fast-import --quiet <"$run/pointers" || return 1
  git --git-dir="$scratch" config remote.origin.url "$url" || return 1
  [ -z "$server" ] || git --git-dir="$scratch" config lfs.url "$server" || return 1
  [ -d "$ROOT/lfs" ] || mkdir -m 700 "$ROOT/lfs" || return 1
  git_environment
  GIT_REFUSED=$scratch/refused
  export GIT_REFUSED
  remote_git 1800 --git-dir="$scratch" -c lfs.storage="$ROOT/lfs" -c lfs.fetchinclude= -c lfs.fetchexclude= \
    -c lfs.ssh.automultiplex=false lfs fetch origin pointers
  rm -rf "$scratch"
  unset GIT_REFUSED
  look_for_pointers "$2" || return 1
  [ "$lacking" = 0 ] || { fail "lfs-fetch url=$(word "${server:-$url}") path=$pointer count=$lacking"; return 1; }
}

# content_server REVISION: sets $server to the one that the commit names, if it may be asked; empty for the repository's own.
content_server() {
  server=
  git --git-dir="$mirror" show "$1:.lfsconfig" >"$run/lfsconfig" 2>/dev/null || return 0
  server=$(git config -f "$run/lfsconfig" --get lfs.url || git config -f "$run/lfsconfig" --get remote.origin.lfsurl)
  rm -f "$run/lfsconfig"
  [ -z "$server" ] || safe_url "$server"
}
