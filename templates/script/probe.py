# Waits until a generation of the app is proven, or says why it is not. Runs as the app's user.
import glob, http.client, json, os, socket, ssl, sys, time

(app, run, release, cgroup, workers, deadline, host, path, low, high, limit, port, count, marked, scheme) = sys.argv[1:]
known = [False]
workers, limit, count = int(workers), float(limit), int(count)
until = time.monotonic() + float(deadline)


def say(word, **fields):
    print(" ".join([word] + ["%s=%s" % item for item in sorted(fields.items())]))
    sys.exit(0 if word == "ok" else 1)


def stat(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return fields[0], int(fields[19])
    except (OSError, IndexError, ValueError):
        return "X", 0


def written(name):
    """What the app wrote there; a pipe in that place keeps nobody waiting."""
    with open(name, opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK)) as file:
        return file.read()


def reports():
    found = []
    for name in glob.glob(run + "/workers/[0-9]*"):
        try:
            report = json.loads(written(name))
        except (OSError, ValueError):
            continue
        if lives(report):
            found.append(report)
    return found


def lives(process):
    state, start = stat(process["pid"])
    return state not in "XZ" and start == process["start"]


def failed():
    """How many workers of this release have left before they had imported the app."""
    count = 0
    for name in glob.glob(run + "/workers/failed.*"):
        try:
            count += written(name) == release
        except (OSError, ValueError):
            continue
    return count


def died():
    if not cgroup:
        try:
            return not lives(json.loads(written(run + "/master")))
        except (OSError, ValueError, KeyError):
            return True
    for group in ("", "systemd/"):
        name = "/sys/fs/cgroup/%s%s/cgroup.procs" % (group, cgroup)
        try:
            with open(name) as file:
                return not file.read().strip()
        except OSError:
            continue
    return True


class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(run + "/gunicorn.sock")


class Https(http.client.HTTPConnection):
    """The site by its name, wherever that leads. Whom the certificate convinces is not asked here: the host asks itself."""

    def connect(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.sock = context.wrap_socket(plain, server_hostname=host)


def ask(connection):
    try:
        connection.request("GET", path, headers={"Host": host, "X-Forwarded-Proto": scheme, "User-Agent": "deployer", "X-Deployer-Probe": app})
        answer = connection.getresponse()
        answer.read(65536)
        known.append(answer.getheader("X-Deployer-App") == app)
        return answer.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def healthy(status):
    return int(low) <= status <= int(high)


# Where a master has to say itself that it lives, its own start comes first.
seen_alive, quiet = False, time.monotonic() + (3 if cgroup else 15)
while True:
    mine = [report for report in reports() if report["release"] == release]
    if len(mine) >= workers:
        break
    if died():
        if seen_alive or time.monotonic() > quiet:
            say("fail died")
    elif failed() >= max(workers, 2):
        # Its master lives and tries again and again, while requests wait.
        say("fail died")
    else:
        seen_alive = True
    if time.monotonic() > until:
        say("fail boot-timeout", workers=len(mine), wanted=workers)
    time.sleep(0.02)

for report in mine:
    prefix = os.path.realpath(report["prefix"])
    if prefix != os.path.realpath(release + "/venv") or os.path.realpath(report["cwd"]) != release:
        say("fail mixed", prefix=prefix, cwd=report["cwd"])

answers, tries, status, by = 0, 3, 0, "socket"
patience = time.monotonic() + 5
while answers < count:
    by = "socket"
    status = ask(Unix("localhost", timeout=limit))
    if healthy(status) and port != "0":
        by = "nginx"
        through = Https if scheme == "https" else http.client.HTTPConnection
        status = ask(through("127.0.0.1", int(port), timeout=limit))
        if marked == "yes" and status and not known[-1]:
            # nginx may still be taking up its configuration; or something else has the port.
            if time.monotonic() > patience:
                say("fail stranger", port=port)
            time.sleep(0.1)
            continue
    if not status and not any(lives(report) for report in mine) and died():
        # It reported before it was ready to answer, and never will.
        say("fail died")
    answers = answers + 1 if healthy(status) else 0
    if answers == 0 and (time.monotonic() > until or status):
        # An answer is an answer: waiting does not make a 500 healthy. Three tries, for a cold start's sake.
        tries -= 1
        if tries <= 0 or time.monotonic() > until:
            say("fail health", status=status, by=by, path=path.replace("%", "%25"))
        time.sleep(0.3)
    elif answers == 0:
        time.sleep(0.05)
say("ok", workers=len(mine), imported=int(max(report["import"] for report in mine) * 100))
