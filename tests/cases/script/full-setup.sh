#!/bin/sh
# deployer 0.1.0: setup of polls (production)
# shellcheck disable=SC2034 # not every kind of run uses every value
{
  APP='polls'
  ENVIRONMENT='production'
  ROOT='/opt/polls'
  RUNAS='polls'
  OWNER='polls-deploy'
  KIND='setup'
  WORK='setup_run'
  STATE='/var/lib/deployer/polls'
  WORKERS='5'
  BOOT='20'
  DECIDE='30'
  HEALTH_HOST='polls.example.com'
  HEALTH_PATH='/up'
  HEALTH_LOW='200'
  HEALTH_HIGH='200'
  HEALTH_TIMEOUT='5'
  NGINX_PORT='8080'
  DIRECTORIES_PY='# Makes directories below a root as root, for other owners: no link on the way is followed, whoever put it there.
import grp, os, pwd, stat, sys

root = sys.argv[1]
os.makedirs(root, exist_ok=True)


def descend(names):
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    for name in names:
        try:
            os.mkdir(name, 0o700, dir_fd=here)
        except FileExistsError:
            pass
        there = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
        os.close(here)
        here = there
    return here


for wanted in sys.argv[2:]:
    mode, owner, group, path = wanted.split(" ", 3)
    mode, uid, gid = int(mode, 8), pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid
    try:
        here = descend([name for name in path.split("/") if name != "."])
    except OSError as error:
        sys.exit("%s/%s: %s" % (root, path, error.strerror))
    have = os.fstat(here)
    if (stat.S_IMODE(have.st_mode), have.st_uid, have.st_gid) != (mode, uid, gid):
        os.fchown(here, uid, gid)
        os.fchmod(here, mode)
        print(os.path.normpath(root + "/" + path))
    os.close(here)
'
}
...

plan_setup() {
  step 'packages' packages 'git' 'python3' 'python3-venv' 'sudo' 'ca-certificates' 'openssh-client' 'nginx' 'libpq5'
  step 'users' users 'ssh-ed25519 AAAA it'\''s@home'
  step 'directories' directories
  step 'uploads' uploads 'media'
  step 'stubs' own_files
  step 'git' git_access 'ssh://git@git.example.com:2222/acme/polls.git' 'git.example.com' '2222' '' ''
  step 'units' install_system unit_a unit_b trial recover tmpfiles recover_script sudoers site
  step 'start' start_system yes
  :
}
