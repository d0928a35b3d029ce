# Managed by deployer for polls; changed by "deployer setup" and "deployer push"
# A generation belongs to one release: this link is followed once, at its start and at each reload.
import os

SLOT = 'b'
CONF = os.path.realpath('/srv/polls/slots/b') + '/.deployer/gunicorn.conf.py'

with open(CONF, encoding='utf-8') as conf:
    exec(compile(conf.read(), CONF, 'exec'))
