# Files that git LFS keeps beside the repository: their pointers in an export, and their content in a store.
import hashlib, os, re, stat, sys
from urllib.parse import quote

mode = sys.argv[1]
base, directory, store = [os.fsencode(word) for word in sys.argv[2:5]]

POINTER = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\r?\n(ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\r?\nsize ([0-9]{1,18})\s*\Z")


class Pointer:
    def __init__(self, path, text, match):
        self.path, self.text = path, text
        self.extended = match.group(1) is not None
        self.name, self.size = match.group(2).decode(), int(match.group(3))
        self.content = os.path.join(store, b"objects", *[os.fsencode(part) for part in (self.name[:2], self.name[2:4], self.name)])

    def is_there(self):
        try:
            return os.path.getsize(self.content) == self.size
        except OSError:
            return False

    def word(self):
        return quote(os.path.relpath(self.path, base), safe="/._-:@+,~")


def pointers():
    found = []
    for place, places, names in os.walk(directory):
        places.sort()
        for name in sorted(names):
            path = os.path.join(place, name)
            details = os.lstat(path)
            if not stat.S_ISREG(details.st_mode) or not 100 <= details.st_size < 1024:
                continue
            with open(path, "rb") as file:
                text = file.read()
            match = POINTER.match(text)
            if match:
                found.append(Pointer(path, text, match))
    return found


def find(stream):
    """Says the first path, how many contents are absent, and the kilobytes to write; those absent, as a commit for git."""
    everything = pointers()
    for one in everything:
        if one.extended:
            print(one.word(), "extension")
            return
    absent = [one for one in everything if not one.is_there()]
    if everything:
        contents = {one.name: one for one in absent}
        size = sum(one.size for one in everything) + sum(one.size for one in contents.values())
        print((absent or everything)[0].word(), len(contents), size // 1024)
        with open(stream, "wb") as file:
            file.write(b"commit refs/heads/pointers\ncommitter deployer <> 0 +0000\ndata 0\n")
            for name, one in sorted(contents.items()):
                file.write(b"M 100644 inline %s\ndata %d\n%s\n" % (name.encode(), len(one.text), one.text))


def fill():
    """Each becomes its content, with its own mode and time. What is damaged leaves the store, to be fetched again."""
    damaged = False
    for one in pointers():
        details, digest, made = os.lstat(one.path), hashlib.sha256(), one.path + b".deployer.part"
        with open(one.content, "rb") as source, open(made, "wb") as copy:
            for block in iter(lambda: source.read(1 << 20), b""):
                digest.update(block)
                copy.write(block)
        if digest.hexdigest() != one.name:
            os.unlink(made)
            os.unlink(one.content)
            damaged = True
            continue
        os.chmod(made, stat.S_IMODE(details.st_mode))
        os.utime(made, ns=(details.st_atime_ns, details.st_mtime_ns))
        os.rename(made, one.path)
        print(one.name)
    return 1 if damaged else 0


try:
    sys.exit(find(sys.argv[5]) if mode == "find" else fill())
except OSError as error:
    sys.exit(str(error))
