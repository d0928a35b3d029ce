#!/bin/sh
# A root file system with more packages than the usual one.
# usage: more.sh ROOT DIRECTORY PACKAGE...
set -eu
root=$1
out=$2
shift 2

cp -a "$root" "$out"
# The copy asks where this machine asks, for as long as it installs.
cp /etc/resolv.conf "$out/etc/resolv.conf"
conf=$out/etc/apt/apt.conf.d
for file in /etc/apt/apt.conf.d/*; do
    [ -e "$conf/${file##*/}" ] || ! grep -qi 'acquire' "$file" || cp "$file" "$conf/outer-${file##*/}"
done
policy=$out/usr/sbin/policy-rc.d
printf '#!/bin/sh\nexit 101\n' > "$policy"
chmod 755 "$policy"
chroot "$out" sh -c 'export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" > /dev/null && apt-get clean && rm -rf /var/lib/apt/lists/*' sh "$@"
rm -f "$policy" "$conf"/outer-*
: > "$out/etc/resolv.conf"
# Timers that reach for a network are off, as those of the usual packages.
rm -f "$out/etc/systemd/system/timers.target.wants/certbot.timer"
