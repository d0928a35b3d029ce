# --- git: fetched into a bare mirror, where nothing is served from ---

# fetch REPO BRANCH REVISION ALLOW-OLDER: into the bare mirror; nothing where the commit is there already.
fetch() {
  mirror=$ROOT/repo.git
  if ! [ -d "$mirror" ]; then
    rm -rf "$mirror.part" && git init -q --bare "$mirror.part" && chmod 700 "$mirror.part" && mv -T "$mirror.part" "$mirror" || return 1
  fi
  have_commit "$3" || fetch_commit "$@" || return 1
  [ "$4" = yes ] || [ -z "$live" ] || not_older "$(manifest_of "$live" revision)" "$3"
}
fetch_commit() {
  git_environment
  # The branch alone is less to ask for; what is wrong with that, the second says too.
  [ "$2" = "$3" ] || fetch_refs "$1" "+refs/heads/$2:refs/heads/$2" 2>/dev/null
  have_commit "$3" && return 0
  fetch_refs --prune "$1" '+refs/heads/*:refs/heads/*' '+refs/tags/*:refs/tags/*' || { fail fetch; return 1; }
  have_commit "$3" || { fail revision-missing; return 1; }
}
not_older() {
  [ "$1" != "$2" ] && have_commit "$1" || return 0
  ! git --git-dir="$mirror" merge-base --is-ancestor "$2" "$1" || refuse "older live=$1 revision=$2"
}
git_environment() {
  # ControlMaster off: a master left behind would keep the lock.
  GIT_SSH_COMMAND="ssh -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=$ROOT/.deployer/known_hosts \
-o IdentityFile=$ROOT/.deployer/git_key -o IdentitiesOnly=yes -o ControlMaster=no -o ControlPath=none -o ConnectTimeout=10 \
-o ServerAliveInterval=5 -o ServerAliveCountMax=3"
  GIT_TERMINAL_PROMPT=0 GIT_ALLOW_PROTOCOL=https:ssh
  export GIT_SSH_COMMAND GIT_TERMINAL_PROMPT GIT_ALLOW_PROTOCOL
}
have_commit() { git --git-dir="$mirror" cat-file -e "$1^{commit}" 2>/dev/null; }
fetch_refs() {
  # Always as a pack, which git syncs before it trusts it; loose objects may be empty after a power cut.
  limit 900 git --git-dir="$mirror" -c gc.auto=0 -c fetch.unpackLimit=1 -c http.lowSpeedLimit=1000 -c http.lowSpeedTime=30 fetch -q --no-tags "$@"
}
