# --- migrate: between the barriers, on the hosts that are told to ---
#
# $database says what became of it: empty before the stage, then same, untouched, unknown or migrated.

# pending [ACCOUNT PHASE SECONDS COMMAND]: whether there is something to migrate. Exit 0 says no.
pending() {
  pending=yes
  if [ $# -eq 0 ]; then
    ev "decided pending value=unknown why=no-check"
    lenient
    return 0
  fi
  task "$@"
  rc=$?
  case $rc in
    0) pending=no ;;
    124 | 126 | 127) fail check; return 1 ;;
  esac
  ev "decided pending value=$pending"
  [ "$pending" = yes ] && lenient
  return 0
}

# A release that waits for its migration need only answer. This holds for prepare, which runs in a shell of its own.
lenient() { HEALTH_LOW=100 HEALTH_HIGH=599; }

migrate() {
  # The client may say it twice.
  [ -z "$database" ] || return 0
  if [ "$pending" = no ]; then
    database=same
    ev "migrated ran=no"
    return 0
  fi
  # From here on only `migrate.timeout` ends it: half a migration is worse than a late one.
  trap '' TERM INT HUP PIPE
  database=untouched
  migration_steps
  ev "migrated ran=yes"
  hear_abort
  trap 'abort client' TERM INT HUP
}

# migration_step NAME FUNCTION ARG...: the first that fails ends the run, with nothing switched.
migration_step() {
  [ "$2" != migrate_database ] || database=unknown
  if ! run_step "$@"; then
    discard
    [ "$database" = untouched ] || history migrate-failed
    end migrate-failed "database=$database"
  fi
  [ "$2" != migrate_database ] || record_migration
}

# migrate_database ACCOUNT PHASE SECONDS COMMAND
migrate_database() { run_task no "$@" </dev/null; }

# Releases older than this one were made for another database; a rollback to them says so.
record_migration() {
  database=migrated
  printf '%s %s\n' "$(manifest_of "$RELEASE" sequence)" "$RELEASE" >>"$ROOT/.deployer/migrations"
}

# What the client said while nobody listened. `go` may have been said before, but it is not done before this.
hear_abort() {
  while :; do
    hear 0.05
    case $verb in
      "go $ID" | "finish $ID") : >"$run/${verb%% *}" ;;
      "abort $ID") abort client ;;
      "") return 0 ;;
    esac
  done
}

# Another host has migrated: this one has not seen the whole health check yet.
verify() {
  [ "$pending" = yes ] && [ "$database" != migrated ] || return 0
  trial "$ROOT/releases/$RELEASE"
}
