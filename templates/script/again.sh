# --- the live release once more: a reload or a restart by hand ---

# again: the release stays, its processes are new.
again() {
  check_links
  [ -n "$live" ] || refuse nothing-live
  is_complete "$live" || refuse "release-gone release=$live"
  RELEASE=$live
  part=$ROOT/releases/$live
  target "$part/.deployer/env" && env_id=$named
  new_units='' new_site='' new_workers=''
  WORKERS=$(manifest_of "$live" workers)
  tell_live
  [ "$KIND" = reload ] || { check_workers "$part"; return; }
  why=$(unfit_for_reload)
  unit_runs "$slot" || why=stopped
  if grep -qs '^preload_app = True' "$part/.deployer/gunicorn.conf.py"; then why=preload; fi
  [ -f "$part/.deployer/gunicorn.conf.py" ] || why=server
  [ -z "$why" ] || refuse "no-reload why=$why"
}
