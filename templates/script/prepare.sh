# --- prepare: everything that can fail, done before anything changes ---

# Facts about the live generation: $live its release, $slot where it runs, $idle the other one.
find_live() {
  target "$ROOT/current" && live=$named
  slot=$(readlink "$ROOT/web.sock" 2>/dev/null) || slot=
  slot=${slot%/*}
  slot=${slot##*/}
  case $slot in a) idle=b first='' ;; b) idle=a first='' ;; *) slot='' idle=a first=yes ;; esac
  [ -n "$live" ] || slot='' idle=a first=yes
}

# The same script, the same environment, proven and running: nothing to do.
unchanged() {
  find_live
  env_name
  [ "$KIND" = push ] && [ -n "$live" ] && [ -f "$ROOT/releases/$live/.deployer/proven" ] || return 1
  digest=$(sha256sum <"$self")
  grep -q "\"script\":\"${digest%% *}\"" "$ROOT/releases/$live/.deployer/manifest.json" || return 1
  target "$ROOT/releases/$live/.deployer/env"
  [ "$named" = "$env_id" ] && whole && systemctl -q is-active "$APP-$slot.service" && sha256sum --status -c <<LIST
$SYSTEM_FILES
LIST
}

# Whether nobody took away a part of the live release.
whole() {
  [ -f "$ROOT/releases/$live/venv/.complete" ] && [ -f "$ROOT/env/$env_id" ] || return 1
  target "$ROOT/slots/$slot"
  [ "$named" = "$live" ] || return 1
  if [ -d "$ROOT/static/$live" ]; then
    target "$ROOT/static/live"
    [ "$named" = "$live" ] || return 1
  fi
  [ "$NGINX_PORT" -eq 0 ] || [ -e "/etc/nginx/sites-enabled/$APP.conf" ]
}

tell_live() {
  ev "fact live release=$live revision=$(manifest_of "$live" revision) slot=$slot"
}

# The name carries a salt of the host, so that it tells nothing about short secrets.
env_name() {
  env_id=$(cat "$ROOT/.deployer/salt" "$run/env" | sha256sum)
  env_id=${env_id%"${env_id#????????????????}"}
}

check_host() {
  # Every path that a worker reports is a real one.
  [ "$(readlink -f "$ROOT")" = "$ROOT" ] || refuse root-link
  if [ "$NGINX_PORT" -ne 0 ]; then
    [ -e "/etc/nginx/sites-enabled/$APP.conf" ] || refuse not-set-up
    systemctl -q is-active nginx.service || refuse nginx-down
  fi
  for tool in git python3 tar sha256sum setsid; do
    command -v "$tool" >/dev/null || refuse "tool name=$tool"
  done
  if [ -e "$ROOT/current" ] && [ ! -L "$ROOT/current" ]; then refuse layout; fi
  as_app true || refuse "sudo user=$RUNAS"
  last=$(manifest_of "$live" kilobytes)
  need=$((65536 + ${last:-0} * 3 / 2))
  # shellcheck disable=SC2046 # two numbers
  set -- $(df --output=avail,iavail -k "$ROOT" | tail -n 1)
  [ "$1" -ge "$need" ] || refuse "disk need=${need}kB have=${1}kB"
  [ "$2" = - ] || [ "$2" -eq 0 ] || [ "$2" -ge 2000 ] || refuse "inodes need=2000 have=$2"
  [ -z "$live" ] || tell_live
}

# export REVISION: the commit's files, without git's own, into the release that is being made.
export_release() {
  part=$ROOT/releases/.$ID.part
  mkdir "$part" || return 1
  { git --git-dir="$ROOT/repo.git" -c tar.umask=0022 archive --format=tar "$1" || : >"$run/archive-failed"; } |
    tar -x -C "$part" -f - || return 1
  # tar does not notice a stream that ends between two members.
  [ ! -e "$run/archive-failed" ] || { fail archive; return 1; }
  for own in .deployer venv; do
    if [ -e "$part/$own" ] || [ -L "$part/$own" ]; then fail "reserved name=$own"; return 1; fi
  done
  # shellcheck disable=SC2016 # expanded by the inner sh
  find "$part" -type l -exec sh -c '
    for link; do
      case $(realpath -m -- "$link") in "$0" | "$0"/*) ;; *) printf "%s leaves the release\n" "$link"; bad=1 ;; esac
    done
    [ -z "${bad-}" ]' "$part" {} + || { fail link-leaves-release; return 1; }
  mkdir "$part/.deployer"
}

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
  if [ -f "$ROOT/venvs/$venv/.complete" ] && has_gunicorn "$ROOT/venvs/$venv"; then
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

# A look at one of its packages: somebody may have emptied it by hand.
has_gunicorn() {
  set -- "$1"/lib/*/site-packages/gunicorn/__init__.py
  [ -f "$1" ]
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

# environment: the client's bytes under a name made of them.
environment() {
  file=$ROOT/env/$env_id
  if [ -f "$file" ]; then rm -f "$run/env"; return 0; fi
  (umask 027 && cat "$run/env" >"$file.$$") && sync_file "$file.$$" && mv -fT "$file.$$" "$file" && rm -f "$run/env"
}

# Links of the release: its packages, its environment, and what all releases share.
link_release() {
  ln -s "../../venvs/$venv" "$part/venv" &&
    ln -s "../../../env/$env_id" "$part/.deployer/env" &&
    put_file gunicorn_conf "$part/.deployer/gunicorn.conf.py" || return 1
  uploads=$1
  shift
  # nginx reads it by a group that only root can give.
  [ -z "$uploads" ] || [ -d "$ROOT/shared/$uploads" ] || refuse not-set-up
  for path; do
    share "$path" || { fail "shared path=$path"; return 1; }
  done
}

put_file() { "file_$1" >"$2" && chmod 640 "$2"; }

share() {
  kept=$ROOT/shared/$1
  if ! [ -d "$kept" ]; then
    as_app rm -rf "$kept.part" && as_app mkdir -p "$kept.part" || return 1
    # What the repository keeps there is where the shared directory starts from, once and whole.
    if [ -d "$part/$1" ]; then tar -c -C "$part/$1" . | as_app tar -x -C "$kept.part" || return 1; fi
    as_app mv -T "$kept.part" "$kept" || return 1
  fi
  rm -rf "${part:?}/$1" && mkdir -p "$(dirname "$part/$1")" && ln -s "$kept" "$part/$1"
}

# publish_static URL SOURCE: hard links beside the release, below the path that nginx serves them at.
publish_static() {
  [ -d "$part/$2" ] || { fail "static-missing path=$2"; return 1; }
  made=$ROOT/static/.$ID.part
  mkdir -p "$made$1" && cp -al "$part/$2/." "$made$1" && chmod -R a+rX "$made"
}

# seal MANIFEST-HEAD: complete on disk before it has a name that `current` could take.
seal() {
  set -- "$1" "$(sha256sum <"$self")" "$(du -sk "$part")" "$(cat "$ROOT/.deployer/sequence" 2>/dev/null || echo 0)"
  sequence=$(($4 + 1))
  printf '{"release":"%s","sequence":%s,%s,"venv":"%s","env":"%s","kilobytes":%s,"script":"%s","files":{%s}}\n' "$ID" "$sequence" "$1" \
    "$venv" "$env_id" "${3%%[!0-9]*}" "${2%% *}" "$(system_json)" >"$part/.deployer/manifest.json" || return 1
  sync_tree "$part" && put "$ROOT/.deployer/sequence" "$sequence" &&
    { [ ! -d "$ROOT/static/.$ID.part" ] || mv -T "$ROOT/static/.$ID.part" "$ROOT/static/$ID"; } &&
    mv -T "$part" "$ROOT/releases/$ID" && sync_file "$ROOT/releases"
}

# Undo prepare.
discard() {
  remove_unfinished
  put_system_back
  # A release with a name that was never activated: only this run can have made it.
  [ "$KIND" != push ] || rm -rf "$ROOT/releases/$ID" "$ROOT/static/$ID"
  end_trial
}

# What only a run that was cut short leaves: nothing here has a name that anybody trusts.
remove_unfinished() {
  rm -rf "$ROOT"/releases/.*.part "$ROOT"/static/.*.part "$ROOT/repo.git.part"
  for dir in "$ROOT"/venvs/* "$ROOT"/venvs/.pip-*; do
    [ ! -d "$dir" ] || [ -f "$dir/.complete" ] || rm -rf "$dir"
  done
}
