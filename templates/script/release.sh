# --- release: what makes an export complete ---

# Links of the release: its packages, its environment, and what all releases share.
link_release() {
  ln -s "../../venvs/$venv" "$part/venv" &&
    ln -s "../../../env/$env_id" "$part/.deployer/env" &&
    put_file gunicorn_conf "$part/.deployer/gunicorn.conf.py" || return 1
  uploads=$1
  shift
  # nginx reads it by a group that only root can give.
  [ -z "$uploads" ] || [ -d "$ROOT/shared/$uploads" ] || refuse not-set-up
  for path; do
    share "$path" || { fail "shared path=$path"; return 1; }
  done
}

# write_files NAME PATH...: what the processes of the release are started by.
write_files() {
  while [ $# -gt 1 ]; do
    put_file "$1" "$part/$2" || return 1
    shift 2
  done
}

put_file() { "file_$1" >"$2" && chmod 640 "$2"; }

share() {
  kept=$ROOT/shared/$1
  if ! [ -d "$kept" ]; then
    as_app rm -rf "$kept.part" && as_app mkdir -p "$kept.part" || return 1
    # What the repository keeps there is where the shared directory starts from, once and whole.
    if [ -d "$part/$1" ]; then tar -c -C "$part/$1" . | as_app tar -x -C "$kept.part" || return 1; fi
    as_app mv -T "$kept.part" "$kept" || return 1
  fi
  rm -rf "${part:?}/$1" && mkdir -p "$(dirname "$part/$1")" && ln -s "$kept" "$part/$1"
}

# seal MANIFEST-HEAD: complete on disk before it has a name that `current` could take.
seal() {
  set -- "$1" "$(sha256sum <"$self")" "$(du -sk "$part")" "$(cat "$ROOT/.deployer/sequence" 2>/dev/null || echo 0)"
  sequence=$(($4 + 1))
  printf '{"release":"%s","sequence":%s,%s,"venv":"%s","packages":"%s","env":"%s","kilobytes":%s,"script":"%s","files":{%s}}\n' "$ID" "$sequence" "$1" \
    "$venv" "${frozen-}" "$env_id" "${3%%[!0-9]*}" "${2%% *}" "$(system_json)" >"$part/.deployer/manifest.json" || return 1
  sync_tree "$part" && put "$ROOT/.deployer/sequence" "$sequence" &&
    mv -T "$part" "$ROOT/releases/$ID" && sync_file "$ROOT/releases"
}
