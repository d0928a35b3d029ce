# --- rollback: the same activation with an older release ---

# choose WANTED STEPS: the release named, by its id or what is enough of id or revision; or the good one so many steps back.
choose() {
  check_links
  [ -n "$live" ] || refuse nothing-live
  if [ -n "$1" ]; then
    RELEASE=$1
    [ -d "$ROOT/releases/$1" ] || meant "$1"
  else
    RELEASE=$live
    steps=0
    while [ "$steps" -lt "$2" ]; do
      previous_of "$RELEASE"
      [ -n "$previous" ] || refuse "nothing-older steps=$2 found=$steps"
      RELEASE=$previous
      steps=$((steps + 1))
    done
  fi
  [ -f "$ROOT/releases/$RELEASE/.deployer/manifest.json" ] || refuse "no-release release=$(word "$RELEASE")"
  [ "$RELEASE" != "$live" ] || refuse "already-live release=$RELEASE"
  part=$ROOT/releases/$RELEASE
  target "$part/venv" && venv=$named
  target "$part/.deployer/env" && env_id=$named
  [ -f "$ROOT/venvs/$venv/.complete" ] || refuse "virtualenv-gone release=$RELEASE"
  [ -f "$ROOT/env/$env_id" ] || refuse "environment-gone release=$RELEASE"
  WORKERS=$(manifest_of "$RELEASE" workers)
  ev "decided release value=$RELEASE revision=$(manifest_of "$RELEASE" revision)"
  tell_live
  tell_changes "$ROOT/env/$env_id"
  database_stays
}

# keep_environment: that release once more, by the name of this run and with the environment of the live one. No release
# is ever changed, and this one can be gone back to like any other.
keep_environment() {
  target "$ROOT/releases/$live/.deployer/env"
  [ "$named" != "$env_id" ] || return 0
  ev "decided environment value=kept"
  env_id=$named made=$ROOT/releases/.$ID.part
  sequence=$(($(cat "$ROOT/.deployer/sequence") + 1))
  cp -al "$part" "$made" && rm -f "$made/.deployer/proven" "$made/.deployer/manifest.json" &&
    relink "../../../env/$env_id" "$made/.deployer/env" || return 1
  sed "s/^{\"release\":\"[^\"]*\",\"sequence\":[0-9]*,/{\"release\":\"$ID\",\"sequence\":$sequence,/
    s/\"env\":\"[^\"]*\"/\"env\":\"$env_id\"/" "$part/.deployer/manifest.json" >"$made/.deployer/manifest.json" || return 1
  if [ -d "$ROOT/static/$RELEASE" ]; then
    cp -al "$ROOT/static/$RELEASE" "$ROOT/static/.$ID.part" && mv -T "$ROOT/static/.$ID.part" "$ROOT/static/$ID" || return 1
  fi
  if [ -d "$ROOT/pages/$RELEASE" ]; then cp -al "$ROOT/pages/$RELEASE" "$ROOT/pages/$ID" || return 1; fi
  part=$ROOT/releases/$ID RELEASE=$ID
  sync_tree "$made" && put "$ROOT/.deployer/sequence" "$sequence" && mv -T "$made" "$part" && sync_file "$ROOT/releases"
}

# Nobody migrates backwards: say which releases changed the database since the one that is to serve again.
database_stays() {
  [ -f "$ROOT/.deployer/migrations" ] || return 0
  chosen=$(manifest_of "$RELEASE" sequence)
  while read -r number one; do
    [ "$number" -le "${chosen:-0}" ] || ev "warn database-stays release=$one"
  done <"$ROOT/.deployer/migrations"
}

# meant PREFIX: the one release whose id or revision begins so.
meant() {
  found=
  for one in $(releases); do
    case $one in "$1"*) found="$found $one" && continue ;; esac
    case $(manifest_of "$one" revision) in "$1"*) found="$found $one" ;; esac
  done
  case ${found# } in
    '') return 0 ;;
    *' '*) refuse "ambiguous release=$(word "$1") of=$(word "${found# }")" ;;
    *) RELEASE=${found# } ;;
  esac
}

# restore_system NAME...: units and site as that release had them, where this login may write them.
restore_system() {
  new_units='' new_site='' new_workers=''
  privilege
  for name; do
    case $name in worker_* | schedule_* | timer_*) continue ;; esac
    system_file "$name"
    wanted=$(manifest_of "$RELEASE" "$name")
    have=$(sha256sum <"$path" 2>/dev/null)
    if [ -z "$wanted" ] || [ "${have%% *}" = "$wanted" ]; then continue; fi
    if [ -z "$how" ]; then ev "warn unit-stays path=$path"; continue; fi
    case $name in
      unit_*) new_units=yes ;;
      site)
        # Who has come by https comes back by https.
        if ! root keeps-tls "$wanted"; then ev "warn site-stays path=$path"; continue; fi
        root test-site "$wanted" || { fail site-refused; return 1; }
        new_site=$wanted
        ;;
      *) install_for_now "$name" "$wanted" && root reload-units || return 1 ;;
    esac
  done
  restore_processes && check_workers "$part"
}

# As the rest, but one that is not there at all cannot be done without.
restore_processes() {
  others=$(other_processes "$RELEASE")
  [ -n "$others" ] || return 0
  if [ -n "$how" ]; then new_workers=yes && return 0; fi
  # shellcheck disable=SC2086 # plain words
  set -- $others
  while [ $# -gt 1 ]; do
    system_file "$1"
    case $1 in worker_*) [ -e "$path" ] || refuse "worker-gone path=$path" ;; esac
    ev "warn unit-stays path=$path"
    shift 2
  done
}
