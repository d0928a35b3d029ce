# Makes directories below a root as root, for other owners: no link on the way is followed, whoever put it there.
import grp, os, pwd, stat, sys

root = sys.argv[1]
trusted = [0] + [pwd.getpwnam(name).pw_uid for name in sys.argv[2].split()]


def descend(names):
    """Opens directory after directory from `/`; what is missing is made, for root alone."""
    here = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    for name in names:
        try:
            os.mkdir(name, 0o755, dir_fd=here)
        except FileExistsError:
            pass
        there = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
        os.close(here)
        here = there
        if os.fstat(here).st_uid not in trusted:
            raise PermissionError(0, "`%s` belongs to another user" % name)
    return here


for wanted in sys.argv[3:]:
    mode, owner, group, path = wanted.split(" ", 3)
    mode, uid, gid = int(mode, 8), pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid
    try:
        here = descend([name for name in (root + "/" + path).split("/") if name not in ("", ".")])
    except OSError as error:
        sys.exit("%s/%s: %s; no part of it may be a link" % (root, path, error.strerror))
    have = os.fstat(here)
    if (stat.S_IMODE(have.st_mode), have.st_uid, have.st_gid) != (mode, uid, gid):
        os.fchown(here, uid, gid)
        os.fchmod(here, mode)
        print(os.path.normpath(root + "/" + path))
    os.close(here)
