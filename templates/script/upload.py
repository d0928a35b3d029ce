# Sends static files to a storage. `offer` prints what the release has, for the client to sign addresses; `answer` puts what it
# signed. An address is good for one content and some hours: size, checksum and headers are part of what is signed.
import base64, hashlib, json, os, re, sys, threading, urllib.parse

command, run, memory = sys.argv[1:4]
CONNECTIONS = 16
PATIENCE = 30
TRIES = 5
BUSY = (408, 409, 425, 429, 500, 502, 503, 504)
# Bytes of an event, which is far from what the client takes for none.
LINE = 16000


def read(path):
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def word(text):
    return re.sub(r"[^A-Za-z0-9._:/@+,~-]", lambda match: "%%%02X" % ord(match.group()), os.fsencode(text).decode("latin-1"))


def say(kind, **fields):
    print(" ".join([kind] + ["%s=%s" % (key, word(str(value))) for key, value in sorted(fields.items())]), flush=True)


def at_once(call, jobs, count):
    """Threads take turns until the jobs are gone or one of them fails; hashing and sending leave Python alone."""
    jobs, wrong = iter(jobs), []
    turn = threading.Lock()

    def work():
        lane = {}
        while not wrong:
            with turn:
                job = next(jobs, None)
            if job is None:
                return
            try:
                call(job, lane)
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads, wrong


# --- what there is ---


def offer():
    """Each object's name, size, SHA-256 and form. Read once: whatever has the name has the content."""
    listed = read(run + "/stored")
    past, now, missing, objects = read(memory), {}, [], []
    for name in listed["names"]:
        path = os.fsencode(listed["store"]) + name.encode("utf-8")
        packed = listed["packed"] and os.path.lexists(path + b".gz")
        path += b".gz" if packed else b""
        key, size = name + (" gzip" if packed else ""), os.stat(path).st_size
        known = past.get(key)
        if known and known[0] == size:
            now[key] = known
        else:
            missing.append((key, path, size))
        objects.append((name, key, packed))

    def examine(job, _):
        key, path, size = job
        digest = hashlib.sha256()
        with open(path, "rb") as file:
            for part in iter(lambda: file.read(1 << 20), b""):
                digest.update(part)
        now[key] = [size, base64.b64encode(digest.digest()).decode()]

    threads, wrong = at_once(examine, missing, min(8, os.cpu_count() or 1))
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]
    with open(memory + ".new", "w") as file:
        json.dump(now, file)
    os.rename(memory + ".new", memory)
    line = ""
    for name, key, packed in objects:
        form = "gzip" if packed else "-"
        line += word("%d %s %s %s " % (now[key][0], now[key][1], form, urllib.parse.quote(name, safe="/")))
        if len(line) >= LINE:
            print(line)
            line = ""
    print(line)
    print("end %d" % (4 * len(objects)))


# --- sending it ---


class Refused(Exception):
    """The storage's own words; nothing is gained by asking again."""


class Sending:
    def __init__(self, puts, store):
        self.puts, self.store = puts, store
        self.turn = threading.Lock()
        self.files = self.bytes = 0
        self.total = sum(put["size"] for put in puts)

    def progress(self):
        say("progress", files=self.files, of=len(self.puts), bytes=self.bytes, total=self.total)

    def one(self, put, lane):
        """With pauses that grow, and never together with the others."""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(min(8, 0.25 * 2 ** attempt) * (0.5 + random.random()))
            status, answer = self.attempt(put, lane, attempt + 1 == TRIES)
            # It came from somebody else meanwhile, or from ourselves before the answer was lost.
            if status in (200, 201, 204, 412):
                with self.turn:
                    self.files += 1
                    self.bytes += put["size"]
                return
            if status not in BUSY and status is not None:
                break
        code, message = words(answer)
        raise Refused({"path": put["name"], "status": status, "code": code, "said": message})

    def attempt(self, put, lane, last):
        """Status and body; no status where no answer came and there will be another try."""
        url = urllib.parse.urlsplit(put["url"])
        path = os.fsencode(self.store) + put["name"].encode("utf-8") + (b".gz" if put["packed"] else b"")
        target = urllib.parse.urlunsplit(("", "", url.path, url.query, ""))
        try:
            connection = lane.get(url.netloc)
            if connection is None:
                connection = lane[url.netloc] = connect(url)
            with open(path, "rb") as file:
                try:
                    connection.request("PUT", target, body=file, headers=dict(put["headers"], **{"Content-Length": str(put["size"])}))
                except (BrokenPipeError, ConnectionResetError):
                    # Who refuses a large file may answer before it has all of it, and hang up.
                    if connection.sock is None:
                        raise
            response = connection.getresponse()
            status, answer = response.status, response.read(1 << 16)
            if response.will_close or response.read(1):
                lane.pop(url.netloc).close()
            return status, answer
        except (OSError, ssl.CertificateError, http.client.HTTPException) as error:
            if url.netloc in lane:
                lane.pop(url.netloc).close()
            said = getattr(error, "strerror", None) or str(error) or type(error).__name__
            if last or isinstance(error, ssl.CertificateError) or "CERTIFICATE_VERIFY" in said:
                raise Refused({"host": url.netloc, "said": said})
            return None, b""


def connect(url):
    """By the proxy that the login's environment names, unless it makes an exception of this place."""
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    proxy = urllib.request.getproxies_environment().get(url.scheme)
    if not proxy or urllib.request.proxy_bypass_environment(url.hostname):
        return kind(url.hostname, url.port, timeout=PATIENCE)
    proxy = urllib.parse.urlsplit(proxy if "//" in proxy else "//" + proxy)
    connection, headers = kind(proxy.hostname, proxy.port or 80, timeout=PATIENCE), {}
    if proxy.username:
        login = urllib.parse.unquote("%s:%s" % (proxy.username, proxy.password or ""))
        headers["Proxy-Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
    connection.set_tunnel(url.hostname, url.port, headers)
    return connection


def words(answer):
    text = answer.decode("utf-8", "replace")
    found = [re.search("<%s>([^<]{1,300})</%s>" % (name, name), text) for name in ("Code", "Message")]
    return [html.unescape(match.group(1)).strip() if match else "-" for match in found]


def answer():
    said = read(run + "/answer")
    os.unlink(run + "/answer")
    sending = Sending(said["put"], read(run + "/stored")["store"])
    # The largest first: a straggler costs its own time at the end.
    puts = sorted(sending.puts, key=lambda put: -put["size"])
    threads, wrong = at_once(sending.one, puts, min(CONNECTIONS, len(puts)))
    told = time.monotonic()
    while any(thread.is_alive() for thread in threads) and not wrong:
        time.sleep(0.02)
        if time.monotonic() - told >= 1:
            told = time.monotonic()
            sending.progress()
    for error in wrong:
        if not isinstance(error, Refused):
            raise error
        say("fail upload-unreachable" if "host" in error.args[0] else "fail upload-refused", **error.args[0])
        sys.stdout.flush()
        # Threads that wait for an answer are not waited for.
        os._exit(1)
    sending.progress()
    print("done", flush=True)


if command == "offer":
    offer()
else:
    # What most pushes do without takes longer to load than all that they do.
    import html, http.client, random, ssl, time, urllib.request

    answer()
