# --- git: fetched into a bare mirror, where nothing is served from ---

# fetch REPO REF REVISION ALLOW-OLDER: into the bare mirror; nothing where the commit is there already.
fetch() {
  mirror=$ROOT/repo.git url=$1 absent=revision-missing
  open_mirror || return 1
  have_commit "$3" || fetch_commit "$2" "$3" || return 1
  [ "$4" = yes ] || [ -z "$live" ] || not_older "$(manifest_of "$live" revision)" "$3"
}

open_mirror() {
  mended=
  [ ! -e "$mirror" ] || return 0
  mended=yes
  rm -rf "$mirror.part" && git init -q --bare "$mirror.part" && chmod 700 "$mirror.part" && mv -T "$mirror.part" "$mirror"
}

# fetch_commit REF REVISION: from $url; REF alone where it has the commit, else all there is.
fetch_commit() {
  git_environment
  # A fetch that failed may have brought the commit, and left a ref broken.
  if [ -n "$1" ]; then
    fetch_refs "+$1:$1" && have_commit "$2" && return 0
    # A server shuts out who fails too often, and that would be one failure more.
    if ! answers; then unreachable; return 1; fi
  fi
  if fetch_all; then
    have_commit "$2" && return 0
    # Git may believe that it has what a power cut took away, and so never ask for it again.
    if sound; then fail "$absent"; return 1; fi
  elif ! answers; then
    unreachable
    return 1
  fi
  mend "$2"
}

# mend REVISION: a new mirror in place of a damaged one, once in a run. The old one stays until the new one is whole.
mend() {
  [ -z "$mended" ] || { fail mirror; return 1; }
  mended=yes
  ev "decided $at value=mirror-renewed why=damaged"
  git_environment
  damaged=$mirror
  mirror=$damaged.new.part
  renew "$1"
  set -- $?
  mirror=$damaged
  [ "$1" -eq 0 ] && rm -rf "$mirror.old.part" && mv -T "$mirror" "$mirror.old.part" && mv -T "$mirror.new.part" "$mirror" &&
    rm -rf "$mirror.old.part"
}
renew() {
  rm -rf "$mirror" && git init -q --bare "$mirror" && chmod 700 "$mirror" || return 1
  if ! fetch_all; then
    if answers; then fail mirror; else unreachable; fi
    return 1
  fi
  have_commit "$1" || { fail "$absent"; return 1; }
}

# Whether nothing that the mirror's refs lead to is missing.
sound() { limit 300 git --git-dir="$mirror" fsck --connectivity-only --no-dangling --no-progress >&2; }

answers() { remote_git 30 ls-remote -q "$url" HEAD >/dev/null; }

# Why a repository did not answer: ssh says 255 for all of it, so the server is asked for its keys.
unreachable() {
  case $url in
    https://*) fail "fetch url=$(word "$url")"; return 1 ;;
    ssh://*) server=${url#ssh://} server=${server%%/*} ;;
    *) server=${url%%:*} ;;
  esac
  server=${server##*@} port=22
  case $server in *:*) port=${server##*:} server=${server%:*} ;; esac
  place=$server
  [ "$port" = 22 ] || place="[$server]:$port"
  pins=$ROOT/.deployer/known_hosts
  shown=$(ssh-keyscan -T 10 -p "$port" "$server" 2>/dev/null | grep -v '^#')
  if [ -z "$shown" ]; then
    fail "git-unreachable host=$place"
  elif ! ssh-keygen -F "$place" -f "$pins" >/dev/null 2>&1; then
    fail "git-host-unknown host=$place"
  elif ! printf '%s\n' "$shown" | cut -d' ' -f2,3 | grep -qF -f - "$pins"; then
    fail "git-host-key-changed host=$place seen=$(word "$(printf '%s\n' "$shown" | ssh-keygen -lf - | cut -d' ' -f2 | tr '\n' ' ')")"
  else
    fail "fetch url=$(word "$url")"
  fi
}

# Whether a URL that somebody committed is https or ssh, and neither an option, a command nor a path of this host.
safe_url() {
  case $1 in
    *[!A-Za-z0-9._:/@+~-]* | *::* | *[:@/]-* | *[:/]../* | */..) return 1 ;;
    https://*@*) return 1 ;;
    https://[A-Za-z0-9]*/?* | ssh://[A-Za-z0-9]*/?*) return 0 ;;
    *://*) return 1 ;;
    [A-Za-z0-9]*@[A-Za-z0-9]*:?*) return 0 ;;
    *) return 1 ;;
  esac
}

not_older() {
  [ "$1" != "$2" ] && have_commit "$1" || return 0
  ! git --git-dir="$mirror" merge-base --is-ancestor "$2" "$1" || refuse "older live=$1 revision=$2"
}
git_environment() {
  identity="-o IdentityFile=$ROOT/.deployer/git_key -o IdentitiesOnly=yes"
  if [ "$GIT_AUTH" = agent ]; then
    # The socket alone tells nothing: its other end is the client's.
    limit 10 ssh-add -l >/dev/null 2>&1 || refuse agent
    identity=
  fi
  # ControlMaster off: a master left behind would keep the lock.
  GIT_SSH_COMMAND="ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=$ROOT/.deployer/known_hosts \
$identity -o ControlMaster=no -o ControlPath=none -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3"
  GIT_TERMINAL_PROMPT=0 GIT_ALLOW_PROTOCOL=https:ssh
  export GIT_SSH_COMMAND GIT_TERMINAL_PROMPT GIT_ALLOW_PROTOCOL
}
# remote_git SECONDS ARGUMENT...: the token reaches git by a helper that reads it from a file, for the repository's own
# origin alone; helpers of the login's are left out, since they might keep it. It is not given again where it was refused
# and $GIT_REFUSED names a place to remember that: git-lfs would ask for ever.
remote_git() {
  seconds=$1
  shift
  if [ "$GIT_AUTH" = token ]; then
    GIT_TOKEN=${GIT_TOKEN-$run/token}
    export GIT_TOKEN GIT_USERNAME
    # shellcheck disable=SC2016 # expanded by the helper's own shell
    set -- -c credential.helper= -c "credential.$GIT_ORIGIN.helper=!f() { \
case \$1 in erase) [ -z \"\${GIT_REFUSED-}\" ] || : >\"\$GIT_REFUSED\" ;; \
get) [ -e \"\${GIT_REFUSED:-/nowhere}\" ] || { printf 'username=%s\npassword=' \"\$GIT_USERNAME\" && cat \"\$GIT_TOKEN\" && echo; } ;; esac; }; f" "$@"
  fi
  limit "$seconds" git "$@"
}
have_commit() { git --git-dir="$mirror" cat-file -e "$1^{commit}" 2>/dev/null; }
fetch_all() { fetch_refs --prune '+refs/heads/*:refs/heads/*' '+refs/tags/*:refs/tags/*'; }
# fetch_refs [--prune] REFSPEC...: from $url.
fetch_refs() {
  prune=
  if [ "$1" = --prune ]; then prune=--prune && shift; fi
  # Always as a pack, which git syncs before it trusts it; loose objects may be empty after a power cut.
  remote_git 900 --git-dir="$mirror" -c gc.auto=0 -c fetch.unpackLimit=1 -c http.lowSpeedLimit=1000 \
    -c http.lowSpeedTime=30 fetch -q --no-tags $prune "$url" "$@"
}
