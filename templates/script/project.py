# What a project says of its dependencies, as lines of a requirement file.
import glob, os, re, sys, zipfile


def stop(text):
    sys.stderr.write(text + "\n")
    sys.exit(1)


def toml(path):
    """The file as a dictionary; None where this Python has nothing that can read it."""
    if not os.path.isfile(path):
        return {}
    with open(path, "rb") as file:
        text = file.read().decode("utf-8-sig", "replace")
    parser = None
    try:
        import tomllib as parser
    except ImportError:
        # Before 3.11: what pip brings along.
        sys.path += glob.glob(os.path.join(os.path.dirname(os.__file__), "ensurepip/_bundled/pip-*.whl"))
        sys.path += glob.glob("/usr/share/python-wheels/pip-*.whl")
        try:
            from pip._vendor import tomli as parser
        except ImportError:
            return None
    try:
        return parser.loads(text)
    except ValueError as error:
        stop("%s: %s" % (os.path.basename(path), error))


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def named(line):
    """The name of a requirement, its extras, and what follows."""
    match = re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?(.*)", line, re.S)
    return (plain(match.group(1)), match.group(2), match.group(3)) if match else ("", None, line)


def static(pyproject):
    """Whether the dependencies stand in pyproject.toml, so that nothing of the project has to run."""
    project = (pyproject or {}).get("project")
    return project is not None and not {"dependencies", "optional-dependencies"} & set(project.get("dynamic", []))


def lines_of(pyproject, extras, groups):
    project = pyproject.get("project", {})
    lines, seen = [], set()

    def add(entries, what):
        for entry in entries:
            if not isinstance(entry, str):
                stop("pyproject.toml: %s has an entry that is no requirement" % what)
            name, own, rest = named(entry)
            # An extra may be made of others: `polls[redis]` within polls.
            if own and name == plain(project.get("name", "")) and not rest.strip():
                for extra in own.split(","):
                    add_extra(extra.strip())
            else:
                lines.append(entry.replace("\n", " "))

    def add_extra(extra):
        offered = {plain(name): entries for name, entries in project.get("optional-dependencies", {}).items()}
        if plain(extra) not in offered:
            stop("pyproject.toml: no extra `%s`" % extra)
        if plain(extra) not in seen:
            seen.add(plain(extra))
            add(offered[plain(extra)], "the extra `%s`" % extra)

    def add_group(group, within=()):
        offered = {plain(name): entries for name, entries in pyproject.get("dependency-groups", {}).items()}
        if plain(group) not in offered or plain(group) in within:
            stop("pyproject.toml: no dependency group `%s`" % group)
        for entry in offered[plain(group)]:
            if isinstance(entry, dict) and "include-group" in entry:
                add_group(entry["include-group"], within + (plain(group),))
            else:
                add([entry], "the group `%s`" % group)

    add(project.get("dependencies", []), "project.dependencies")
    for extra in extras:
        add_extra(extra)
    for group in groups:
        add_group(group)
    return lines


def lines_of_wheel(path, extras):
    """The same from a built wheel; a condition on an extra becomes one that is always or never true."""
    with zipfile.ZipFile(path) as wheel:
        names = [name for name in wheel.namelist() if re.match(r"[^/]+\.dist-info/METADATA$", name)]
        text = wheel.read(names[0]).decode("utf-8", "replace")
    headers = re.sub(r"\n[ \t]+", " ", text.split("\n\n")[0]).splitlines()
    values = lambda key: [line.split(":", 1)[1].strip() for line in headers if line.lower().startswith(key + ":")]
    wanted = {plain(extra) for extra in extras}
    lacking = wanted - {plain(extra) for extra in values("provides-extra")}
    if lacking:
        stop("the project has no extra `%s`" % "`, `".join(sorted(lacking)))
    chosen = lambda match: "python_version %s '0'" % (">=" if plain(match.group(2)) in wanted else "<")
    lines = [re.sub(r"\bextra\s*==\s*(['\"])(.*?)\1", chosen, line) for line in values("requires-dist")]
    never = lambda line: " or " not in line and "python_version < '0'" in line
    return [line for line in lines if not never(line)]


def release_files(root, every):
    """What may decide about dependencies that a build works out: all of it, or what is no code."""
    found = []
    for where, dirs, files in os.walk(root):
        dirs[:] = sorted(name for name in dirs if every or name.startswith("requirements"))
        if where == root:
            dirs[:] = [name for name in dirs if name not in (".deployer", "venv")]
        for name in files:
            if every or name == "setup.py" or re.search(r"\.(txt|in|cfg|toml|lock)$", name):
                found.append(os.path.join(where, name))
    return found
