# --- packages: the virtualenv of a release, found by what it is made of, or made ---

# What is fetched where a lock or the file asks for uv and the host has none.
UV=0.13.9

# virtualenv PYTHON FROM INSTALLER INDEX HASHES GUNICORN INSTALL SOURCE EXTRAS GROUPS FILE...
# FROM: host or uv. SOURCE: detect, files (those named) or project. INSTALL: whether the app itself is installed too.
virtualenv() {
  installer=$3 asked=$3 index=$4 hashes=$5 pin=$6 serves=$6 install=$7 source=$8
  find_python "$1" "$2"
  shift 8
  extras=$1 groups=$2 list=$run/packages.txt
  shift 2
  facts=$("$python" -I -S -c "$PACKAGES_PY" key "$part" "$installer $index $hashes $pin" "$list" "$source" "$install" "$extras" "$groups" "$@") ||
    { fail requirements; return 1; }
  # Plain words; what follows them is the files' names.
  # shellcheck disable=SC2086
  set -- $facts "$@"
  key=$1 version=$2 from=$3 how=$4 has=$5 loose=$6 names=$7
  shift 7
  [ "$from" != requirements.txt ] || [ "$source" = files ] || set -- "$from"
  [ "$source" = files ] || ev "decided packages value=$from"
  case $how in
    files | lines) settle_gunicorn || return 1 ;;
  esac
  if [ "$hashes$how" = yeslines ] || [ "$hashes$how" = yesbuild ]; then fail "no-hashes from=$from"; return 1; fi
  choose_virtualenv
  made=$ROOT/venvs/$venv
  if [ -f "$made/.complete" ] && has_gunicorn; then
    ev "decided virtualenv value=reused key=$venv python=$version"
  else
    build "$@" || return 1
  fi
  tell_packages
}

# A look at one of its packages: somebody may have emptied it by hand.
has_gunicorn() {
  [ -n "$serves" ] || return 0
  set -- "$made"/lib/*/site-packages/gunicorn/__init__.py
  [ -f "$1" ]
}

# One that was refreshed is used for as long as it is live and made of the same.
choose_virtualenv() {
  venv=$key
  if [ -n "${REFRESH-}" ]; then
    venv=$key-${ID%%-*}
    ev "decided refresh value=$venv"
    return 0
  fi
  [ -n "$live" ] || return 0
  target "$ROOT/releases/$live/venv"
  case $named in "$key-"*) venv=$named ;; esac
}

# The server is part of every virtualenv: what nobody names is added, but not to what only hashes let in.
settle_gunicorn() {
  if [ "$has" = yes ] || [ -z "$serves" ]; then pin=; return 0; fi
  if [ "$how" = lock ]; then fail gunicorn-lock; return 1; fi
  if [ "$hashes" = yes ]; then fail "gunicorn-hash from=$from"; return 1; fi
  ev "decided gunicorn value=$pin why=missing"
}

# For every host of a fleet to be compared with the others; no program runs when nothing was installed.
tell_packages() {
  frozen='' packages=''
  { IFS= read -r frozen && IFS= read -r packages; } <"$made/.packages" 2>/dev/null || return 0
  ev "fact packages digest=$frozen list=$packages"
}

build() {
  if [ "$how" = lock ]; then need_uv || return 1; fi
  if [ "$installer" != uv ] && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    refuse "venv version=$version package=${python}-venv"
  fi
  ev "decided virtualenv value=built key=$venv python=$version installer=$installer"
  rm -rf "$made"
  if make_virtualenv "$@" && only_owner_writes "$made"; then
    rm -rf "$run/wheel"
    packages=$(cat "$run/frozen")
    frozen=$(sha256sum <"$run/frozen")
    # Named complete only once all of it is on disk: a power cut must not leave half a package behind a good name.
    printf '%s\n' "${frozen%"${frozen#????????????????}"}" "$(word "$(tr '\n' '\t' <"$run/frozen")")" >"$made/.packages" &&
      sync_tree "$made" && put "$made/.complete" "$packages" && return 0
  fi
  rm -rf "$made"
  fail install
  return 1
}

make_virtualenv() {
  "empty_$installer" || return 1
  wheel=
  case $how in
    lock)
      # shellcheck disable=SC2046 # plain words of a checked alphabet
      (cd "$part" && limit 300 uv export -q --frozen --no-dev --no-emit-project --no-header --no-annotate --python "$python" \
        $(each_of --extra "$extras") $(each_of --group "$groups") -o "$list") >&2 || return 1
      found "$list" uv.lock && settle_gunicorn || return 1
      ;;
    build)
      build_wheel && found "$list" "$from" "$wheel" "$extras" && settle_gunicorn || return 1
      ;;
  esac
  [ "$how" = files ] || set -- "$list"
  [ "$loose" -eq 0 ] || ev "warn unpinned count=$loose names=$names"
  options="$(index_option)"
  [ "$hashes" = no ] || options="$options --require-hashes"
  for file; do options="$options -r $file"; done
  # shellcheck disable=SC2086 # a list of plain words
  "pip_$installer" install $options $pin >&2 || return 1
  if [ "$install" = yes ]; then
    [ -n "$wheel" ] || build_wheel || return 1
    "pip_$installer" install --no-deps "$wheel" >&2 || return 1
  fi
  # Where the app's own wheel lay is nothing that tells two virtualenvs apart.
  "pip_$installer" freeze >"$run/freeze" && sed 's/ @ file:.*//' "$run/freeze" >"$run/frozen"
}

# Whatever an installer or a package says of modes: uv leaves a lock that everybody may write.
only_owner_writes() { find "$1" ! -type l -perm /022 -exec chmod go-w {} +; }

# What a list holds that the shell had to have made.
found() {
  facts=$("$python" -I -S -c "$PACKAGES_PY" found "$part" "$@") || { fail requirements; return 1; }
  # shellcheck disable=SC2086 # plain words
  set -- $facts
  has=$1 loose=$2 names=$3
}

each_of() {
  IFS=,
  # shellcheck disable=SC2086 # the split is what is wanted
  set -- "$1" $2
  for one; do [ "$one" = "$1" ] || printf '%s %s ' "$1" "$one"; done
}

index_option() { [ -z "$index" ] || printf '%s' "-i $index"; }

# build_wheel: the app as a package, from a copy, since builds write beside the source. It runs what the repository
# holds, as a source package of the index runs what it holds: as this login, within limits.
build_wheel() {
  rm -rf "$run/source" "$run/wheel"
  mkdir "$run/source" && (cd "$part" && tar -c --exclude=./.deployer --exclude=./venv .) | tar -x -C "$run/source" || return 1
  # A tool that asks git for the version finds none here, and any will do.
  (
    export SETUPTOOLS_SCM_PRETEND_VERSION=0 PBR_VERSION=0 PDM_BUILD_SCM_VERSION=0
    "wheel_$installer" >&2
  ) || { fail build; return 1; }
  rm -rf "$run/source"
  for wheel in "$run"/wheel/*.whl; do [ -f "$wheel" ] || { fail build; return 1; }; done
}

# --- the interpreter ---

# find_python VERSION FROM: $python, and what installs for it.
find_python() {
  python=python3
  case $2 in
    host)
      [ -z "$1" ] || python=python$1
      command -v "$python" >/dev/null || refuse "python version=$1 $(python_from "$1")"
      find_uv
      ;;
    uv)
      find_uv
      python_by_uv "$1"
      ;;
  esac
}

# python_by_uv VERSION: below the root, where no update of the host changes it.
python_by_uv() {
  newest=$ROOT/venvs/.python-$1
  if [ -n "${REFRESH-}" ]; then bring_python "$1" refresh
  elif [ ! -f "$newest/.complete" ]; then bring_python "$1" missing
  fi
  read -r python <"$newest/.complete"
}

# A newer one lies beside those that kept releases run with.
bring_python() {
  home=$ROOT/venvs/.python-$1-${ID%%-*}
  ev "decided python value=$1 why=$2"
  rm -rf "$home"
  uv_at_home install -q "$1" >&2 && python=$(uv_at_home find "$1") && python=$(readlink -f "$python") &&
    only_owner_writes "$home" && sync_tree "$home" && put "$home/.complete" "$python" && relink "${home##*/}" "$newest" ||
    { rm -rf "$home"; refuse "python-by-uv version=$1"; }
}

# Nothing of it in the login's own directories.
uv_at_home() {
  limit 900 env UV_PYTHON_INSTALL_DIR="$home" UV_PYTHON_INSTALL_BIN=0 UV_PYTHON_PREFERENCE=only-managed uv python "$@"
}

# --- the two installers ---

# find_uv: `auto` is uv where the host has it; what deployer put below the root counts.
find_uv() {
  uv_home=$ROOT/venvs/.uv-$UV
  if [ "$installer" = pip ]; then return 0; fi
  [ ! -f "$uv_home/.complete" ] || PATH=$PATH:$uv_home/bin
  # As long as pip waits.
  export UV_HTTP_TIMEOUT=15 UV_HTTP_RETRIES=2
  # A cache only saves time, and the login's directory may be closed to it.
  if ! mkdir -p "${HOME:-/}/.cache/uv" 2>/dev/null || ! [ -w "${HOME:-/}/.cache/uv" ]; then export UV_NO_CACHE=1; fi
  if command -v uv >/dev/null; then installer=uv; return 0; fi
  if [ "$installer" = auto ]; then installer=pip; else get_uv; fi
}

# A lock is uv's own.
need_uv() {
  [ "$installer" != uv ] || return 0
  if [ "$asked" = pip ]; then fail lock-pip; return 1; fi
  get_uv
}

# get_uv: it is a package of the index like any other.
# shellcheck disable=SC2046 # two plain words
get_uv() {
  ev "decided uv value=$UV why=missing"
  rm -rf "$uv_home"
  "$python" -m venv "$uv_home" >&2 && limit 600 "$uv_home/bin/pip" install --no-input --disable-pip-version-check \
    --retries 2 --timeout 15 --only-binary=:all: $(index_option) "uv==$UV" >&2 && sync_tree "$uv_home" && : >"$uv_home/.complete" ||
    { rm -rf "$uv_home"; refuse "uv version=$UV"; }
  PATH=$PATH:$uv_home/bin
  installer=uv
}

empty_uv() { limit 300 uv venv -q --python "$python" "$made" >&2; }

wheel_uv() { limit 900 uv build --wheel --python "$python" ${index:+--default-index "$index"} -o "$run/wheel" "$run/source"; }

pip_uv() {
  case $1 in
    install)
      shift
      (cd "$part" && limit 1800 uv pip install --python "$made/bin/python" --compile-bytecode "$@")
      ;;
    freeze) uv pip freeze -q --python "$made/bin/python" ;;
  esac
}

# One pip serves all virtualenvs of a Python: giving each its own costs seconds.
empty_pip() {
  tools=$ROOT/venvs/.pip-$version
  if [ ! -f "$tools/.complete" ]; then
    rm -rf "$tools"
    "$python" -m venv "$tools" >&2 && sync_tree "$tools" && : >"$tools/.complete" || return 1
  fi
  if "$tools/bin/pip" --python "$tools/bin/python" --version >/dev/null 2>&1; then
    pip=$tools/bin/pip
    "$python" -m venv --without-pip "$made" >&2
  else # before pip 22.3
    pip=$made/bin/pip
    "$python" -m venv "$made" >&2
  fi
}

# shellcheck disable=SC2046 # two plain words
wheel_pip() {
  limit 900 "$tools/bin/pip" wheel --no-input --disable-pip-version-check --retries 2 --timeout 15 --no-deps $(index_option) \
    -w "$run/wheel" "$run/source"
}

# shellcheck disable=SC2046 # two plain words
pip_pip() {
  case $1 in
    install)
      shift
      set -- install --no-input --retries 2 --timeout 15 "$@"
      ;;
  esac
  (cd "$part" && limit 1800 "$pip" $(python_option) --disable-pip-version-check "$@")
}

python_option() { [ "$pip" = "$made/bin/pip" ] || printf '%s' "--python $made/bin/python"; }
