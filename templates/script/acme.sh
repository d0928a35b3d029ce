# --- setup: a certificate from an ACME CA, by certbot ---

WEBROOT=/var/lib/deployer/.acme

# acme LINEAGE EMAIL DIRECTORY NAME...: one certificate for all the names. certbot's own timer renews it; until it is
# there, what serves now goes on serving, and answers the CA's question besides.
acme() {
  lineage=$1 email=$2 ca=$3
  shift 3
  chain=/etc/letsencrypt/live/$lineage/fullchain.pem
  if covers "$chain" "$@"; then return 0; fi
  nginx_runs || { changed 'start nginx' && start_nginx; } || return 1
  mkdir -p "$WEBROOT" && chmod 755 "$WEBROOT" || return 1
  site=/etc/nginx/sites-available/$APP.conf
  answer_too "$@" || return 1
  changed "certificate for $*"
  for name; do shift && set -- "$@" -d "$name"; done
  # The reload takes up what a renewal brings; a file of another site that nginx refuses keeps it from that, not from serving.
  limit 300 certbot certonly --non-interactive --agree-tos --no-eff-email -m "$email" --server "$ca" --cert-name "$lineage" \
    --webroot -w "$WEBROOT" --renew-with-new-domains --deploy-hook 'nginx -t -q && systemctl reload nginx.service' "$@" >"$run/acme" 2>&1
  rc=$?
  answer_no_more
  if [ "$rc" -ne 0 ]; then
    tail -n 25 "$run/acme"
    fail acme
    return 1
  fi
  renewed=yes
  systemctl -q is-enabled certbot.timer 2>/dev/null || systemctl -q enable --now certbot.timer
}

# covers CHAIN NAME...: whether that certificate is for all these names, and none besides, for ten days at least.
covers() {
  openssl x509 -noout -checkend 864000 -in "$1" >/dev/null 2>&1 || return 1
  has=$(openssl x509 -noout -ext subjectAltName -in "$1" | tr ',' '\n' | sed -n 's/^ *DNS://p' | sort)
  shift
  [ "$has" = "$(printf '%s\n' "$@" | tr '[:upper:]' '[:lower:]' | sort)" ]
}

# answer_too NAME...: the site that serves now, with one location more in each of its servers if it has none such; and a
# server for those names that it does not have yet.
answer_too() {
  answering=$STATE/before-acme
  rm -f "$answering"
  [ ! -f "$site" ] || cp -p "$site" "$answering" || return 1
  {
    if grep -qs "$WEBROOT" "$answering"; then cat "$answering"
    elif [ -f "$answering" ]; then sed "s#^ *server_name .*;\$#&\\n$(challenge)#" "$answering"
    fi
    printf 'server {\ninclude %s/listen-%s.conf;\nserver_name %s;\n' "$LISTENERS" "${NGINX_PORTS##* }" "$*"
    challenge
    printf '\nlocation / {\nreturn 404;\n}\n}\n'
  } >"$site.deployer" && make_listeners "$site.deployer" && mv -fT "$site.deployer" "$site" || return 1
  [ -e "/etc/nginx/sites-enabled/$APP.conf" ] || ln -s "../sites-available/$APP.conf" "/etc/nginx/sites-enabled/$APP.conf"
  # Of names that both have, nginx says that it takes the first.
  if refused_by_nginx=$(nginx -t -q 2>&1); then reload_nginx && return 0; fi
  printf '%s\n' "$refused_by_nginx"
  answer_no_more
  fail site-refused
}
challenge() { printf 'location ^~ /.well-known/acme-challenge/ { root %s; default_type text/plain; }' "$WEBROOT"; }

answer_no_more() {
  if [ -f "$answering" ]; then
    mv -fT "$answering" "$site"
  else
    rm -f "$site" "/etc/nginx/sites-enabled/$APP.conf"
  fi
  nginx -t -q && reload_nginx
}
