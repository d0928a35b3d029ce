# Publishes a release's static files. `store` keeps every file under a name that has the content's fingerprint, and is
# only ever added to. A tree holds links to what one release's plain names mean, and is named for what is in it: where
# nothing changed, all that is made is a link. See docs/decisions/0010-static-store.md.
import base64, binascii, hashlib, os, stat, sys, zlib

(root, release, part, source, url, base, mode, strict, wanted, at_root, blobs, mark) = sys.argv[1:13]
# Where to write down what goes to a storage, if anything does.
listing = "".join(sys.argv[13:14])
encodings = [word for word in wanted.split(",") if word]
top = os.path.join(part, source)
static = root + "/static"
store = static + "/store" + url
memory = root + "/.deployer/static"
FORMAT = "1"

# What compression makes smaller; everything else is compressed by its own format.
COMPRESSIBLE = set(".css .js .mjs .cjs .json .map .svg .html .htm .xml .txt .md .csv .ico .bmp .ttf .otf .eot .wasm".split())
COMPRESSIBLE |= set(".webmanifest .geojson .rss .atom .xhtml .vtt .ics .yaml .yml .gltf .tsx .ts .jsx .vue .scss .less".split())
# What editors and merges leave behind; with names that start with a dot, it is nobody's business.
LEFTOVERS = (b"~", b".bak", b".orig", b".rej", b".swp")
SMALLEST = 256
SUFFIXES = {"gzip": ".gz", "brotli": ".br"}


def word(text):
    data = os.fsencode(text)
    return re.sub(r"[^A-Za-z0-9._:/@+,~-]", lambda match: "%%%02X" % ord(match.group()), data.decode("latin-1"))


def say(kind, **fields):
    print(" ".join([kind] + ["%s=%s" % (key, word(str(value))) for key, value in sorted(fields.items())]))


def stop(reason, **fields):
    say("fail " + reason, **fields)
    sys.exit(1)


def warn(reason, **fields):
    warnings.append((reason, fields))


warnings = []


def tell_warnings():
    for reason, fields in warnings[:10]:
        say("warn " + reason, **fields)
    if len(warnings) > 10:
        say("warn static-more", count=len(warnings) - 10)


def bytes_of(name):
    return os.fsencode(top) + b"/" + name.encode("utf-8")


# --- what there is ---


def walk():
    """Every file that may be served, with what lstat says, and the manifests of tools."""
    files, manifests, pending = {}, [], [""]
    inside = os.path.realpath(os.fsencode(top)) + b"/"
    while pending:
        directory = pending.pop()
        for raw in sorted(os.listdir(bytes_of(directory))):
            try:
                name = directory + raw.decode("utf-8")
            except UnicodeDecodeError:
                warn("static-name", path=directory + raw.decode("utf-8", "replace"))
                continue
            path = bytes_of(name)
            if raw == b".vite":
                manifests.append((os.path.join(path, b"manifest.json"), directory))
            if raw.startswith(b".") or raw.endswith(LEFTOVERS):
                continue
            facts = os.lstat(path)
            if stat.S_ISLNK(facts.st_mode):
                # Served as the file it means, if that is one of these.
                path = os.path.realpath(path)
                if not path.startswith(inside) or not os.path.isfile(path):
                    warn("static-link", path=name)
                    continue
                facts = os.lstat(path)
            if stat.S_ISDIR(facts.st_mode):
                pending.append(name + "/")
            elif stat.S_ISREG(facts.st_mode):
                files[name] = (path, facts)
                if raw.decode("utf-8") in NAMES:
                    manifests.append((path, directory))
            else:
                stop("static-special", path=name)
    return files, sorted(manifests)


# --- what is in it: read once for each content that git knows by an id ---


def remembered():
    """By id: digest, size and references; by digest and links: what the rewriting made; by stored name: the digest."""
    kept = read(memory)
    return {key: kept.get(key) if isinstance(kept.get(key), dict) else {} for key in ("blobs", "made", "stored")}


def listed():
    """The id of each file's content, where it is sure that git wrote the file as it is there."""
    try:
        with open(blobs, "rb") as file:
            lines = file.read().split(b"\0")[:-1]
        written = os.stat(mark).st_mtime_ns
    except OSError:
        return {}, 0
    prefix, found, attributes = os.fsencode(source) + b"/", {}, []
    for line in lines:
        facts, _, path = line.partition(b"\t")
        kind, number = facts.split(b" ")[1:3]
        if os.path.basename(path) == b".gitattributes":
            attributes.append(number)
            try:
                with open(os.path.join(os.fsencode(part), path), "rb") as file:
                    # It puts the commit into the file.
                    if b"export-subst" in file.read():
                        return {}, 0
            except OSError:
                return {}, 0
        if kind == b"blob" and path.startswith(prefix):
            found[path[len(prefix):]] = number
    rules = hashlib.sha256(b" ".join(attributes)).hexdigest()[:16] if attributes else ""
    return {path.decode("utf-8", "replace"): number.decode() + rules for path, number in found.items()}, written


def digest_of(data):
    return base64.b64encode(data.digest()).decode()


def examine(name, path, plain):
    """Digest, size, and references: those of a text that may be rewritten."""
    data, size = hashlib.sha384(), 0
    with open(path, "rb") as file:
        content = file.read() if plain is None else file.read(1 << 20)
        while content:
            data.update(content)
            size += len(content)
            whole, content = content, file.read(1 << 20)
    if plain is not None or not size:
        return [digest_of(data), size, []]
    text = whole.decode("latin-1")
    found = plain_references(name, text)
    return [digest_of(data), size, [[text.count("\n", 0, start) + 1, reference, kind] for start, _, reference, kind in found]]


def plain_references(name, text):
    return in_css(text) if name.endswith(".css") else in_script(text)


def rewritable(name):
    """Not what the project's own tools have taken care of."""
    return mode != "none" and name.endswith((".css", ".js", ".mjs")) and name not in named and name not in known


def all_facts(files):
    ids, written = listed()
    facts, unknown = {}, []
    for name, (path, details) in files.items():
        number = ids.get(name) if details.st_ctime_ns <= written else None
        # What is in a text matters only where it is rewritten.
        key = number and number + ("" if rewritable(name) else "-")
        known = past["blobs"].get(key)
        if known is None:
            unknown.append((name, path, key))
        else:
            facts[name] = known
            now["blobs"][key] = known
    for (name, _, key), found in zip(unknown, at_once(lambda job: examine(job[0], job[1], None if rewritable(job[0]) else True), unknown)):
        facts[name] = found
        if key:
            now["blobs"][key] = found
    return facts


def at_once(call, jobs):
    """Hashing and compressing leave Python alone, so that threads use all processors."""
    if len(jobs) < 8:
        return [call(job) for job in jobs]
    from concurrent.futures import ThreadPoolExecutor
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        return list(pool.map(call, jobs))


# --- names ---


def fingerprint(digest):
    return binascii.hexlify(base64.b64decode(digest[:8])).decode()


def with_fingerprint(name, mark):
    stem, extension = os.path.splitext(name)
    return "%s.%s%s" % (stem, mark, extension)


class File:
    """What becomes of one file: the name it is stored under, its content, and the links that are new in it."""

    def __init__(self, name, facts):
        self.name, (self.digest, self.size, self.references) = name, facts
        self.links, self.mark, self.content, self.place = {}, None, None, None

    def stored(self):
        """Asked for once it has a fingerprint, and then often."""
        if self.place is None:
            self.place = self.name if self.name in named else with_fingerprint(self.name, self.mark)
        return self.place

    def link_from(self, name):
        """As another file of the tree writes it."""
        versioned = mode == "query" and self.name not in named
        path = self.name if versioned else self.stored()
        return quoted(os.path.relpath(path, os.path.dirname(name) or ".")) + ("?v=" + self.mark if versioned else "")

    def lasts(self):
        """Whether all that its name ever means is this content, as a storage needs it."""
        return mode == "filename" or self.name in named

    def address(self):
        if mode == "none" or self.name in named:
            # What a storage cannot have is on the site itself.
            return (base if self.lasts() or not listing else url) + quoted(self.name)
        return base + quoted(self.name) + "?v=" + self.mark if mode == "query" else base + quoted(self.stored())

    def settle(self):
        """Its content, and with it the fingerprint unless a cycle gave it one."""
        if self.links:
            key = hashlib.sha256(json.dumps([self.digest, sorted(self.links.items())]).encode()).hexdigest()
            made = past["made"].get(key)
            if made is None:
                data = self.rewritten()
                made = [digest_of(hashlib.sha384(data)), len(data)]
            now["made"][key] = made
            self.digest, self.size = made
        self.mark = self.mark or fingerprint(self.digest)

    def rewritten(self):
        if self.content is None:
            with open(files[self.name][0], "rb") as file:
                text = file.read().decode("latin-1")
            self.content = renamed(text, plain_references(self.name, text), self.links).encode("latin-1")
        return self.content


def meant_by(file):
    """The files that one refers to, by what it writes; what is missing is said."""
    found = {}
    for line, reference, is_map in file.references:
        wanted = target(reference, file.name, url)
        if wanted is None or wanted == file.name:
            continue
        wanted = known[wanted][0] if wanted in known and wanted not in all_files else wanted
        if wanted in all_files:
            found[reference] = all_files[wanted]
        elif not is_map:
            # Only who debugs asks for a map, and many packages ship without.
            warn("static-reference", path=file.name, line=line, reference=reference.encode("latin-1").decode("utf-8", "replace"))
    return found


def settle_all():
    """Those first that others refer to. What is left then goes around in circles, and is named for all of it."""
    waiting, users = {}, {}
    ready = []
    for file in all_files.values():
        file.meant = meant_by(file)
        needs = set(other.name for other in file.meant.values())
        waiting[file.name] = needs
        for other in needs:
            users.setdefault(other, []).append(file.name)
        if not needs:
            ready.append(file)
    while ready:
        file = ready.pop()
        finish(file)
        del waiting[file.name]
        for name in users.get(file.name, ()):
            waiting[name].discard(file.name)
            if not waiting[name]:
                ready.append(all_files[name])
    left = [all_files[name] for name in sorted(waiting)]
    whole = hashlib.sha384()
    for file in left:
        outside = [other.link_from(file.name) for other in file.meant.values() if other.mark]
        whole.update(json.dumps([file.name, file.digest, sorted(outside)]).encode())
    for file in left:
        mine = whole.copy()
        mine.update(file.name.encode("utf-8"))
        file.mark = mine.hexdigest()[:12]
    for file in left:
        finish(file)


def finish(file):
    file.links = {reference: other.link_from(file.name) for reference, other in file.meant.items()}
    file.settle()


# --- making it ---


def remove(path):
    try:
        for directory, _, names in os.walk(os.fsencode(path), topdown=False):
            for name in names:
                os.unlink(os.path.join(directory, name))
            os.rmdir(directory)
    except OSError:
        # The next run removes what is left of it.
        pass


class Making:
    """New files stand aside until all of them are on disk."""

    def __init__(self):
        self.aside = static + "/." + release + ".part"
        self.new, self.made = [], set()
        remove(self.aside)

    def directory(self, path):
        if path not in self.made:
            if not os.path.isdir(path):
                os.makedirs(path)
            self.made.add(path)

    def add(self, file):
        """Into the store, unless it is there: all files with one name in the store are the same."""
        final = os.fsencode(store + file.stored())
        if os.path.lexists(final):
            return final
        new = os.fsencode(self.aside + "/store/" + file.stored())
        self.directory(os.path.dirname(new))
        path, details = files[file.name]
        if file.links:
            self.write(new, file.rewritten(), details)
        else:
            os.link(path, new)
        # Neither a hook nor the project may change what the fingerprint is of.
        os.chmod(new, 0o444)
        self.new.append((new, final))
        return new

    def write(self, path, content, details):
        with open(path, "wb") as file:
            file.write(content)
        os.utime(path, ns=(details.st_mtime_ns, details.st_mtime_ns))
        os.chmod(path, 0o444)

    def compress(self, job):
        """One more form of a file in the store, if it is smaller."""
        path, final, encoding, details = job
        suffix = os.fsencode(SUFFIXES[encoding])
        with open(path, "rb") as file:
            content = file.read()
        packed = gzip(content) if encoding == "gzip" else brotli(path)
        if len(packed) >= len(content):
            return
        new = os.fsencode(self.aside + "/packed/") + final[len(os.fsencode(store)):] + suffix
        self.write(new, packed, details)
        self.new.append((new, final + suffix))

    def publish(self):
        for new, final in self.new:
            self.directory(os.path.dirname(final))
            os.rename(new, final)


def gzip(content):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(content) + packer.flush()


def brotli(path):
    from subprocess import check_output
    return check_output(["brotli", "-q", "9", "-c", "--", path])


def compressible(file):
    return file.size >= SMALLEST and os.path.splitext(file.name)[1].lower() in COMPRESSIBLE


def make(tree):
    making = Making()
    plain = os.fsencode(making.aside + "/tree")
    served = plain + os.fsencode(url)
    making.directory(served)
    sources, jobs = {}, []
    for file in all_files.values():
        final = os.fsencode(store + file.stored())
        sources[file.name] = path = making.add(file)
        if compressible(file):
            for encoding in encodings:
                if not os.path.lexists(final + os.fsencode(SUFFIXES[encoding])):
                    making.directory(os.path.dirname(os.fsencode(making.aside + "/packed/" + file.stored())))
                    jobs.append((path, final, encoding, files[file.name][1]))
    at_once(making.compress, jobs)
    packed = dict((final, new) for new, final in making.new)
    for file in all_files.values():
        link = served + file.name.encode("utf-8")
        making.directory(os.path.dirname(link))
        os.link(sources[file.name], link)
    for file in filter(compressible, all_files.values()):
        final = os.fsencode(store + file.stored())
        link = served + file.name.encode("utf-8")
        for encoding in encodings:
            suffix = os.fsencode(SUFFIXES[encoding])
            one = packed.get(final + suffix, final + suffix)
            if os.path.lexists(one):
                # In place of what the project may have packed itself, and perhaps long ago.
                if os.path.lexists(link + suffix):
                    os.unlink(link + suffix)
                os.link(one, link + suffix)
    with open(plain + b"/manifest.json", "w") as file:
        json.dump(manifest(), file, indent=1, sort_keys=True)
    sync(making.aside)
    making.publish()
    making.directory(os.path.dirname(tree))
    os.rename(plain, tree)
    remove(making.aside)
    return len(making.new)


def sync(path):
    # Here and above: most pushes run nothing, and need not wait for what that takes.
    from subprocess import DEVNULL, call
    if call(["sync", "-f", path], stderr=DEVNULL):
        os.sync()


def manifest():
    """What the app reads: logical names, of files and of what tools made of them."""
    found = {name: {"url": file.address(), "size": file.size, "integrity": "sha384-" + file.digest} for name, file in all_files.items()}
    for name, (file, sheets) in known.items():
        found[name] = dict(found[file])
        if sheets:
            found[name]["css"] = [all_files[sheet].address() for sheet in sheets]
    return {"version": 1, "url": base, "files": found}


# --- the whole ---


def main():
    for name in at_root.split(","):
        if name and name not in all_files:
            stop("static-root", path=name)
    settle_all()
    tell_warnings()
    if strict == "yes" and any(reason == "static-reference" for reason, _ in warnings):
        stop("static-references", count=len(warnings))
    for file in all_files.values():
        stored = file.stored()
        # The project's own tools named it for its content, and only they know whether that is true.
        if file.name in named and differs(file):
            stop("static-changed", path=file.name)
        now["stored"][stored] = file.digest
    everything = [[name, file.stored(), file.digest] for name, file in sorted(all_files.items())]
    stored = [sorted(file.stored() for file in all_files.values() if file.lasts())] if listing else []
    key = hashlib.sha256(json.dumps([FORMAT, url, base, mode, encodings, everything, sorted(known.items())] + stored).encode())
    tree = static + "/trees/" + key.hexdigest()[:16]
    new = None if os.path.isdir(tree) else make(tree)
    link = static + "/." + release + ".part"
    os.symlink("trees/" + os.path.basename(tree), link)
    os.rename(link, static + "/" + release)
    os.link(tree + "/manifest.json", part + "/.deployer/static.json")
    with open(memory + ".new", "w") as file:
        # Of a text, json is written by C; of a file, by Python.
        file.write(json.dumps(now))
    os.rename(memory + ".new", memory)
    if listing:
        with open(listing, "w") as file:
            json.dump({"store": store, "packed": "gzip" in encodings, "names": stored[0]}, file)
    say("made", files=len(all_files), new="none" if new is None else new)


def differs(file):
    path = store + file.stored()
    if past["stored"].get(file.stored()) == file.digest or not os.path.lexists(path):
        return False
    return examine(file.name, path, True)[0] != file.digest


files, manifests = walk()
named, known = of_tools(manifests, url, files)
past, now = remembered(), {"blobs": {}, "made": {}, "stored": {}}
all_files = {name: File(name, facts) for name, facts in all_facts(files).items()}
main()
