# --- mode `read`: what only the host knows; nothing is written, no lock is taken ---

read_only() {
  hello
  [ -r "$ROOT/.deployer/setup" ] || refuse_read
  same_manager || end refused
  find_live
  [ -z "$live" ] || tell_live
  plan_read
  end "done"
}

refuse_read() {
  owner=$(stat -c %U "$ROOT/.deployer" 2>/dev/null) || owner=
  if [ -n "$owner" ] && [ "$owner" != "$(id -un)" ]; then ev "refused owner name=$owner"; else ev "refused not-set-up"; fi
  end refused
}

show_state() {
  for one in a b; do
    unit_state "$one"
    target "$ROOT/slots/$one"
    ev "fact slot name=$one state=$activity release=$named"
  done
  tell_processes
  if [ -f "$ROOT/.deployer/journal" ]; then ev "fact journal value=$(word "$(cat "$ROOT/.deployer/journal")")"; fi
  if ! flock -n "$ROOT/.deployer/lock" true; then
    holder_fields "$(holder)"
    ev "fact locked $fields"
  else
    show_last_run
  fi
  if [ -f "$ROOT/.deployer/frozen" ]; then
    freeze_fields "$(frozen)"
    ev "fact frozen $fields"
  fi
  if [ -f "$ROOT/maintenance/on" ]; then
    freeze_fields "$(head -c 800 "$ROOT/maintenance/on")"
    # shellcheck disable=SC2012 # addresses
    ev "fact maintenance $fields allow=$(word "$(ls "$ROOT/maintenance/allow" 2>/dev/null | tr '\n' ' ')")"
  fi
  tail -n 1 "$ROOT/.deployer/history.jsonl" 2>/dev/null | while IFS= read -r line; do ev "fact last value=$(word "$line")"; done
}

# How the newest run that left a record ended, while none is under way.
show_last_run() {
  # shellcheck disable=SC2012 # names of our own making
  named=$(ls -1t "$ROOT/.deployer/runs" | head -n 1)
  IFS=' ' read -r _ who _ kind 2>/dev/null <"$ROOT/.deployer/runs/$named/nonce" || return 0
  read -r state _ 2>/dev/null <"$ROOT/.deployer/runs/$named/state" || state=killed
  since=$(stat -c %Y "$ROOT/.deployer/runs/$named/nonce")
  ev "fact last-run run=$named kind=$(word "$kind") by=$(word "$who") outcome=$(word "$state") since=$since age=$(($(date +%s) - since))"
}

# made_by RELEASE: who pushed it.
made_by() { sed -n "/\"kind\":\"push\",\"run\":\"$1\"/s/.*\"by\":\"\([^\"]*\)\".*/\1/p" "$ROOT/.deployer/history.jsonl" 2>/dev/null | tail -n 1; }

show_releases() {
  date=$(date +%s)
  previous=
  [ -z "$live" ] || previous_of "$live"
  for one in $(releases); do
    good=no
    [ ! -f "$ROOT/releases/$one/.deployer/proven" ] || good=yes
    target=no
    [ "$one" != "$previous" ] || target=yes
    manifest=$ROOT/releases/$one/.deployer/manifest.json
    ev "fact release name=$one good=$good target=$target age=$((date - $(stat -c %Y "$manifest"))) by=$(word "$(made_by "$one")") manifest=$(word "$(cat "$manifest")")"
  done
}

# remote_head REPO REF: for a client that cannot reach the repository itself.
remote_head() {
  git_environment
  refs=$(remote_git 30 ls-remote -q "$1" "$2" "$2^{}") || { ev "refused fetch"; end refused; }
  # The peeled form comes last: an annotated tag's own id is not a commit. Longer names may end alike.
  head=$(printf '%s\n' "$refs" | while read -r sha name; do
    case $name in "$2" | "$2^{}") printf '%s\n' "$sha" ;; esac
  done | tail -n 1)
  ev "fact head revision=$head"
}

# show_history COUNT: the newest lines, oldest first.
show_history() { tail -n "$1" "$ROOT/.deployer/history.jsonl" 2>/dev/null | while IFS= read -r line; do ev "fact history value=$(word "$line")"; done; }

# What a push would do, as far as it can be known without fetching.
foresee() {
  # What a push would send; it is compared on its way and kept nowhere.
  env_id=
  if [ -n "$live" ]; then head -c "$length" | tell_changes -; else head -c "$length" >/dev/null; fi
  if sha256sum --status -c 2>/dev/null <<LIST
$SYSTEM_FILES
LIST
  then ev "fact system value=same"; else ev "fact system value=changed"; fi
  have=no
  ! git --git-dir="$ROOT/repo.git" cat-file -e "$1^{commit}" 2>/dev/null || have=yes
  ev "fact mirror has=$have revision=$1"
  [ "$have" = yes ] || return 0
  for one in $(git --git-dir="$ROOT/repo.git" ls-tree --name-only "$1" -- uv.lock requirements.txt pyproject.toml setup.py); do
    ev "fact names-packages path=$one"
  done
}
