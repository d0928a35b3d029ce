# --- setup: who asks nginx for a name that no site has ---

# default_sites [NAME PATH]...: no answer, at the ports of the app's site, unless something else of the host has one.
default_sites() {
  renew_listeners
  while [ $# -gt 1 ]; do
    default_site "$1" "$2" || return 1
    shift 2
  done
  if [ -n "$renewed" ]; then nginx -t -q && reload_nginx; fi
}

default_site() {
  link=/etc/nginx/sites-enabled/${2##*/}
  if [ -L "$link" ] && "file_$1" | cmp -s - "$2"; then return 0; fi
  # An older nginx cannot refuse a handshake without a certificate.
  if [ "$1" = default_tls_site ] && ! nginx_is 1 19 4; then return 0; fi
  case $2 in */deployer-default-80.conf) retire_welcome_page ;; esac
  was=
  [ ! -f "$2" ] || was=$(cat "$2")
  "file_$1" >"$2.deployer" && make_listeners "$2.deployer" && mv -fT "$2.deployer" "$2" && ln -sf "../sites-available/${2##*/}" "$link" || return 1
  if said_by_nginx=$(nginx -t -q 2>&1); then
    changed "file $2"
    renewed=yes
    return 0
  fi
  if [ -n "$was" ]; then printf '%s\n' "$was" >"$2"; else rm -f "$2" "$link"; fi
  case $said_by_nginx in
    *'duplicate default server'*) ev "warn other-default port=${2##*-default-}" ;;
    *) printf '%s\n' "$said_by_nginx" && fail site-refused ;;
  esac
}

# Debian's page says welcome to every name, until somebody makes it theirs.
retire_welcome_page() {
  welcome=/etc/nginx/sites-enabled/default
  [ "$(readlink -f "$welcome")" = /etc/nginx/sites-available/default ] || return 0
  digest_of_package=$(dpkg-query -W -f='${Conffiles}\n' nginx-common 2>/dev/null | sed -n 's#^ /etc/nginx/sites-available/default ##p')
  digest_here=$(md5sum </etc/nginx/sites-available/default)
  if [ "${digest_here%% *}" = "${digest_of_package%% *}" ] && [ "$(ls -A /var/www/html 2>/dev/null)" = index.nginx-debian.html ]; then
    changed "disable $welcome"
    rm -f "$welcome"
  fi
}

# A newer nginx or another kernel may listen otherwise; one that nginx refuses stays as it was.
renew_listeners() {
  for file in "$LISTENERS"/listen-*.conf; do
    [ -f "$file" ] || continue
    name=${file##*/listen-}
    listener "${name%.conf}" >"$file.new"
    if cmp -s "$file" "$file.new"; then rm -f "$file.new"; continue; fi
    cp "$file" "$file.old" && mv -fT "$file.new" "$file"
    if nginx -t -q 2>/dev/null; then changed "file $file" && renewed=yes; else mv -fT "$file.old" "$file"; fi
    rm -f "$file.old"
  done
}
