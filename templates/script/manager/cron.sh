# --- schedules, where the manager has no timers: cron's ---

# process_definition KIND NAME: the $path of what a worker is started by, of what a schedule runs, and of its times.
process_definition() {
  case $1 in
    worker) worker_definition "$2" ;;
    schedule) path=$SCRIPTS/schedule-$2.sh ;;
    timer) times_of "$2" ;;
  esac
}

# retired_definitions: the paths of those that this script does not know.
# shellcheck disable=SC2086 # patterns
retired_definitions() {
  worker_definition '*'
  set -- "$path"
  times_of '*'
  of_no_release $1 "$SCRIPTS"/schedule-*.sh $path
}

# retire_definitions: what of them runs is left to end.
retire_definitions() {
  for path in $(retired_definitions); do rm -f "$path"; done
  renew_times
}

# start_timer FILE-NAME: cron reads what it is given by itself, or the login's table.
start_timer() { renew_times; }

# schedule_state NAME: $activity of its last run, its $result and exit $code, when that was $over and when the $next begins.
schedule_state() {
  activity=inactive result='' code='' over='' ended=''
  last=$RUNDIR/workers/schedule_$1
  # Shared, so that two who look do not take each other for a run.
  if [ -e "$last"_lock ] && ! flock -s -n "$last"_lock true; then activity=active; fi
  read -r code ended 2>/dev/null <"$last"
  case $code in '') ;; 0) result=success ;; 124 | 137) result=timeout ;; *) result=exit-code ;; esac
  [ -z "$ended" ] || over=$(date -d "@$ended" '+%a %F %T %Z')
  times_of "$1"
  next=$(sed -nE 's/^(([0-9*,]+ ){5}).*/\1/p' "$path" 2>/dev/null | python3 -I -S -c "$NEXT_PY")
}

# Of lines of cron, as deployer writes them, the next time of any: numbers with commas, or an asterisk.
NEXT_PY='import sys, time
now, found = time.time(), []
for line in sys.stdin:
    allowed = [None if field == "*" else [int(one) for one in field.split(",")] for field in line.split()]
    minutes, hours, days, months, weekdays = allowed
    today = time.localtime(now)
    # The 29th of February may be eight years away.
    for ahead in range(3000):
        day = time.localtime(time.mktime((today.tm_year, today.tm_mon, today.tm_mday + ahead, 12, 0, 0, 0, 0, -1)))
        of_month, of_week = days and day.tm_mday in days, weekdays and (day.tm_wday + 1) % 7 in weekdays
        if months and day.tm_mon not in months or (days or weekdays) and not (of_month or of_week):
            continue
        times = (
            time.mktime((day.tm_year, day.tm_mon, day.tm_mday, hour, minute, 0, 0, 0, -1))
            for hour in (hours or range(24)) for minute in (minutes or range(60))
        )
        later = [one for one in times if one > now]
        if later:
            found.append(min(later))
            break
if found:
    print(time.strftime("%a %Y-%m-%d %H:%M:%S %Z", time.localtime(min(found))))'
