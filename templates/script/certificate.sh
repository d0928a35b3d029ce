# --- setup: a certificate that the client has ---

# certificate: what came with this run, chain and key, as one file that only root reads.
certificate() {
  place=/etc/deployer/$APP/tls.pem
  cmp -s "$run/env" "$place" && return 0
  own=$(openssl x509 -noout -pubkey -in "$run/env" 2>&1) || { fail certificate what=certificate; return 1; }
  of_key=$(openssl pkey -pubout -in "$run/env" 2>/dev/null </dev/null) || { fail certificate what=key; return 1; }
  [ "$own" = "$of_key" ] || { fail certificate what=pair; return 1; }
  openssl x509 -noout -checkend 0 -in "$run/env" >/dev/null || { fail certificate what=expired; return 1; }
  mkdir -p "${place%/*}" && chmod 755 "${place%/*}" || return 1
  changed "certificate $place"
  (umask 077 && cp "$run/env" "$place.new") && sync_file "$place.new" && mv -fT "$place.new" "$place" && renewed=yes
}
