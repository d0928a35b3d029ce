# Managed by deployer for polls; changed by "deployer push"
# Run by the stub of a slot, which sets SLOT and CONF, the real path of this file.
import json
import os
import re
import signal
import sys
import time

ROOT = '/home/deploy/polls'
RUN = '/home/deploy/polls/run/' + SLOT
RELEASE = os.path.dirname(os.path.dirname(CONF))
TRIAL = SLOT == 'trial'


class Exact(str):
    """gunicorn strips what it is given in raw_env, and a value may end in a blank."""

    def strip(self, *chars):
        return self


def read_env(path):
    """Entries KEY="value": a value may span lines, and a backslash stands before what sh would read."""
    entry = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)="([^"\\]*(?:\\.[^"\\]*)*)"\n', re.S)
    with open(path, encoding='utf-8', newline='') as file:
        text = file.read()
    found, end = [], 0
    while end < len(text):
        match = entry.match(text, end)
        if match is None:
            raise ValueError('%s: no entry at line %d' % (path, text.count('\n', 0, end) + 1))
        key, value = match.groups()
        found.append(Exact(key + '=' + re.sub(r'\\(.)', r'\1', value, flags=re.S)))
        end = match.end()
    return found


def outside(path):
    """Not a path that another release, or another state of a link, put there."""
    if '/site-packages' in path:
        return True
    return path != ROOT and not path.startswith((ROOT + '/releases/', ROOT + '/slots/'))


# gunicorn adds to the path at every reload and never removes.
sys.path[:] = [path for path in sys.path if outside(path)]

LISTEN = ('127.0.0.1', 8000)
# systemd holds it for every generation. gunicorn, did it know, would serve nothing else.
GIVEN = os.environ.get('LISTEN_PID') == str(os.getpid())
for name in ('LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES'):
    os.environ.pop(name, None)

backlog = 2048
control_socket_disable = True
# Who else may reach a port must not claim another address or scheme.
forwarded_allow_ips = '127.0.0.1,::1'
# A worker's heartbeat must not wait for a disk.
worker_tmp_dir = '/dev/shm' if os.access('/dev/shm', os.W_OK) else RUN

wsgi_app = 'polls.wsgi:application'
chdir = RELEASE
bind = 'unix:' + RUN + '/gunicorn.sock'
# gunicorn gives the socket to its own group; the directory around it admits nginx and nobody else.
umask = 0
workers = 1 if TRIAL else 3
threads = 1
worker_class = 'sync'
timeout = 30
graceful_timeout = 1 if TRIAL else 30
preload_app = False
max_requests = 0
max_requests_jitter = 0

raw_env = read_env(RELEASE + '/.deployer/env')
raw_env.append('DEPLOYER_RELEASE=' + re.sub(r'^\.|\.part$', '', os.path.basename(RELEASE)))
if TRIAL:
    raw_env.append('DEPLOYER_TRIAL=1')


def report(pid):
    return '%s/workers/%d' % (RUN, pid)


def stat(pid):
    with open('/proc/%d/stat' % pid, 'rb') as file:
        return file.read().rsplit(b')', 1)[1].split()


def started(pid):
    """When a process began, in ticks since boot: a pid alone may be another's by now."""
    return int(stat(pid)[19])


def clear(server, which):
    try:
        if not os.path.isdir(RUN + '/workers'):
            os.mkdir(RUN + '/workers', 0o750)
        for name in os.listdir(RUN + '/workers'):
            if name.startswith(which):
                os.unlink(RUN + '/workers/' + name)
    except OSError as error:
        server.log.warning('cannot clear the reports of workers: %s', error)


def end_left_behind(server):
    """A worker of uvicorn's does not notice that its master was killed, and would answer from its release for good."""
    try:
        names = os.listdir(RUN + '/workers')
    except OSError:
        return
    for name in names:
        try:
            with open(RUN + '/workers/' + name) as file:
                facts = json.load(file)
            pid = facts['pid']
            now = stat(pid)
            if int(now[19]) == facts['start'] and int(now[1]) != facts['master']:
                os.kill(pid, signal.SIGTERM)
                server.log.warning('worker %d was left behind by a master that was killed: told to leave', pid)
        except (OSError, ValueError, KeyError, TypeError):
            pass


def on_starting(server):
    end_left_behind(server)
    clear(server, '')
    try:
        with open(RUN + '/master', 'w') as file:
            json.dump({'pid': os.getpid(), 'start': started(os.getpid())}, file)
    except OSError as error:
        server.log.warning('cannot report to deployer: %s', error)


def on_reload(server):
    clear(server, ('failed.', 'aside.'))
    server.deployer_replaced = server.worker_age


def on_exit(server):
    server.deployer_replaced = server.worker_age
    clear(server, '')


def when_ready(server):
    if TRIAL:
        return
    import socket
    from gunicorn import sock
    given = socket.socket(fileno=os.dup(3)) if GIVEN else None
    if given is None or given.getsockname()[:2] != LISTEN:
        raise RuntimeError('systemd does not listen at %s:%d for this app: run `deployer setup`' % LISTEN)
    kind = sock.TCP6Socket if given.family == socket.AF_INET6 else sock.TCPSocket
    server.LISTENERS.append(kind(given.getsockname(), server.cfg, server.log, fd=3))
    given.close()


def post_fork(server, worker):
    worker.deployer_forked = time.monotonic()


def deaf(worker):
    """Whether the app took TERM from a worker of gunicorn's own, which then would not leave when it is told to."""
    handler = signal.getsignal(signal.SIGTERM)
    return type(worker).__module__.startswith('gunicorn.') and getattr(handler, '__self__', None) is not worker


def hasty(worker):
    """Whether it drops connections that it has accepted and not read when it is told to leave."""
    from gunicorn import version_info
    return type(worker).__module__ == 'gunicorn.workers.gthread' and version_info < (24,)


def leave_patiently():
    """A worker of uvicorn's that is told to leave closes what it has accepted and not read. So it first takes nothing more,
    and for a second reads what comes."""
    uvicorn = sys.modules.get('uvicorn.server')
    if uvicorn is None or TRIAL:
        return
    import asyncio
    leave = uvicorn.Server.shutdown

    async def shutdown(self, sockets=None):
        for listener in self.servers:
            listener.close()
        await asyncio.sleep(min(1, graceful_timeout / 4))
        await leave(self, sockets)

    uvicorn.Server.shutdown = shutdown


def post_worker_init(worker):
    """The app is imported: say from where, so that a deploy can prove what serves."""
    leave_patiently()
    imported = time.monotonic() - worker.deployer_forked
    pid = os.getpid()
    try:
        facts = {
            'pid': pid,
            'start': started(pid),
            'master': os.getppid(),
            'release': RELEASE,
            'cwd': os.getcwd(),
            'prefix': sys.prefix,
            'deaf': deaf(worker),
            'hasty': hasty(worker),
            'import': round(imported, 3),
        }
        part = os.open(report(pid) + '.part', os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(part, 'w') as file:
            file.write(json.dumps(facts, sort_keys=True) + '\n')
        os.rename(report(pid) + '.part', report(pid))
    except OSError as error:
        worker.log.warning('cannot report to deployer: %s', error)


def child_exit(server, worker):
    try:
        os.unlink(report(worker.pid))
        return
    except OSError:
        pass
    # It never came to report. gunicorn would try for ever where the app leaves by sys.exit().
    if TRIAL:
        os.kill(os.getpid(), signal.SIGTERM)
        return
    # One from before the reload, or at the end, was told to leave. Of the others it is worth knowing: a deploy need not
    # wait for what does not boot.
    if worker.age <= getattr(server, 'deployer_replaced', 0):
        return
    try:
        with open('%s/workers/failed.%d' % (RUN, worker.pid), 'w') as file:
            file.write(RELEASE)
    except OSError as error:
        worker.log.warning('cannot report to deployer: %s', error)
