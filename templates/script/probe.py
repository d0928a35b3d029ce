# Waits until a generation of the app is proven, or says why it is not. Runs as the app's user.
import json, os, socket, sys, time

(app, run, release, cgroup, workers, deadline, host, path, low, high, limit, port, count, marked, scheme) = sys.argv[1:]
known = [False]
MOST = 65536
workers, limit, count = int(workers), float(limit), int(count)
began = time.monotonic()
until = began + float(deadline)


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


def in_workers(wanted):
    try:
        return [run + "/workers/" + name for name in os.listdir(run + "/workers") if wanted(name)]
    except OSError:
        return []


def reports():
    found = []
    for name in in_workers(str.isdigit):
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
    for name in in_workers(lambda name: name.startswith("failed.")):
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


# --- requests: http.client takes longer to load than all else here, and twice in a push ---


def open_socket():
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(limit)
    line.connect(run + "/gunicorn.sock")
    return line


def open_site():
    line = socket.create_connection(("127.0.0.1", int(port)), limit)
    if scheme != "https":
        return line
    # The site by its name, wherever that leads. Whom the certificate convinces is not asked here: the host asks itself.
    import ssl
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(line, server_hostname=host)


def ask(door):
    """The status of an answer that is whole; 0 without one."""
    lines = ["GET %s HTTP/1.1" % path, "Host: " + host, "X-Forwarded-Proto: " + scheme, "User-Agent: deployer"]
    lines += ["X-Deployer-Probe: " + app, "Accept-Encoding: identity", "Connection: close", "", ""]
    try:
        with door() as line:
            line.sendall("\r\n".join(lines).encode("latin-1"))
            status, headers, body = head_of(line)
            known.append(headers.get("x-deployer-app") == app)
            return status if status in (204, 304) or whole(line, headers, body) else 0
    except (OSError, ValueError, IndexError):
        return 0


def head_of(line):
    """Status and headers of the answer, past those that only announce it, and what of its body came along."""
    status, came = 0, b""
    while status < 200:
        while b"\r\n\r\n" not in came:
            more = line.recv(65536)
            if not more or len(came) > MOST:
                raise ValueError("no answer")
            came += more
        head, came = came.split(b"\r\n\r\n", 1)
        first, *fields = head.decode("latin-1").split("\r\n")
        if not first.startswith("HTTP/"):
            raise ValueError("no answer")
        status = int(first.split(" ", 2)[1])
    pairs = [field.partition(":") for field in fields]
    return status, {name.lower(): value.strip() for name, _, value in pairs}, came


def whole(line, headers, body):
    """Whether the body comes to the end that its headers promise; of a long one, the first part is enough."""
    chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    length = -1 if chunked else int(headers.get("content-length", -1))
    while len(body) <= MOST and not (last_chunk(body) if chunked else 0 <= length <= len(body)):
        more = line.recv(65536)
        if not more:
            return length < 0 and not chunked
        body += more
    return True


def last_chunk(body):
    """Whether the last of its chunks has come, and the lines that may follow it."""
    while True:
        size, found, rest = body.partition(b"\r\n")
        if not found:
            return False
        size = int(size.split(b";")[0], 16)
        if size == 0:
            return rest.startswith(b"\r\n") or b"\r\n\r\n" in rest
        body = rest[size + 2:]


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
    # Who waits longer may look less often.
    time.sleep(0.02 if time.monotonic() < began + 1 else 0.05)

for report in mine:
    prefix = os.path.realpath(report["prefix"])
    if prefix != os.path.realpath(release + "/venv") or os.path.realpath(report["cwd"]) != release:
        say("fail mixed", prefix=prefix, cwd=report["cwd"])

answers, tries, status, by = 0, 3, 0, "socket"
patience = time.monotonic() + 5
while answers < count:
    by = "socket"
    status = ask(open_socket)
    if healthy(status) and port != "0":
        by = "nginx"
        status = ask(open_site)
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
