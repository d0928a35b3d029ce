# --- static: the files that nginx serves ---

# publish_static SOURCE ADDRESS...: of a directory of the release, or of what was collected; see static.py. The trial
# looks at the result. Until the release has its name, nothing leads there.
publish_static() {
  from=$1
  shift
  case $5 in *brotli*) check_brotli ;; esac
  if [ -z "$from" ]; then
    from=$collected
    : >"$run/blobs"
  else
    [ -d "$part/$from" ] || { fail "static-missing path=$from"; return 1; }
    list_blobs "$from"
  fi
  published=$(umask 022 && python3 -I -S -c "$STATIC_PY" "$ROOT" "$ID" "$part" "$from" "$@" "$run/blobs" "$run/exported" "${stored-}")
  rc=$?
  while read -r kind rest; do
    case $kind in
      warn) ev "warn $rest" ;;
      fail) fail "$rest" ;;
      made) tell_made "$rest" ;;
    esac
  done <<LIST
$published
LIST
  rm -f "$run/blobs"
  [ -z "${collected-}" ] || rm -rf "$collected"
  [ "$rc" -eq 0 ]
}

# nginx would only say that it does not know a directive, and Python that there is no such file.
check_brotli() {
  command -v brotli >/dev/null || refuse "no-brotli what=program"
  [ "$NGINX_PORT" -eq 0 ] || serves_brotli || refuse "no-brotli what=module"
}

# The same, and what goes to a storage is written down for the step that sends it.
publish_stored() {
  stored=$run/stored
  publish_static "$@"
}

tell_made() {
  case $1 in
    *' new=none') ev "decided static value=unchanged" ;;
    *) ev "decided static value=${1#* new=} why=new" ;;
  esac
}

# list_blobs DIRECTORY: what git has below it, with the attributes that hold there, for whoever then need not read it.
list_blobs() {
  repository=$ROOT/repo.git attributes=.gitattributes above=
  each=$1/
  while [ -n "$each" ]; do
    above=$above${each%%/*}/ each=${each#*/}
    attributes="$attributes $above.gitattributes"
  done
  # shellcheck disable=SC2086 # paths of deploy.yaml have no blanks
  git --git-dir="$repository" ls-tree -r -z "$revision:$within" -- "$1" $attributes >"$run/blobs" || : >"$run/blobs"
  [ -z "$within" ] || git --git-dir="$repository" ls-tree -r -z "$revision" | grep -z '[/	].gitattributes$' >>"$run/blobs" || :
}
