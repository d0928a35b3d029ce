#!/bin/sh
# Installs what the tests need on a bare Debian or Ubuntu machine; says so first.
# Silent, and done at once, when everything is there.
set -eu
missing=
for need in \
    mmdebstrap:mmdebstrap systemd-nspawn:systemd-container ip:iproute2 ssh:openssh-client \
    git:git python3:python3 shellcheck:shellcheck nginx:nginx-light sudo:sudo \
    brotli:brotli faketime:faketime sshd:openssh-server curl:curl openssl:openssl rsync:rsync nsenter:util-linux setsid:util-linux awk:mawk; do
    command -v "${need%%:*}" > /dev/null || missing="$missing ${need#*:}"
done
[ -f /usr/lib/nginx/modules/ngx_http_brotli_static_module.so ] || missing="$missing libnginx-mod-http-brotli-static"
[ -f /usr/share/keyrings/debian-archive-keyring.gpg ] || missing="$missing debian-archive-keyring"
case " $missing " in
*" python3 "*) missing="$missing python3-pip" ;;
*)
    # Asking pip itself would cost half a second at every run.
    python3 -I -S -c 'import sys, os, glob
where = [*sys.path, *glob.glob(sys.prefix + "/lib/python3*/site-packages"), "/usr/lib/python3/dist-packages"]
sys.exit(not any(os.path.isdir(d + "/pip") for d in where))' || missing="$missing python3-pip"
    ;;
esac
[ -n "$missing" ] || exit 0

if ! command -v apt-get > /dev/null; then
    echo "provision: this machine lacks$missing, and only Debian and Ubuntu are known here" >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "provision: needs root to install$missing; run it with sudo" >&2
    exit 1
fi
echo "provision: installing with apt-get:$missing" >&2

# nginx is wanted for `nginx -t` only: no service may start on this machine.
policy=/usr/sbin/policy-rc.d
if ! [ -e $policy ]; then
    trap 'rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' > $policy
    chmod 755 $policy
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of package names
apt-get install -y -qq --no-install-recommends $missing > /dev/null
