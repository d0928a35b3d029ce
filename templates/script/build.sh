# --- build: static files that a command of the project makes of others ---

# build_static OUTPUT ACCOUNT PHASE SECONDS COMMAND INPUT...: in the release; or the result that an older release got from
# the same command, inputs, packages and environment.
build_static() {
  with="$venv
$env_id"
  have_build build_here "$@"
}

# take_build, with the same words: what the client makes of them, in a checkout of its own, unless an older release got it.
take_build() {
  with=client
  have_build ask_for_build "$@"
}

# have_build MAKE OUTPUT ACCOUNT PHASE SECONDS COMMAND INPUT...
have_build() {
  make=$1
  shift
  output=$1 build=$5
  name_build "$@" || return 1
  kept=$ROOT/builds/$key
  if [ -d "$kept" ]; then
    ev "decided build value=reused key=$key"
    clear_output && cp -a --reflink=auto "$kept/." "$part/$output" || return 1
  else
    "$make" "$@" && keep_build || return 1
  fi
  echo "$key" >"$part/.deployer/build"
}

build_here() {
  task "$2" "$3" "$4" "$5" || { fail static-build; return 1; }
  if [ ! -d "$part/$output" ] || [ -L "$part/$output" ] || [ -z "$(ls -A "$part/$output")" ]; then
    fail "static-output path=$output"
    return 1
  fi
}

ask_for_build() {
  ev "decided build value=client"
  ev "wanted build"
  await_answer "$(($4 + 60))" || { fail client-unanswered; return 1; }
  IFS= read -r said_first <"$run/answer"
  case $said_first in
    made) ;;
    'fault '*) fail "${said_first#fault } path=$output"; return 1 ;;
    *) fail client-unanswered; return 1 ;;
  esac
  clear_output && tail -n +2 "$run/answer" | tar -x -z --no-same-owner --no-same-permissions -C "$part/$output" -f - ||
    { fail "client-output path=$output"; return 1; }
  rm -f "$run/answer"
}

clear_output() { rm -rf "${part:?}/$output" && mkdir -p "$part/$output"; }

# name_build OUTPUT ACCOUNT PHASE SECONDS COMMAND INPUT...: $key is of all that the result depends on, as far as anybody said.
name_build() {
  shift 5
  tree=$revision:$within repository=$ROOT/repo.git
  for input; do
    [ -n "$(git --git-dir="$repository" ls-tree "$tree" -- "$input")" ] || { fail "static-input path=$input"; return 1; }
  done
  if [ $# -gt 0 ]; then
    inputs=$(git --git-dir="$repository" ls-tree "$tree" -- "$@") || return 1
  else
    inputs=$(git --git-dir="$repository" rev-parse "$tree") || return 1
  fi
  key=$(printf '%s\n' "$build" "$output" "$with" "$inputs" | sha256sum)
  key=${key%"${key#????????????????}"}
}

# A copy: hooks may still change the release. It has its name when it is on the disk.
keep_build() {
  made=$ROOT/builds/.$ID.part
  rm -rf "$made" && mkdir -p "$made" && cp -a --reflink=auto "$part/$output/." "$made" && sync_tree "$made" && mv -T "$made" "$kept"
}
