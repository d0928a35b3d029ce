# Managed by deployer for polls; changed by "deployer setup"
# Holds the address for every generation of gunicorn: two of them serve from one queue, and no connection is refused
# between them. It never accepts one itself.
import array
import os
import socket

ADDRESS = ('127.0.0.1', 8000)
PATH = '/home/deploy/polls/run/listen/socket'

held = socket.socket(socket.AF_INET6 if ':' in ADDRESS[0] else socket.AF_INET, socket.SOCK_STREAM)
held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
# Should this program be killed, its successor has a queue of its own for the next generation.
held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
held.bind(ADDRESS)

os.umask(0o077)
try:
    os.unlink(PATH)
except FileNotFoundError:
    pass
door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
door.bind(PATH)
door.listen(8)
# Whoever started this and is gone has a successor that holds the address anew.
parent = os.getppid()
door.settimeout(2)
print('holding %s:%d' % ADDRESS, flush=True)
while os.getppid() == parent:
    try:
        asking, _ = door.accept()
    except socket.timeout:
        continue
    with asking:
        try:
            asking.sendmsg([b'.'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [held.fileno()]))])
        except OSError:
            pass
