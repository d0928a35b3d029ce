# Prints what a virtualenv is made of, as plain words: key, Python version, where the packages are written down, how
# they are had from there (files, lock, lines or build), whether gunicorn is among them, and how many of them are not
# pinned, with their names. With `found`, the last three of a list that the shell had made.
import codecs, hashlib, json, sysconfig

seen, listed, pinned, gunicorn = {}, [], set(), False


def decoded(data):
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


# A directory or an archive of the tree, with or without a name before it; not an option, not an address.
LOCAL = r"(-e|--editable)\b|\.{1,2}($|[/\[\s;])|/|file:|[^-:#\s][^:#]*@\s*file:|[^-:@#\s][^:@#\s]*/"


def include(shown, kind, name):
    if not re.match(r"[a-z]+://", name):
        read(os.path.join(os.path.dirname(shown), name), kind.startswith(("-c", "--c")))


def take(line, shown, constraint):
    global gunicorn
    if re.match(LOCAL, line):
        stop("%s: `%s` installs a local path into a shared virtualenv; the release is on the path anyway" % (shown, line))
    if re.search(r"\b(hg|svn|bzr)\+", line) or "git+" in line and not re.search(r"@[0-9a-f]{40}(\s|#|;|$)", line):
        stop("%s: `%s` is a moving reference; pin it to a full commit id" % (shown, re.sub(r"//[^/@]*@", "//***@", line)))
    name, _, rest = named(line)
    if line.startswith("-") or not name:
        return
    if re.match(r"\s*(===?\s*[^*,;\s]+\s*($|[;\s])|@)", rest):
        pinned.add(name)
    if not constraint:
        listed.append(name)
        gunicorn = gunicorn or name == "gunicorn"


def each(data, shown, constraint):
    text = decoded(data).replace("\\\r\n", " ").replace("\\\n", " ")
    for line in text.splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        nested = re.match(r"(-r|--requirement|-c|--constraint)(?:\s+|=)?(\S+)$", line)
        if nested:
            include(shown, nested.group(1), nested.group(2))
        elif line:
            take(line, shown, constraint)


def read(name, constraint=False):
    path = os.path.realpath(os.path.join(root, name))
    shown = os.path.relpath(path, root)
    if shown.startswith(".."):
        stop("%s: leaves the release" % name)
    if path in seen:
        return
    each(remember(path, shown), shown, constraint)


def remember(path, shown):
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        stop("%s: %s" % (shown, error.strerror))
    seen[path] = (shown, hashlib.sha256(data).digest())
    return data


def found():
    loose = sorted(set(listed) - pinned)
    return "%s %d %s" % ("yes" if gunicorn else "no", len(loose), ",".join(loose[:10]) or "-")


def write(lines, path, shown):
    text = "".join(line + "\n" for line in lines)
    with open(path, "w") as file:
        file.write(text)
    each(text.encode(), shown, False)


def detect(source):
    """What decides, and how."""
    has = lambda name: os.path.isfile(os.path.join(root, name))
    names = ["uv.lock", "requirements.txt", "pyproject.toml", "setup.py"]
    if source == "project":
        names.remove("requirements.txt")
    name = next((name for name in names if has(name)), None)
    if name is None:
        stop("the repository has none of %s" % ", ".join(names))
    if name == "requirements.txt":
        return name, "files"
    if name == "uv.lock":
        return name, "lock"
    pyproject = toml(os.path.join(root, "pyproject.toml"))
    # A file that only sets up tools says nothing of the project.
    if name == "pyproject.toml" and pyproject is not None and not {"project", "build-system"} & set(pyproject):
        if not has("setup.py") and "poetry" not in pyproject.get("tool", {}):
            stop("pyproject.toml: no table `project`, so it names no dependencies")
        if has("setup.py"):
            name = "setup.py"
    return name, "lines" if static(pyproject) else "build"


def facts(options, out, source, install, extras, groups, names):
    value, how = ("files", "files") if source == "files" else detect(source)
    if how == "build" and groups:
        stop("%s: `python.project.groups` needs a table `project` whose dependencies are not dynamic" % value)
    if source != "files" and how == "files":
        names = [value]
    for name in names:
        read(name)
    pyproject = os.path.join(root, "pyproject.toml")
    deciding = []
    if how in ("lock", "lines"):
        parsed = toml(pyproject)
        if parsed is None:
            remember(pyproject, "pyproject.toml")
        else:
            project = parsed.get("project", {})
            kept = {key: project[key] for key in ("name", "dependencies", "optional-dependencies", "dynamic") if key in project}
            deciding = [kept, parsed.get("dependency-groups"), parsed.get("tool", {}).get("uv")]
    if how == "lock":
        remember(os.path.join(root, "uv.lock"), "uv.lock")
    if how == "lines":
        write(lines_of(parsed, extras, groups), out, "pyproject.toml")
    if install or how == "build":
        for path in release_files(root, install):
            if not os.path.islink(path):
                remember(path, os.path.relpath(path, root))
    if how == "lock":  # which uv alone reads
        options = options.split(" ", 1)[1]
    version = "%d.%d.%d" % sys.version_info[:3]
    key = hashlib.sha256()
    inputs = ["deployer-2", version, sysconfig.get_platform(), sys.executable, options, how, repr((install, extras, groups))]
    for part in inputs + [json.dumps(deciding, sort_keys=True, default=str)] + names:
        key.update(part.encode() + b"\0")
    for shown, digest in sorted(seen.values()):
        key.update(shown.encode() + b"\0" + digest)
    print(key.hexdigest()[:16], version, value, how, found())


words = lambda text: [word for word in text.split(",") if word]
root = os.path.realpath(sys.argv[2])
if sys.argv[1] == "key":
    options, out, source, install, extras, groups = sys.argv[3:9]
    facts(options, out, source, install == "yes", words(extras), words(groups), sys.argv[9:])
else:
    # found RELEASE LIST SHOWN [WHEEL EXTRAS]
    out, shown = sys.argv[3:5]
    if sys.argv[5:]:
        write(lines_of_wheel(sys.argv[5], words(sys.argv[6])), out, shown)
    else:
        with open(out, "rb") as file:
            each(file.read(), shown, False)
    print(found())
