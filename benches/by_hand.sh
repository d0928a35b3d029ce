#!/usr/bin/env bash
# A deploy as a careful administrator writes it by hand: what a push is measured against.
# usage: ssh deploy@web1 'bash -s' < by_hand.sh
set -euo pipefail
cd /srv/byhand
export GIT_SSH_COMMAND="ssh -i /srv/hello/.deployer/git_key -o IdentitiesOnly=yes -o BatchMode=yes \
-o UserKnownHostsFile=/srv/hello/.deployer/known_hosts"

[ -d repo.git ] || git clone -q --mirror ssh://git@git1/srv/git/hello.git repo.git
git -C repo.git fetch -q origin main:main
commit=$(git -C repo.git rev-parse main)
release=$(date -u +%Y%m%dT%H%M%SZ)-${commit:0:7}

mkdir "releases/$release"
git -C repo.git archive "$commit" | tar -x -C "releases/$release"
packages=$(sha256sum < "releases/$release/requirements.txt")
venv=venvs/${packages:0:16}
if [ ! -e "$venv/complete" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q -r "releases/$release/requirements.txt"
    touch "$venv/complete"
fi
ln -s "../../$venv" "releases/$release/venv"
ln -s ../../shared/env "releases/$release/.env"

ln -sfn "releases/$release" current.new
mv -T current.new current
sudo -n systemctl reload-or-restart byhand

asked=$(date +%s%3N)
until curl -s -H 'Host: byhand.example.com' http://127.0.0.1/ | grep -q "$release"; do
    [ $(($(date +%s%3N) - asked)) -lt 30000 ] || { echo "$release does not answer" >&2; exit 1; }
    sleep 0.02
done
echo "waited $(($(date +%s%3N) - asked))"

printf '%s\n' releases/* | sort -r | tail -n +6 | xargs -r rm -rf
