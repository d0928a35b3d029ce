# --- nginx: how this host listens, and whether it would take a site ---
#
# A site names the ports it answers at by files of the host, `listen-80.conf` or `listen-443-tls.conf`: what a kernel
# without IPv6 or an older nginx would refuse in them differs from host to host, and a site does not.

LISTENERS=/etc/nginx/deployer

# listeners_of SITE: the names of those that it includes; the first is the one that the app answers at.
listeners_of() {
  sed -n "s#^ *include $LISTENERS/listen-\\([0-9]\\{1,5\\}\\(-tls\\)\\{0,1\\}\\(-default\\)\\{0,1\\}\\)\\.conf;\$#\\1#p" "$1" 2>/dev/null
}

# listener NAME: its directives.
listener() {
  port=${1%%-*} options='' http2=''
  case $1 in *-tls*) options=' ssl' ;; esac
  case $1 in *-default) options="$options default_server" ;; esac
  if [ "$options" != "${options# ssl}" ]; then
    if nginx_is 1 25 1; then http2=yes; else options="$options http2"; fi
  fi
  echo "listen $port$options;"
  [ ! -e /proc/net/if_inet6 ] || echo "listen [::]:$port$options;"
  [ -z "$http2" ] || echo 'http2 on;'
}

# nginx_is MAJOR MINOR PATCH: that version, or a newer one.
nginx_is() {
  set -- $(($1 * 1000000 + $2 * 1000 + $3)) "$(nginx -v 2>&1 | sed -n 's#.*nginx/\([0-9]*\)\.\([0-9]*\)\.\([0-9]*\).*#\1 * 1000000 + \2 * 1000 + \3#p')"
  [ -n "$2" ] && [ $(($2)) -ge "$1" ]
}

# make_listeners SITE: those that it names and the host lacks. One that is there may be in use: only setup renews it.
make_listeners() {
  for name in $(listeners_of "$1"); do
    [ ! -e "$LISTENERS/listen-$name.conf" ] || continue
    mkdir -p "$LISTENERS" && listener "$name" >"$LISTENERS/.listen-$name.$$" && mv -fT "$LISTENERS/.listen-$name.$$" "$LISTENERS/listen-$name.conf" || return 1
  done
}

# serves_brotli: whether nginx of the host has what a site with brotli needs, built in or as a module that it loads.
serves_brotli() {
  nginx -V 2>&1 | grep -q brotli ||
    cat /etc/nginx/nginx.conf /etc/nginx/modules-enabled/*.conf 2>/dev/null | grep -q '^ *load_module .*brotli_static'
}

# test-site DIGEST: the whole of nginx's configuration with the candidate in place of the site, aside.
test_site() {
  stored site "$1" || return 64
  make_listeners "$content" || return 1
  candidate=/etc/nginx/.deployer-$APP.conf
  others=$(mktemp -d) || return 1
  for link in /etc/nginx/sites-enabled/*; do
    [ ! -e "$link" ] || [ "${link##*/}" = "${path##*/}" ] || replaces_default "$content" "$link" || ln -s "$(readlink -f "$link")" "$others/${link##*/}"
  done
  cp "$content" "$others/${path##*/}" || return 1
  sed "s#/etc/nginx/sites-enabled/#$others/#" /etc/nginx/nginx.conf >"$candidate" && nginx -t -q -c "$candidate"
  set -- $?
  rm -rf "$candidate" "$others"
  return "$1"
}

# replaces_default SITE LINK: whether the link is deployer's own answer to unknown names, at a port where the site takes them.
replaces_default() {
  for name in $(listeners_of "$1"); do
    case "$name ${2##*/}" in *"-default deployer-default-${name%-default}.conf") return 0 ;; esac
  done
  return 1
}

# keeps-tls DIGEST: whether that site is reached by https, or the one that is there is not either.
keeps_tls() {
  stored site "$1" || return 64
  grep -q '^ *ssl_certificate ' "$content" || ! grep -qs '^ *ssl_certificate ' "$path"
}
