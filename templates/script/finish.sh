# --- finish: tidying up, which can no longer change the outcome ---

# The old generation finishes its requests; connections still queued at its socket need the second.
drain() {
  retire_processes
  case $takeover in
    reload) return 0 ;;
    restart) install_unit "$idle" "$RELEASE" && return ;;
  esac
  if [ -z "$first" ]; then
    sleep 1
    rm -f "$ROOT/slots/$slot"
    unit stop "$slot"
  fi
  case $idle in a) install_unit b "$RELEASE" ;; b) install_unit a "$RELEASE" ;; esac
}

history() {
  printf '{"time":"%s","kind":"%s","run":"%s","release":"%s","previous":"%s","outcome":"%s","by":"%s"%s}\n' \
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$KIND" "$ID" "$RELEASE" "${live:--}" "$1" "$BY" "${database:+,\"database\":\"$database\"}" >>"$ROOT/.deployer/history.jsonl"
}

# manifest_of RELEASE KEY: one plain value of its manifest.
manifest_of() { sed -n "s/.*\"$2\":\"\\{0,1\\}\\([A-Za-z0-9._-]*\\)\"\\{0,1\\}.*/\\1/p" "$ROOT/releases/$1/.deployer/manifest.json" 2>/dev/null; }

# Releases in the order this host made them, newest first; names and clocks decide nothing.
releases() {
  sed -n 's/^{"release":"\([^"]*\)","sequence":\([0-9]*\),.*/\2 \1/p' "$ROOT"/releases/*/.deployer/manifest.json 2>/dev/null |
    sort -rn | cut -d' ' -f2
}

# previous_of RELEASE: where a rollback from it goes, so that a release that was taken back is not a target again.
previous_of() {
  read -r previous <"$ROOT/releases/$1/.deployer/proven" 2>/dev/null || previous=
  if [ -f "$ROOT/releases/${previous:--}/.deployer/proven" ]; then return 0; fi
  # That one is gone: the newest good one older than this.
  previous='' seen=''
  for one in $(releases); do
    if [ -n "$seen" ] && [ -f "$ROOT/releases/$one/.deployer/proven" ]; then previous=$one && return 0; fi
    [ "$one" != "$1" ] || seen=yes
  done
}

# keep_releases KEEP: $kept are the good ones that are the newest, the live one, its rollback target, and those at work.
keep_releases() {
  previous_of "$RELEASE"
  kept=" $RELEASE ${live:--} $previous $(releases_at_work)" good=0
  for one in $(releases); do
    [ -f "$ROOT/releases/$one/.deployer/proven" ] || continue
    good=$((good + 1))
    [ "$good" -gt "$1" ] || kept="$kept$one "
  done
}

# prune KEEP DAYS: releases that are not to be kept, and what no kept release names.
prune() {
  stuck=0
  keep_releases "$1"
  case $(releases) in *"$RELEASE"*) ;; *) return 1 ;; esac
  for dir in "$ROOT"/releases/*; do
    case $kept in *" ${dir##*/} "*) ;; *) remove_unneeded "$dir" ;; esac
  done
  prune_static "$2"
  for dir in "$ROOT"/pages/*; do
    [ -L "$dir" ] || [ -d "$ROOT/releases/${dir##*/}" ] || remove_unneeded "$dir"
  done
  prune_builds
  named=$(readlink "$ROOT"/releases/*/venv "$ROOT"/releases/*/.deployer/env)$newline
  # A list that lacks what is live is no list to delete by.
  for link in venv .deployer/env; do
    one=$(readlink "$ROOT/releases/$RELEASE/$link") || return 1
    case $named in *"$one$newline"*) ;; *) return 1 ;; esac
  done
  for dir in "$ROOT"/venvs/* "$ROOT"/env/*; do
    case $named in *"/${dir##*/}$newline"*) ;; *) remove_unneeded "$dir" ;; esac
  done
  prune_pythons
  prune_content
  # Every fetch adds a pack; git itself knows when there are too many.
  for one in "$ROOT/repo.git" "$ROOT"/modules/*.git; do
    [ ! -d "$one" ] || git --git-dir="$one" -c gc.autoDetach=false gc --auto -q 2>/dev/null
  done
  # shellcheck disable=SC2012 # names of our own making
  ls -1t "$ROOT/.deployer/runs" | tail -n +31 | while read -r old; do rm -rf "$ROOT/.deployer/runs/$old"; done
  with_nameless count_stuck
  [ "$stuck" -eq 0 ] || ev "warn not-removed count=$stuck path=$(word "$stays")"
}

# remove_unneeded DIRECTORY: it loses its name first, so that nobody takes what is left of it for a release or a virtualenv.
remove_unneeded() {
  [ -e "$1" ] || [ -L "$1" ] || return 0
  gone=${1%/*}/.${1##*/}.$ID.part
  if mv -T "$1" "$gone"; then rm -rf "$gone"; else count_stuck "$1"; fi
}

# count_stuck PATH...: somebody may have run the app as root, and what that wrote is not this login's to remove.
count_stuck() {
  for rest; do
    [ -e "$rest" ] || continue
    stuck=$((stuck + 1))
    [ "$stuck" -gt 1 ] || stays=$rest
  done
}

# What git LFS brought and no release was made of.
prune_content() {
  [ -d "$ROOT/lfs" ] || return 0
  rm -rf "$ROOT/lfs/incomplete" "$ROOT/lfs/tmp"
  cat "$ROOT"/releases/*/.deployer/lfs 2>/dev/null | sort -u >"$run/lfs"
  find "$ROOT/lfs" -type f | grep -vFf "$run/lfs" | xargs -rd '\n' rm -f
  find "$ROOT/lfs" -mindepth 1 -type d -empty -delete
  rm -f "$run/lfs"
}

# prune_static DAYS: trees that no release names, and files of the store that have been in none for so many days.
prune_static() {
  for dir in "$ROOT"/static/*; do
    case ${dir##*/} in store | trees | live | previous) continue ;; esac
    [ -d "$ROOT/releases/${dir##*/}" ] || remove_unneeded "$dir"
  done
  named=$(readlink "$ROOT"/static/*)$newline
  for dir in "$ROOT"/static/trees/*; do
    case $named in *"trees/${dir##*/}$newline"*) ;; *) remove_unneeded "$dir" ;; esac
  done
  # A file that is in a tree has another link, and the loss of the last one is its last change. Whoever copied the host
  # file by file lost the links, and nothing can be told from them.
  [ -d "$ROOT/static/store" ] || return 0
  lonely=$(find "$ROOT/static/trees" -type f -links 1 -print -quit) || return 0
  [ -n "$lonely" ] || find "$ROOT/static/store" -type f -links 1 -cmin "+$(($1 * 1440))" -delete
}

# Those of uv that no virtualenv runs with.
prune_pythons() {
  used=$(readlink -f "$ROOT"/venvs/*/bin/python)
  for dir in "$ROOT"/venvs/.python-*; do
    case $used in *"$dir/"*) continue ;; esac
    [ -L "$dir" ] || remove_unneeded "$dir"
  done
  for dir in "$ROOT"/venvs/.python-*; do
    [ -e "$dir" ] || rm -f "$dir"
  done
}

# Results of builds that no release has.
prune_builds() {
  used=$(cat "$ROOT"/releases/*/.deployer/build 2>/dev/null)$newline
  for dir in "$ROOT"/builds/*; do
    case $used in *"${dir##*/}$newline"*) ;; *) remove_unneeded "$dir" ;; esac
  done
}
