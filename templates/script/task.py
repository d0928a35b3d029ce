# Runs one command of the project in its release, with the release's environment, and never longer than it may.
import os, pwd, select, signal, subprocess, sys, time

release, limit, tied, mask, command = sys.argv[1:6]
login = pwd.getpwuid(os.getuid())
environment = {
    "PATH": release + "/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": login.pw_dir,
    "USER": login.pw_name,
    "LOGNAME": login.pw_name,
    "SHELL": "/bin/sh",
    "LANG": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
}
environment.update(word.split("=", 1) for word in sys.argv[6:])

# The worker may ignore signals, which a command must not inherit: a handler is undone when it starts. TERM to us is
# an abort, which ends what may be ended.
aborted = []
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, frame: aborted.append(number))
signal.signal(signal.SIGCHLD, lambda number, frame: None)
wake, woken = os.pipe()
os.set_blocking(wake, False)
os.set_blocking(woken, False)
signal.set_wakeup_fd(woken)

os.umask(int(mask, 8))
run = 'set -a && . ./.deployer/env && set +a && exec /bin/sh -c "$1"'
child = subprocess.Popen(
    ["/bin/sh", "-c", run, "sh", command], cwd=release, env=environment, stdin=subprocess.DEVNULL, start_new_session=True
)


def over(until, watched):
    """Why the command has to end: None where it did by itself."""
    while child.poll() is None:
        left = until - time.monotonic()
        if left <= 0:
            return "it had %s seconds" % limit
        if tied == "yes" and aborted:
            return "the run was called off"
        ready = select.select([wake] + watched, [], [], left)[0]
        if wake in ready:
            try:
                os.read(wake, 512)
            except BlockingIOError:
                pass
        if 0 in ready and not os.read(0, 512):
            # Nobody writes there; the end means that whoever started us is gone.
            return "the run was called off"
    return None


def tell(number):
    try:
        os.killpg(child.pid, number)
    except OSError:
        pass


why = over(time.monotonic() + float(limit), [0] if tied == "yes" else [])
if why:
    print("deployer: stopped, " + why, flush=True)
    tell(signal.SIGTERM)
    until = time.monotonic() + 5
    while child.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    tell(signal.SIGKILL)
    child.wait()
    sys.exit(124)
sys.exit(child.returncode if child.returncode >= 0 else 128 - child.returncode)
