# --- packages: the virtualenv of a release, found by what it is made of ---

# virtualenv PYTHON INSTALLER INDEX HASHES GUNICORN FILE...: found by what it is made of, or made.
virtualenv() {
  python=python3
  [ -z "$1" ] || python=python$1
  command -v "$python" >/dev/null || refuse "python version=$1"
  installer=$2
  if [ "$installer" = auto ]; then installer=pip && command -v uv >/dev/null && installer=uv; fi
  command -v "$installer" >/dev/null || [ "$installer" = pip ] || refuse "tool name=$installer"
  index=$3 hashes=$4 pin=$5
  shift 5
  facts=$("$python" -I -S -c "$REQUIREMENTS_PY" "$part" "$installer $index $hashes $pin" "$@") || { fail requirements; return 1; }
  # Three plain words: key, Python, and whether gunicorn is among the requirements.
  # shellcheck disable=SC2086
  set -- $facts "$@"
  venv=$1 version=$2
  [ "$3" = yes ] && pin=
  if [ -n "$pin" ] && [ "$hashes" = yes ]; then fail gunicorn-hash; return 1; fi
  shift 3
  [ -z "$pin" ] || ev "decided gunicorn value=$pin why=missing"
  if [ -f "$ROOT/venvs/$venv/.complete" ]; then
    ev "decided virtualenv value=reused key=$venv python=$version"
    return 0
  fi
  ev "decided virtualenv value=built key=$venv python=$version installer=$installer"
  made=$ROOT/venvs/$venv
  rm -rf "$made"
  if ! "install_$installer" "$@" >"$run/frozen"; then
    rm -rf "$made"
    fail install
    return 1
  fi
  # Named complete only once all of it is on disk: a power cut must not leave half a package behind a good name.
  sync_tree "$made" && put "$made/.complete" "$(cat "$run/frozen")"
}

# Both installers: everything they say goes to the log, the frozen list to standard output.
install_uv() {
  limit 300 uv venv -q --python "$python" "$made" >&2 || return 1
  requirements_of "$@"
  # shellcheck disable=SC2086 # a list of plain words
  (cd "$part" && limit 1800 uv pip install --python "$made/bin/python" --compile-bytecode $options) >&2 &&
    uv pip freeze -q --python "$made/bin/python"
}

# One pip serves all virtualenvs of a Python: giving each its own costs seconds.
install_pip() {
  tools=$ROOT/venvs/.pip-$version
  if [ ! -f "$tools/.complete" ]; then
    rm -rf "$tools"
    "$python" -m venv "$tools" >&2 && sync_tree "$tools" && : >"$tools/.complete" || return 1
  fi
  if "$tools/bin/pip" --python "$tools/bin/python" --version >/dev/null 2>&1; then
    "$python" -m venv --without-pip "$made" >&2 && set -- "$tools/bin/pip" "$@" || return 1
  else # before pip 22.3
    "$python" -m venv "$made" >&2 && set -- "$made/bin/pip" "$@" || return 1
  fi
  pip=$1
  shift
  requirements_of "$@"
  # shellcheck disable=SC2086 # a list of plain words
  (cd "$part" && limit 1800 "$pip" --python "$made/bin/python" install --no-input --disable-pip-version-check \
    --retries 2 --timeout 15 $options) >&2 &&
    "$pip" --python "$made/bin/python" --disable-pip-version-check freeze
}

requirements_of() {
  options=
  [ -z "$index" ] || options="-i $index"
  [ "$hashes" = no ] || options="$options --require-hashes"
  for file; do options="$options -r $file"; done
  options="$options $pin"
}
