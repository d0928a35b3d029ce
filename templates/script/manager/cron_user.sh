# --- cron of the login ---

# times_of NAME: the $path of the lines for the login's table.
times_of() { path=$SCRIPTS/schedule-$1.cron; }

# renew_times: the table has the lines of all schedules, and whatever else the login has in it.
renew_times() {
  set -- "$SCRIPTS"/schedule-*.cron
  [ -f "$1" ] || set --
  before=$(crontab -l 2>/dev/null) || before=
  after=$(
    [ -z "$before" ] || printf '%s\n' "$before" | grep -vF " /bin/sh $SCRIPTS/schedule-"
    for file; do grep -v '^#' "$file"; done
  )
  [ "$before" = "$after" ] || printf '%s\n' "$after" | crontab -
}
