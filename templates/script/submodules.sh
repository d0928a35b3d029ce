# --- submodules: each from a bare mirror of its own, at the commit that its parent pins ---

# submodules REVISION PATH: of what is exported already, and theirs in turn.
submodules() {
  set -- "$1" "$2" "$mirror" "$url"
  add_modules "$3" "$4" "$1" "$2" "$part" 1
  set -- "$3" "$4" $?
  mirror=$1 url=$2
  return "$3"
}

# add_modules MIRROR URL REVISION PATH DIRECTORY DEPTH
add_modules() {
  [ "$6" -le 10 ] || { fail submodule-depth; return 1; }
  pins=$run/modules.$6
  git --git-dir="$1" -c core.quotePath=false ls-tree -r "$3" ${4:+"$4"} | sed -n 's/^160000 commit \([0-9a-f]*\)\t/\1 /p' >"$pins" || return 1
  [ -s "$pins" ] || return 0
  git --git-dir="$1" show "$3:.gitmodules" >"$pins.urls" || { fail "submodule-url path=.gitmodules"; return 1; }
  while IFS= read -r line <&3; do
    pin=${line%% *} path=${line#* }
    # Git quotes a name that a line cannot hold.
    case $path in '"'*) fail "submodule-url path=$(word "$path")"; return 1 ;; esac
    place=$path
    [ -z "$4" ] || place=${path#"$4/"}
    # Left out of the archive by an attribute: left out.
    if [ ! -d "$5/$place" ] || [ -L "$5/$place" ]; then continue; fi
    module_url "$run/modules.$6.urls" "$path" "$2" || { fail "submodule-url path=$(word "$path")"; return 1; }
    fetch_module "$pin" "$path" || return 1
    unpack_module "$pin" "$5/$place" || { fail archive; return 1; }
    large_files "$pin" "$5/$place" || return 1
    add_modules "$mirror" "$url" "$pin" '' "$5/$place" $(($6 + 1)) || return 1
  done 3<"$pins"
}

# module_url GITMODULES PATH PARENT-URL: sets $url, to one that is safe to fetch from.
module_url() {
  name=$(git config -z -f "$1" --get-regexp '^submodule\..*\.path$' | tr '\n\0' '\t\n' |
    WANTED=$2 awk -F '\t' '$2 "" == ENVIRON["WANTED"] "" { sub(/\.path$/, "", $1); print $1; exit }')
  [ -n "$name" ] && url=$(git config -f "$1" --get "$name.url") || return 1
  case $url in ./* | ../*) url=$(below_url "$3" "$url") ;; esac
  safe_url "$url"
}

# below_url PARENT RELATIVE: as git does it, by cutting the parent's last part for every `../`.
below_url() {
  set -- "${1%/}" "$2"
  while :; do
    case $2 in
      ../*)
        case $1 in
          *://*/* | [!:]*:*/*) set -- "${1%/*}" "${2#../}" ;;
          *://* | *:) return 1 ;;
          *:*) set -- "${1%:*}:" "${2#../}" ;;
          *) return 1 ;;
        esac
        ;;
      ./*) set -- "$1" "${2#./}" ;;
      *) break ;;
    esac
  done
  case $1 in *:) printf '%s\n' "$1$2" ;; *) printf '%s\n' "$1/$2" ;; esac
}

# fetch_module REVISION PATH: sets $mirror.
fetch_module() {
  key=$(printf %s "$url" | sha256sum)
  mirror=$ROOT/modules/${key%"${key#????????????????}"}.git absent="submodule-missing path=$(word "$2") revision=$1"
  [ -d "$ROOT/modules" ] || mkdir -m 700 "$ROOT/modules" || return 1
  open_mirror || return 1
  have_commit "$1" && return 0
  git_environment
  # A name of its own keeps the commit, whatever becomes of its branch.
  fetch_refs "+$1:refs/pins/$1" && have_commit "$1" || fetch_commit '' "$1"
}

unpack_module() { unpack "$1" '' "$2" || { [ -z "$said" ] && mend "$1" && unpack "$1" '' "$2"; }; }
