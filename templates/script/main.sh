# --- the modes; see docs/reference/protocol.md ---

# The session's secret word, the sizes of the environment and of the token, and who it is come before any verb.
header() {
  IFS=' ' read -r NONCE length token_length BY WAIT
}

main() {
  mode=$1 ID=$2
  run=$STATE/runs/$ID
  RELEASE=$ID
  case $mode in
    run)
      become "$@"
      header
      attach "$length" "$token_length"
      ;;
    worker)
      IFS=' ' read -r NONCE BY WAIT _ <"$run/nonce"
      echo $$ >"$run/pid"
      "$WORK"
      ;;
    read | ask | follow)
      become "$@"
      header
      drop_bootstrap
      case $mode in
        ask) ask ;;
        follow) run='' && follow ;;
        read) run='' && receive_token && "$WORK" ;;
      esac
      ;;
    broker) serve_root ;;
    root)
      shift 2
      root_verb "$@"
      ;;
    *) exit 64 ;;
  esac
}

# Setup runs as root, and a check as whoever logged in; everything else as the tree's owner, also when root logged in.
become() {
  [ "$KIND" != check ] || return 0
  if [ "$KIND" = setup ]; then
    if [ "$SCOPE" = system ] && [ "$(id -u)" -ne 0 ]; then
      sudo -n true 2>/dev/null && exec sudo -n sh "$self" "$@"
      decline sudo
    fi
    open_setup
    return
  fi
  [ "$(id -u)" -eq 0 ] && [ "$OWNER" != root ] || return 0
  getent passwd "$OWNER" >/dev/null || decline not-set-up
  # Root runs what root received: its copy is made before the owner has one to change.
  if [ "$1" = run ]; then start_broker "$2" || exit 71; fi
  own=$(mktemp -d /tmp/deployer.XXXXXX) && cp "$self" "$own/s" && drop_bootstrap && chown -R "$OWNER:" "$own" || exit 71
  exec_as "$OWNER" env "HOME=$(getent passwd "$OWNER" | cut -d: -f6)" sh "$own/s" "$@"
}

decline() {
  header
  drop_bootstrap
  hello
  ev "refused $1"
  ev "end refused"
  exit 70
}

# Root's part of a run: it serves descriptors 7 and 8 and ends when their other ends, the worker's, are closed.
start_broker() {
  broker=$(mktemp -d /run/deployer.XXXXXX) && cp "$self" "$broker/s" && mkfifo -m 600 "$broker/in" "$broker/out" || return 1
  # shellcheck disable=SC2016 # expanded by the inner sh
  setsid sh -c 'sh "$1/s" broker "$2" <"$1/in" >"$1/out" 2>/dev/null; rm -rf "$1"' sh "$broker" "$1" </dev/null >/dev/null 2>&1 &
  exec 7>"$broker/in" 8<"$broker/out"
  DEPLOYER_BROKER=yes
  export DEPLOYER_BROKER
}

main "$@"
