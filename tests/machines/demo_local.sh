#!/bin/sh
# `make demo-local`: an example on this machine itself, without root, systemd or nginx. A supervisord of its own keeps it
# running on a port; it goes to a second release and back, and nothing of it is left behind.
# usage: demo_local.sh DEPLOYER
set -eu
deployer=$(readlink -f "$1")
example=$(dirname "$(readlink -f "$0")")/../../examples/flask
for need in git ssh sshd ssh-keygen python3; do
    command -v "$need" > /dev/null || [ -x "/usr/sbin/$need" ] || { echo "demo-local: needs $need" >&2; exit 1; }
done

# Not below /tmp, which is no place for an app.
place=$(mktemp -d /var/tmp/demo.XXXXXX)
sshd=
line="@reboot /bin/sh $place/hello/supervisor/start.sh"
# Others may write below /var/tmp: nothing may start from there once this place is gone.
forget_reboot() {
    table=$(as_user crontab -l 2> /dev/null) || return 0
    printf '%s\n' "$table" | grep -qxF -- "$line" || return 0
    table=$(printf '%s\n' "$table" | grep -vxF -- "$line") || { as_user crontab -r; return; }
    printf '%s\n' "$table" | as_user crontab -
}
finish() {
    trap '' INT TERM HUP
    # What runs on although its client has left may start supervisord yet, and write that line.
    [ ! -e "$place/hello/.deployer/lock" ] || as_user flock -w 60 "$place/hello/.deployer/lock" true || :
    [ ! -f "$place/hello/run/supervisord.pid" ] || kill "$(cat "$place/hello/run/supervisord.pid")" 2> /dev/null || :
    [ -z "$sshd" ] || kill "$sshd" 2> /dev/null || :
    # supervisord stops what it runs first.
    tries=100
    while [ -e "$place/hello/run/supervisord.pid" ] && [ $tries -gt 0 ]; do sleep 0.1; tries=$((tries - 1)); done
    forget_reboot || echo "demo-local: take this line out of the crontab: $line" >&2
    rm -rf "$place"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

say() { printf '\n%s\n' "$*"; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# The ordinary user: who runs this or, where that is root, nobody.
as_user() { env "HOME=$place" "$@"; }
if [ "$(id -u)" -eq 0 ]; then
    chown nobody "$place"
    as_user() { setpriv --reuid=nobody --regid=nogroup --clear-groups env "HOME=$place" "$@"; }
    mkdir -p /run/sshd
fi
chmod 755 "$place"

git_port=$(free_port) port=$(free_port)
mkdir "$place/git"
ssh-keygen -q -t ed25519 -N '' -f "$place/git/host"
: > "$place/git/keys"
/usr/sbin/sshd -D -e -f /dev/null -o "Port=$git_port" -o ListenAddress=127.0.0.1 -o "HostKey=$place/git/host" -o PidFile=none \
    -o "AuthorizedKeysFile=$place/git/keys" -o StrictModes=no -o UsePAM=no -o PasswordAuthentication=no \
    -o PermitRootLogin=prohibit-password 2> "$place/git/log" &
sshd=$!
git init -q --bare -b main "$place/git/hello.git"
cp -R "$example" "$place/work"
cat > "$place/work/deploy.yaml" << END
app: hello
repo: ssh://$(id -un)@127.0.0.1:$git_port$place/git/hello.git
root: $place/hello
gunicorn:
  app: hello:app
  workers: 2
  bind: $port
nginx: false
service:
  manager: supervisor
  scope: user
environments:
  production:
    hosts: local
END
git init -q -b main "$place/work"
commit() {
    git -C "$place/work" add -A
    git -C "$place/work" -c user.name=demo -c user.email=demo@localhost commit -q -m "$1"
    git -C "$place/work" push -q "$place/git/hello.git" main
}
commit first
[ "$(id -u)" -ne 0 ] || chown -R nobody "$place/work"
run() {
    say "\$ deployer $*"
    deploy "$@"
}
# Told to stop, it ends its step first; until then nothing is taken away.
deploy() { (trap : INT TERM HUP && cd "$place/work" && as_user "$deployer" "$@"); }
page() {
    python3 - "$port" "$1" << 'END'
import sys, urllib.request
text = urllib.request.urlopen("http://127.0.0.1:%s/" % sys.argv[1], timeout=10).read().decode()
print("\n" + "".join("  | %s\n" % line for line in text.splitlines()))
sys.exit(0 if text.startswith(sys.argv[2]) else "demo-local: the page does not begin with `%s`" % sys.argv[2])
END
}

say 'No root, no systemd, no nginx: the file of this demo.'
sed 's/^/  | /' "$place/work/deploy.yaml"
fingerprint=$(ssh-keygen -lf "$place/git/host.pub" | cut -d' ' -f2)
set -- setup production --accept-git-host-key "$fingerprint"
say "\$ deployer $*"
deploy "$@" > "$place/key"
tee -a "$place/git/keys" < "$place/key"
run push production
page Howdy

sed -i 's/Howdy/Hello/' "$place/work/hello.py"
[ "$(id -u)" -ne 0 ] || chown -R root "$place/work"
commit second
[ "$(id -u)" -ne 0 ] || chown -R nobody "$place/work"
run push production
page Hello
run rollback production
page Howdy
run status production
say 'Done; what ran here is stopped and removed.'
