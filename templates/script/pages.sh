# --- pages: what nginx says where the app cannot; www-data reads no release ---

# publish_pages DIRECTORY: those of the repository that are named after a status.
publish_pages() {
  [ -d "$part/$1" ] || { fail "pages-missing path=$1"; return 1; }
  made=$ROOT/pages/.$ID.part
  mkdir -p "$made" || return 1
  for page in "$part/$1"/[45][0-9][0-9].html; do
    [ ! -f "$page" ] || [ -L "$page" ] || cp "$page" "$made/" || return 1
  done
  [ -n "$(ls "$made")" ] || { fail "pages-missing path=$1"; return 1; }
  chmod -R u=rwX,go=rX "$made" && mv -T "$made" "$ROOT/pages/$ID"
}
