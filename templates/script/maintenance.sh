# --- maintenance: files that the site looks for at each request; nothing is reloaded ---
#
# They stand in a directory of the login user. `on` comes last and goes first.

# begin_maintenance OWN-PAGE PAGE MESSAGE ADDRESS...: visitors get a page, the addresses the site. Where OWN-PAGE is `no`,
# a page that the live release brings for it goes before this one.
begin_maintenance() {
  place=$ROOT/maintenance
  grep -qs "$place/on" "/etc/nginx/sites-available/$APP.conf" || refuse site-older
  mkdir -p "$place/allow" || return 1
  own=$1 page=$2 said_to_visitors=$3
  shift 3
  for file in "$place"/allow/*; do
    case " $* " in *" ${file##*/} "*) ;; *) rm -f "$file" ;; esac
  done
  for address; do : >"$place/allow/$address" || return 1; done
  if [ "$own" = no ] && [ -f "$ROOT/pages/live/503.html" ]; then rm -f "$place/page.html"; else put "$place/page.html" "$page" || return 1; fi
  was=no
  [ ! -f "$place/on" ] || was=yes
  put "$place/on" "${BY:--} $(date +%s) $said_to_visitors" || return 1
  [ "$was" = yes ] || history closed
}

end_maintenance() {
  place=$ROOT/maintenance
  [ -f "$place/on" ] || exit 3
  rm -f "$place/on" && rm -rf "$place/allow" "$place/page.html" && history opened
}
