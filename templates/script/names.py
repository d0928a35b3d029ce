# Names of static files that a host needs: those that its releases name, and those that its store still keeps. Without their
# directories, since releases may differ in what stands before a name; a fingerprint is in each that matters.
import json, os, sys, urllib.parse

root = sys.argv[1]
# Bytes of an event, which is far from what the client takes for none.
LINE = 16000


def unreadable(path):
    print("unreadable " + urllib.parse.quote(path, safe="/"))
    sys.exit(1)


def last(path):
    return path.rsplit("/", 1)[-1]


def urls(manifest):
    for one in manifest["files"].values():
        yield one["url"]
        for sheet in one.get("css", []):
            yield sheet


def of_releases():
    releases = os.path.join(root, "releases")
    for release in os.listdir(releases) if os.path.isdir(releases) else []:
        path = os.path.join(releases, release, ".deployer", "static.json")
        # What a run left that was cut off has no name that anybody trusts.
        if release.startswith("."):
            continue
        if not os.path.lexists(path):
            # Without a manifest there are no static files, or they are from a time before there was one.
            if os.path.isdir(os.path.join(root, "static", release)) and os.path.islink(os.path.join(root, "static", release)):
                unreadable(path)
            continue
        try:
            with open(path, encoding="utf-8") as file:
                for url in urls(json.load(file)):
                    yield last(urllib.parse.unquote(urllib.parse.urlsplit(url).path))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            unreadable(path)


def of_store():
    def stop(error):
        unreadable(error.filename)

    store = os.path.join(root, "static", "store")
    if os.path.isdir(store):
        for _, _, files in os.walk(store, onerror=stop):
            for name in files:
                yield name


names = sorted(set(of_releases()) | set(of_store()))
line = ""
for name in names:
    # Percent-encoded for the client, and once more for the event.
    line += urllib.parse.quote(name, safe="").replace("%", "%25") + "%20"
    if len(line) >= LINE:
        print(line)
        line = ""
print(line)
print("end %d" % len(names))
