# Prints what a virtualenv is made of: key, Python version, and whether gunicorn is required.
import codecs, hashlib, os, re, sys, sysconfig

root, options, names = os.path.realpath(sys.argv[1]), sys.argv[2], sys.argv[3:]
seen, gunicorn = {}, False


def stop(text):
    sys.stderr.write(text + "\n")
    sys.exit(1)


def decoded(data):
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


# A directory or an archive of the tree, with or without a name before it; not an option, not an address.
LOCAL = r"(-e|--editable)\b|\.{1,2}($|[/\[\s;])|/|file:|[^-:#\s][^:#]*@\s*file:|[^-:@#\s][^:@#\s]*/"


def read(name):
    global gunicorn
    path = os.path.realpath(os.path.join(root, name))
    shown = os.path.relpath(path, root)
    if shown.startswith(".."):
        stop("%s: leaves the release" % name)
    if path in seen:
        return
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        stop("%s: %s" % (shown, error.strerror))
    seen[path] = (shown, data)
    text = decoded(data).replace("\\\r\n", " ").replace("\\\n", " ")
    for line in text.splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        include = re.match(r"(?:-r|--requirement|-c|--constraint)(?:\s+|=)?(\S+)$", line)
        if include and not re.match(r"[a-z]+://", include.group(1)):
            read(os.path.join(os.path.dirname(shown), include.group(1)))
        elif re.match(r"gunicorn\s*($|[\[<>=!~;@\s])", line, re.I):
            gunicorn = True
        elif re.match(LOCAL, line):
            stop("%s: `%s` installs a local path into a shared virtualenv; the release is on the path anyway" % (shown, line))
        elif re.search(r"\b(hg|svn|bzr)\+", line) or "git+" in line and not re.search(r"@[0-9a-f]{40}(\s|#|;|$)", line):
            stop("%s: `%s` is a moving reference; pin it to a full commit id" % (shown, re.sub(r"//[^/@]*@", "//***@", line)))


for name in names:
    read(name)
version = "%d.%d.%d" % sys.version_info[:3]
key = hashlib.sha256()
for part in ["deployer-1", version, sysconfig.get_platform(), sys.executable, options] + names:
    key.update(part.encode() + b"\0")
for shown, data in sorted(seen.values()):
    key.update(shown.encode() + b"\0" + hashlib.sha256(data).digest())
print(key.hexdigest()[:16], version, "yes" if gunicorn else "no")
