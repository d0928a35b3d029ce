#!/bin/sh
# What by_hand.sh finds on its host; run as root, after `deployer setup` made the users.
set -eu
install -d -o deploy -g deploy /srv/byhand /srv/byhand/releases /srv/byhand/venvs /srv/byhand/shared
echo 'GREETING=good day' > /srv/byhand/shared/env

cat > /srv/byhand/gunicorn.conf.py <<'CONF'
import os

bind = "unix:/run/byhand/gunicorn.sock"
workers = WORKERS
chdir = "/srv/byhand/current"
raw_env = ["DEPLOYER_RELEASE=" + os.path.basename(os.path.realpath(chdir))]
raw_env += open(chdir + "/.env").read().split("\n")[:-1]
CONF
sed -i "s/WORKERS/$1/" /srv/byhand/gunicorn.conf.py

cat > /etc/systemd/system/byhand.service <<'UNIT'
[Service]
Type=notify
User=hello
RuntimeDirectory=byhand
ExecStart=/srv/byhand/current/venv/bin/gunicorn -c /srv/byhand/gunicorn.conf.py hello:app
ExecReload=/bin/kill -HUP $MAINPID
KillMode=mixed
UNIT

cat > /etc/nginx/sites-enabled/byhand.conf <<'SITE'
server {
    listen 80;
    server_name byhand.example.com;
    location /static/ { root /srv/byhand/current; }
    location / {
        proxy_pass http://unix:/run/byhand/gunicorn.sock;
        proxy_set_header Host $host;
    }
}
SITE

echo 'deploy ALL=(root) NOPASSWD: /usr/bin/systemctl reload-or-restart byhand' > /etc/sudoers.d/byhand
systemctl daemon-reload
systemctl reload nginx
