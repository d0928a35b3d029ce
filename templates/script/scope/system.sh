# --- the scope: the host's own manager, set up by root, and a user for the app alone ---

STORE=/var/lib/deployer/$APP/files

as_app() { sudo -n -u "$RUNAS" -- "$@"; }

# How this login becomes root for them: `broker` (logged in as root), `sudo`, or not at all.
privilege() {
  if [ -n "${DEPLOYER_BROKER-}" ]; then how=broker; elif may_sudo; then how=sudo; else how=; fi
}

# Asked first, so that no administrator gets mail of a refusal; then tried, for the list does not tell of passwords.
may_sudo() { sudo -n -l "$(command -v sh)" >/dev/null 2>&1 && sudo -n sh -c : 2>/dev/null; }

# Runs one of the closed list of verbs below as root.
root() {
  case $how in
    broker)
      printf '%s\n' "$*" >&7 || return 1
      while IFS= read -r answer <&8; do
        case $answer in '= 0') return 0 ;; '= '*) return 1 ;; *) printf '%s\n' "${answer#| }" ;; esac
      done
      return 1
      ;;
    sudo) sudo -n sh "$run/script" root "$ID" "$@" ;;
    *) return 1 ;;
  esac
}
