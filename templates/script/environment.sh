# --- the environment file: one per content, and what differs between two ---

# The name carries a salt of the host, so that it tells nothing about short secrets.
env_name() {
  env_id=$(cat "$ROOT/.deployer/salt" "$run/env" | sha256sum)
  env_id=${env_id%"${env_id#????????????????}"}
}

# environment: the client's bytes under a name made of them.
environment() {
  file=$ROOT/env/$env_id
  tell_changes "$run/env"
  if [ -f "$file" ]; then rm -f "$run/env"; return 0; fi
  (umask 027 && cat "$run/env" >"$file.$$") && sync_file "$file.$$" && mv -fT "$file.$$" "$file" && rm -f "$run/env"
}

# tell_changes NEW: which variables the live release has otherwise, by name. Standard input is `-`.
tell_changes() {
  [ -n "$live" ] || return 0
  old_env=$ROOT/releases/$live/.deployer/env
  # shellcheck disable=SC3013 # dash and bash have it, and it costs no process
  [ ! "$old_env" -ef "$ROOT/env/$env_id" ] || return 0
  changes=$(env_changes "$old_env" "$1") || return 0
  [ -z "$changes" ] || ev "fact environment$changes"
}

# env_changes OLD NEW: their names, as fields of an event; a value is compared and goes nowhere. Of what is in an entry,
# only the quotes that open and close it have no backslash before them.
env_changes() {
  awk '
    {
      entry = entry $0 "\n"
      gsub(/\\./, "")
      quotes += gsub(/"/, "")
      if (quotes < 2) next
      key = substr(entry, 1, index(entry, "=") - 1)
      if (side == "old") {
        old[key] = entry
        order[++count] = key
      } else {
        if (!(key in old)) added = added "," key
        else if (old[key] != entry) changed = changed "," key
        seen[key]
      }
      entry = ""
      quotes = 0
    }
    END {
      for (i = 1; i <= count; i++) if (!(order[i] in seen)) removed = removed "," order[i]
      if (changed) printf " changed=%s", substr(changed, 2)
      if (added) printf " added=%s", substr(added, 2)
      if (removed) printf " removed=%s", substr(removed, 2)
    }' side=old "$1" side=new "$2"
}
