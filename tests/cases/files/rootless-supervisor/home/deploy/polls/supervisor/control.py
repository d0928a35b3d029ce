# Managed by deployer for polls; changed by "deployer setup"
# Speaks to supervisord of this app's programs alone: what others defined anew stays as it runs.
import base64
import configparser
import http.client
import json
import os
import pwd
import re
import signal
import socket
import stat
import sys
import time
import xmlrpc.client

APP = 'polls'
RUN = '/home/deploy/polls/run'
USER = 'polls-deploy'
CONF = ('/home/deploy/polls/supervisor/supervisord.conf',)
PROGRAMS = ['listen', 'recover', 'a', 'b', 'trial']
# One of several of a kind, told apart by its number: what the kind's file says, with the number in it.
WORKER = re.compile(r'(worker-([a-z][a-z0-9-]*))@([1-9][0-9]?|1[0-9][0-9])')
KIND = '/home/deploy/polls/supervisor/polls' + '-%s.conf'
OWN = '/home/deploy/polls/supervisor/programs/polls' + '-%s.conf'

# Of supervisord's own list.
BAD_NAME, ALREADY_STARTED, NOT_RUNNING, ALREADY_ADDED = 10, 60, 70, 90
WORDS = {
    'RUNNING': 'active',
    'STARTING': 'active',
    'BACKOFF': 'activating',
    'STOPPING': 'deactivating',
    'STOPPED': 'inactive',
    'EXITED': 'inactive',
    'FATAL': 'failed',
}


class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Longer than anything may take to leave.
        self.sock.settimeout(90000)
        self.sock.connect(self.path)


class Transport(xmlrpc.client.Transport):
    def __init__(self, path, login):
        super().__init__()
        self.path, self.login = path, login

    def make_connection(self, host):
        connection = Connection('localhost')
        connection.path = self.path
        return connection

    def send_headers(self, connection, headers):
        if self.login:
            headers = headers + [('Authorization', 'Basic ' + base64.b64encode(self.login.encode()).decode())]
        super().send_headers(connection, headers)


def server():
    conf = configparser.RawConfigParser(inline_comment_prefixes=(';', '#'), strict=False)
    conf.read(CONF)
    own = dict(conf.items('unix_http_server')) if conf.has_section('unix_http_server') else {}
    if 'file' not in own:
        sys.exit('supervisord has no [unix_http_server] in ' + ' or '.join(CONF))
    login = '%s:%s' % (own['username'], own.get('password', '')) if own.get('username') else ''
    return xmlrpc.client.ServerProxy('http://localhost', transport=Transport(own['file'], login)).supervisor


def full(name):
    return APP + '-' + name


def state(name):
    try:
        return supervisor.getProcessInfo(full(name))['statename']
    except xmlrpc.client.Fault as fault:
        if fault.faultCode == BAD_NAME:
            return 'STOPPED'
        raise


def renew(names):
    """Takes up the definitions of these programs, of those that do not run."""
    added, changed, removed = supervisor.reloadConfig()[0]
    for name in names:
        group = full(name)
        if group in changed + removed:
            if state(name) in ('RUNNING', 'STARTING', 'STOPPING') and group in changed:
                continue
            stop(name)
            supervisor.removeProcessGroup(group)
        if group in added + changed:
            supervisor.addProcessGroup(group)


def define(name):
    """The program of this worker."""
    kind, _, number = WORKER.fullmatch(name).groups()
    with open(KIND % kind) as file:
        text = file.read()
    for was, now in (
        ('[program:%s]\n' % full(kind), '[program:%s]\n' % full(name)),
        ('\nnumprocs_start=0\n', '\nnumprocs_start=%s\n' % number),
    ):
        if text.count(was) != 1:
            sys.exit('%s has no line %s' % (KIND % kind, was.strip()))
        text = text.replace(was, now)
    made = OWN % name + '.deployer'
    with open(made, 'w') as file:
        file.write(text)
    os.rename(made, OWN % name)


def forget(name):
    """Nobody sees a program of a worker that nobody wants to run."""
    try:
        os.unlink(OWN % name)
    except FileNotFoundError:
        pass
    passing(BAD_NAME, supervisor.removeProcessGroup, full(name))


def told(path):
    """Text of a file in a directory of the app's: what else stands there is not followed, waited for or read for ever."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), 'rb') as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError(path)
        return file.read(65536).decode()


def reported(name):
    """Pid and start of the main process, as it told them itself."""
    worker = WORKER.fullmatch(name)
    if worker:
        pid, start = told('%s/workers/%s.%s' % (RUN, worker.group(2), worker.group(3))).split()[:2]
    else:
        facts = json.loads(told('%s/%s/master' % (RUN, name)))
        pid, start = facts['pid'], facts['start']
    return int(pid), int(start)


def left_behind(name):
    """A main process that outlived its supervisord: it would be at work beside its successor."""
    try:
        pid, start = reported(name)
        with open('/proc/%d/stat' % pid, 'rb') as file:
            same = int(file.read().rsplit(b')', 1)[1].split()[19]) == start
        # What the app says is heeded for its own processes alone.
        if same and os.stat('/proc/%d' % pid).st_uid == pwd.getpwnam(USER).pw_uid:
            return pid
    except (OSError, ValueError, KeyError, IndexError, TypeError, OverflowError, RuntimeError):
        # The last two: an endless number, lists in lists without end.
        pass
    return None


def program(name):
    """Its definition."""
    conf = configparser.RawConfigParser()
    with open(OWN % name) as file:
        conf.read_file(file)
    return conf['program:' + full(name)]


def parting(name):
    """What asks it to leave, and the seconds that it may take for that."""
    section = program(name)
    return getattr(signal, 'SIG' + section.get('stopsignal', 'TERM')), int(section.get('stopwaitsecs', '10'))


def end_left_behind(name):
    pid = left_behind(name)
    if pid is None:
        return
    number, patience = parting(name)
    os.kill(pid, number)
    until = time.monotonic() + patience
    while left_behind(name) == pid and time.monotonic() < until:
        time.sleep(0.1)
    if left_behind(name) == pid:
        os.kill(pid, signal.SIGKILL)


def start(name):
    if WORKER.fullmatch(name):
        define(name)
    try:
        renew([name])
    except xmlrpc.client.Fault as fault:
        # A broken file of somebody else's: what supervisord knows already can be started.
        print('supervisord does not read its configuration anew: ' + fault.faultString, file=sys.stderr)
    if state(name) == 'BACKOFF':
        # Now, and not when its turn comes.
        stop(name)
    if state(name) not in ('RUNNING', 'STARTING'):
        end_left_behind(name)
    if name == 'trial':
        # What an earlier one printed is not this one's; supervisord itself empties only the log of what runs.
        open(program(name)['stdout_logfile'], 'w').close()
    passing(ALREADY_STARTED, supervisor.startProcess, full(name), False)


def stop(name):
    passing((NOT_RUNNING, BAD_NAME), supervisor.stopProcess, full(name), True)


def passing(codes, call, *arguments):
    try:
        call(*arguments)
    except xmlrpc.client.Fault as fault:
        if fault.faultCode not in (codes if isinstance(codes, tuple) else (codes,)):
            raise


def main(verb, names):
    name = names[0] if names else ''
    if verb == 'ping':
        supervisor.getState()
    elif verb == 'update':
        renew(PROGRAMS)
    elif name not in PROGRAMS and not WORKER.fullmatch(name):
        sys.exit(64)
    elif verb == 'start':
        start(name)
    elif verb == 'stop':
        stop(name)
        if WORKER.fullmatch(name):
            forget(name)
    elif verb == 'reload':
        supervisor.signalProcess(full(name), 'HUP')
    elif verb == 'state':
        print(WORDS.get(state(name), 'unknown'))
    elif verb == 'pid':
        print(supervisor.getProcessInfo(full(name))['pid'])
    elif verb == 'lines':
        text = supervisor.readProcessStdoutLog(full(name), -16000, 0)
        print('\n'.join(text.splitlines()[-20:]))
    else:
        sys.exit(64)


try:
    supervisor = server()
    main(sys.argv[1], sys.argv[2:])
except xmlrpc.client.Fault as fault:
    sys.exit('supervisord: ' + fault.faultString)
except (OSError, http.client.HTTPException) as error:
    sys.exit('supervisord does not answer: %s' % error)
