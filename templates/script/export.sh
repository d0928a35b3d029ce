# --- export: the commit's files become the release ---

# export_release REVISION PATH SUBMODULES: without git's own files; of one directory alone where PATH names it.
export_release() {
  part=$ROOT/releases/.$ID.part revision=$1 within=$2
  unpack_release "$1" "$2" || { [ -z "$said" ] && mend "$1" && unpack_release "$1" "$2"; } || { fail archive; return 1; }
  rm -f "$run/lfs"
  large_files "$1" "$part" || return 1
  [ "$3" != yes ] || submodules "$1" "$2" || return 1
  for own in .deployer venv; do
    if [ -e "$part/$own" ] || [ -L "$part/$own" ]; then fail "reserved name=$own"; return 1; fi
  done
  [ "$GIT_AUTH" != token ] || rm -f "$run/token"
  look_at_files "$1" "$2" "$3" && mkdir "$part/.deployer" || return 1
  [ ! -s "$run/lfs" ] || sort -u "$run/lfs" >"$part/.deployer/lfs" || return 1
  rm -f "$run/lfs" "$run/pointers"
  # What is changed after this is no longer as git wrote it.
  : >"$run/exported"
}

# unpack_release REVISION PATH: said nothing, and failed, where the mirror is at fault.
unpack_release() {
  if [ -n "$2" ]; then
    found=$(git --git-dir="$mirror" ls-tree "$1" "$2") || return 1
    case $found in
      '040000 tree '*) ;;
      *) fail "path-missing path=$2"; return 1 ;;
    esac
  fi
  rm -rf "$part" && mkdir "$part" || { fail export; return 1; }
  unpack "$1" "$2" "$part"
}

# unpack REVISION PATH DIRECTORY: files of the commit in $mirror.
unpack() {
  rm -f "$run/archive-failed"
  # The commit and not its subtree: that keeps the commit's time, and the attributes from above.
  set -- "$1" "$2" "$3" "$(depth "$2")"
  # Where git-lfs is installed, git would have it fetch files one by one, with no login of ours.
  { git --git-dir="$mirror" -c filter.lfs.smudge= -c filter.lfs.process= -c filter.lfs.required=false -c tar.umask=0022 archive --format=tar "$1" ${2:+"$2"} || echo $? >"$run/archive-failed"; } |
    tar -x --strip-components="$4" -C "$3" -f - && [ ! -e "$run/archive-failed" ] && return 0
  # Neither git nor a git that lost its reader (128 + PIPE): tar could not write.
  case $(cat "$run/archive-failed" 2>/dev/null) in '' | 141) fail export ;; esac
  return 1
}

# depth PATH: how many parts it has.
depth() {
  set -- "$1" 0
  while [ -n "$1" ]; do
    case $1 in */*) set -- "${1#*/}" $(($2 + 1)) ;; *) set -- '' $(($2 + 1)) ;; esac
  done
  echo "$2"
}

# look_at_files REVISION PATH SUBMODULES: what must not be served as it is.
look_at_files() {
  rm -f "$run/empty"
  # shellcheck disable=SC2016 # expanded by the inner sh
  find "$part" -type l -exec sh -c '
    for link; do
      case $(realpath -m -- "$link") in "$0" | "$0"/*) ;; *) printf "%s leaves the release\n" "$link"; bad=1 ;; esac
    done
    [ -z "${bad-}" ]' "$part" {} + -o -type d -empty -fprint "$run/empty" || { fail link-leaves-release; return 1; }
  # Git has no empty directories: where there is one, another repository belongs.
  if [ -z "$3" ] && [ -s "$run/empty" ]; then
    found=$(git --git-dir="$mirror" ls-tree -r "$1" ${2:+"$2"} | sed -n 's/^160000 commit [0-9a-f]*\t//p' | head -n 1)
    [ -z "$found" ] || { fail "submodules path=$(word "$found")"; return 1; }
  fi
}
