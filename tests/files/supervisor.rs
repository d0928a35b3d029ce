//! The program that root asks supervisord by, and what the app may lay in its way.

use std::fs;
use std::process::Command;

use crate::cases;

/// Who is at work, by what stands in the app's own directory in place of its report.
const ASK: &str = r#"
import os, pwd, sys

with open(sys.argv[1]) as file:
    program, main, _ = file.read().partition('\ntry:\n    supervisor = server()')
assert main
exec(program)
RUN, USER = sys.argv[2], pwd.getpwuid(os.getuid()).pw_name
with open('/proc/self/stat', 'rb') as file:
    start = int(file.read().rsplit(b')', 1)[1].split()[19])
os.makedirs(RUN + '/a')
os.mkdir(RUN + '/workers')
json_report = '{"pid": %d, "start": %d}' % (os.getpid(), start)
for name, path, report in (
    ('a', RUN + '/a/master', json_report),
    ('worker-celery@1', RUN + '/workers/celery.1', '%d %d x' % (os.getpid(), start)),
):
    def hears(pid, what):
        assert left_behind(name) == pid, (name, what)
        os.unlink(path)

    def write(to, text):
        with open(to, 'w') as file:
            file.write(text)

    write(path, report)
    hears(os.getpid(), 'a report')
    os.mkfifo(path)
    hears(None, 'a FIFO')
    os.symlink('/dev/zero', path)
    hears(None, 'a link to what has no end')
    write(RUN + '/elsewhere', report)
    os.symlink(RUN + '/elsewhere', path)
    hears(None, 'a link to a good report')
    write(path, ' ' * 65536 + report)
    hears(None, 'more than is read')
    write(path, '[' * 65536)
    hears(None, 'lists in lists')
    write(path, '{"pid": Infinity, "start": 1}')
    hears(None, 'a number without end')
"#;

#[test]
fn what_the_app_lays_in_the_way_does_not_hold_root_up() {
    let files = cases::rendered(&cases::supervised());
    let control = cases::content(&files, "/etc/deployer/polls/control.py");
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("control.py"), &control).unwrap();
    fs::write(at("ask.py"), ASK).unwrap();
    let asked = Command::new("timeout")
        .args(["10", "python3"])
        .args(["ask.py", "control.py", "run"].map(at))
        .output()
        .unwrap();
    assert!(asked.status.success(), "{asked:?}");
}
