# --- the framework's own check: worth saying, never what decides ---

# check_framework MANAGE ACCOUNT PHASE SECONDS COMMAND: Django's, where that file and Django are there.
check_framework() {
  [ -f "$part/$1" ] || return 0
  case $(cd "$part/venv/" && echo lib/python3*/site-packages/django/__init__.py) in *'*'*) return 0 ;; esac
  shift
  task "$@" >"$run/framework" 2>&1
  rc=$?
  cat "$run/framework"
  # Such as `?: (security.W004) You have not set ...`; only shown, so a text of another version costs no more than a name.
  issues=$(sed -n 's/^[^ ].*: (\([a-z0-9_.]*\.[CEWI][0-9]*\)) .*/\1/p' "$run/framework" | sort -u)
  if [ -n "$issues" ]; then
    # shellcheck disable=SC2086 # names without blanks
    set -- $issues
    ev "warn framework-issues count=$# names=$(word "$(printf '%s\n' "$@" | head -n 10 | paste -s -d , -)")"
  elif [ "$rc" -ne 0 ]; then
    ev "warn framework-failed rc=$rc"
    excerpt framework tail -n 20 "$run/framework"
  fi
  rm -f "$run/framework"
}
