set -u
umask 022
LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${HOME:-/root}/.local/bin
export LC_ALL PATH
unset CDPATH ENV BASH_ENV IFS GREP_OPTIONS PYTHONPATH PYTHONHOME GIT_DIR GIT_WORK_TREE GIT_TOKEN GIT_REFUSED 2>/dev/null || :

# The login's directory may be closed to the user that the work runs as.
cd / || exit 71
self=$0
said=

# --- events: the only lines that decide anything; see docs/reference/protocol.md ---

# The leading newline ends whatever a step left unfinished on its last line.
ev() { printf '\n@%s %s\n' "$NONCE" "$*" || :; }

hello() { ev "hello proto=1 run=$ID login=$(id -un) machine=$(uname -n)"; }

# Percent-encodes every byte that is not plain.
word() {
  case $1 in
    *[!A-Za-z0-9._:/@+,~-]*) printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g' ;;
    *) printf '%s' "$1" ;;
  esac
}

# The run's one last event; $1 is its outcome.
end() {
  ended=1
  if [ -n "${run-}" ]; then
    # On a full disk this also makes the room that the last two lines need.
    rm -f "$run/env" "$run/token" "$run/facts" "$run/frozen" "$run/stored" "$run/offer" "$run/answer" "$run/sent"
    put "$run/state" "$*" || :
  fi
  ev "end $*"
  case $1 in live | unchanged | done) exit 0 ;; *) exit 70 ;; esac
}

# Why the step fails, from a closed list; the report has the words.
fail() { [ -n "$said" ] || ev "failed $at reason=$*"; said=1; return 1; }

# The host is not ready: the run ends before anything was changed.
refuse() { ev "refused $*"; said=1; exit 6; }

# Hundredths of a second since boot, from a clock that nobody sets.
clock() { read -r now _ </proc/uptime; now=${now%.*}${now#*.}; }

# step NAME FUNCTION ARG...: one named part of the plan; a failure ends the list it stands in.
step() {
  at=$1
  shift
  ev "step $at"
  clock
  began=$now
  "$@" </dev/null
  rc=$?
  clock
  ev "done $at rc=$rc cs=$((now - began))"
  [ "$rc" -eq 0 ] && return 0
  [ -n "$said" ] || ev "failed $at reason=exit rc=$rc"
  exit 1
}

# --- small durable files and links ---

# A small file is old or new, never half: written aside, synced, renamed.
put() {
  printf '%s\n' "$2" >"$1.$$" && sync_file "$1.$$" && mv -fT "$1.$$" "$1" && return 0
  rm -f "$1.$$"
  return 1
}

# coreutils before 8.24 know no operands: sync everything then.
sync_file() { sync "$1" 2>/dev/null || sync; }
sync_tree() { sync -f "$1" 2>/dev/null || sync; }

# The target is never seen missing: a link made aside, then rename(2). $1 target, $2 link.
relink() { ln -sfn "$1" "$2.$$" && mv -fT "$2.$$" "$2"; }

# What a link names, without its directory; empty where there is no link.
target() {
  named=$(readlink "$1" 2>/dev/null) || named=
  named=${named##*/}
}

# --- other programs and users ---

# memory SLOT: $used by its processes, in kB, and what the host $have.
memory() {
  unit_memory "$1"
  have=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo)
}

# memory_of PID...: $used by these processes, in kB.
memory_of() {
  used=0
  for process; do
    anonymous=$(sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB$/\1/p' "/proc/$process/status" 2>/dev/null)
    used=$((used + ${anonymous:-0}))
  done
}

# What runs the host: systemd, upstart, or something else.
init_of_host() {
  if [ -d /run/systemd/system ]; then echo systemd
  else case $(/sbin/initctl version 2>/dev/null) in *upstart*) echo upstart ;; *) echo neither ;; esac
  fi
}

# exec_as USER COMMAND...: root becomes that, with the environment and the descriptors that it has. util-linux before 2.23
# has no runuser.
exec_as() {
  if command -v runuser >/dev/null; then
    account=$1
    shift
    exec runuser -u "$account" -- "$@"
  fi
  exec python3 -I -S -c "$BECOME_PY" "$@"
}
as_user() { (exec_as "$@"); }
BECOME_PY='import os, pwd, sys
user = pwd.getpwnam(sys.argv[1])
os.initgroups(user.pw_name, user.pw_gid)
os.setgid(user.pw_gid)
os.setuid(user.pw_uid)
os.execvp(sys.argv[2], sys.argv[2:])'

# In our process group, so that an abort reaches it; without the way to root.
limit() { timeout --foreground -k 5 "$@" 7>&- 8<&-; }
