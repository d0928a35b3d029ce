# --- shared files: made on the host by hand, so that no release brings or loses them ---

link_files() {
  for path; do
    kept=$ROOT/shared/$path
    as_app test -f "$kept" || refuse "shared-file path=$(word "$kept") user=$RUNAS"
    { [ ! -d "$part/$path" ] || [ -L "$part/$path" ]; } || { fail "shared path=$path"; return 1; }
    mkdir -p "$(dirname "$part/$path")" && rm -f "$part/$path" && ln -s "$kept" "$part/$path" || return 1
  done
}
