//! A full disk under one directory of a machine.

use anyhow::Result;

use super::machine::Machine;
use super::process::run;

/// Unless it is one already, makes the directory a file system of its own with its content and
/// little room, then takes all of that room.
const FILL: &str = r#"set -eu
if ! mountpoint -q "$at"; then
    mkdir -p "$at"
    size=$(($(du -sm "$at" | cut -f1) + 16))
    new=$(mktemp -d)
    mount -t tmpfs -o "size=${size}m" small-disk "$new"
    cp -a "$at/." "$new/"
    mount --bind "$new" "$at"
    umount "$new"
    rmdir "$new"
fi
dd if=/dev/zero of="$at/.full" bs=64k 2> /dev/null || true
dd if=/dev/zero of="$at/.full-rest" bs=1 count=65536 2> /dev/null || true
"#;

impl Machine {
    /// Fills the disk at `path`, an absolute directory without quotes in its name. Its files
    /// stay, on a small file system in memory: what changes there is lost when the machine
    /// stops, and programs that run in it keep the old directory.
    pub fn fill_disk(&self, path: &str) -> Result<()> {
        self.sh(&format!("at='{path}'\n{FILL}")).map(drop)
    }

    /// Gives the room back that [`Self::fill_disk`] took.
    pub fn free_disk(&self, path: &str) -> Result<()> {
        self.sh(&format!("rm -f '{path}/.full' '{path}/.full-rest'"))
            .map(drop)
    }
}

/// What is left is taken by ever smaller files: no byte of free room stays.
const TAKE: &str = r#"i=0
for size in 512M 256M 128M 64M 32M 16M 8M 4M 2M 1M 512K 256K 128K 64K 32K 16K 8K 4K 4K 4K; do
    i=$((i + 1))
    fallocate -l "$size" "$0/.full-$i" 2> /dev/null || rm -f "$0/.full-$i"
done"#;

impl Machine {
    /// Gives a directory an ext4 of its own, with its content, on a machine that is off. From then on it can be filled
    /// within a moment from outside, and break; it goes with the machine.
    pub fn own_disk(&self, path: &str, megabytes: u32) -> Result<()> {
        let image = self.dir.join(path.replace('/', "-") + ".ext4");
        let at = self.root_path().join(path.trim_start_matches('/'));
        let (image, at) = (image.display().to_string(), at.display().to_string());
        let script = r#"set -eu
truncate -s "$3M" "$1"
mkfs.ext4 -q -m 0 -N 40000 -E lazy_itable_init=0 "$1"
aside=$1.mount
mkdir "$aside"
mount -o loop,errors=remount-ro "$1" "$aside"
cp -a "$2/." "$aside/"
rm -rf "$aside/lost+found"
chown --reference="$2" "$aside" && chmod --reference="$2" "$aside"
umount "$aside"
mount -o loop,errors=remount-ro "$1" "$2"
rmdir "$aside""#;
        run(
            "sh",
            &[
                "-c",
                script,
                "own-disk",
                &image,
                &at,
                &megabytes.to_string(),
            ],
        )
        .map(drop)
    }

    /// Takes the room of a disk of its own but for so many megabytes.
    pub fn fill_but(&self, path: &str, megabytes: u32) -> Result<()> {
        let at = self.outer(path);
        let script = r#"room=$(df --output=avail -k "$1" | tail -n 1) && fallocate -l "$((room - $2 * 1024))K" "$1/.full-but""#;
        run(
            "sh",
            &["-c", script, "fill-but", &at, &megabytes.to_string()],
        )
        .map(drop)
    }

    /// Takes all room of a disk of its own.
    pub fn fill(&self, path: &str) -> Result<()> {
        run("sh", &["-c", TAKE, &self.outer(path)]).map(drop)
    }

    /// Gives back what [`Self::fill`] and [`Self::fill_but`] took.
    pub fn free(&self, path: &str) -> Result<()> {
        let at = self.outer(path);
        run("sh", &["-c", r#"rm -f "$0"/.full-*"#, &at]).map(drop)
    }

    /// An error of a disk of its own, after which the kernel lets nobody write to it.
    pub fn break_disk(&self, path: &str) -> Result<()> {
        let script = r#"device=$(findmnt -no SOURCE --mountpoint "$0") && echo broken > "/sys/fs/ext4/${device##*/}/trigger_fs_error""#;
        run("sh", &["-c", script, &self.outer(path)]).map(drop)
    }

    /// Checks and mounts a disk of its own again, on a machine that is off.
    ///
    /// It becomes a copy: machines that were booted since it was mounted keep a mount of the broken one for as long as
    /// they run, and the kernel would give us the same again.
    pub fn repair_disk(&self, path: &str) -> Result<()> {
        let script = r#"image=$(losetup -nO BACK-FILE "$(findmnt -no SOURCE --mountpoint "$0")")
umount "$0" && cp --sparse=always "$image" "$image.repaired" && mv "$image.repaired" "$image" &&
{ e2fsck -fy "$image" > /dev/null; [ $? -lt 4 ]; } && mount -o loop,errors=remount-ro "$image" "$0""#;
        run("sh", &["-c", script, &self.outer(path)]).map(drop)
    }

    fn outer(&self, path: &str) -> String {
        let at = self.root_path().join(path.trim_start_matches('/'));
        at.display().to_string()
    }

    /// A copy of what a disk of its own has on it now: what a power cut at this moment would leave.
    pub fn copy_disk(&self, path: &str) -> Result<DiskCopy> {
        let at = tempfile::tempdir()?;
        let script = r#"set -e
image=$(losetup -nO BACK-FILE "$(findmnt -no SOURCE --mountpoint "$0")")
cp "$image" "$image.copy"
e2fsck -fp "$image.copy" > /dev/null || [ $? -lt 4 ]
mount -o loop,ro "$image.copy" "$1"
rm "$image.copy""#;
        let to = at.path().display().to_string();
        run("sh", &["-c", script, &self.outer(path), &to])?;
        Ok(DiskCopy(at))
    }

    /// The files below `part` that the copy does not have as they are now; a mark of success may come late, for then
    /// the journal still says what to put back.
    pub fn differs(&self, path: &str, copy: &DiskCopy, part: &str) -> Result<String> {
        let (now, then) = (self.outer(path), copy.path().display().to_string());
        let script = r#"diff -r --no-dereference "$0/$2" "$1/$2" 2>&1 | grep -v -e __pycache__ -e ": proven"; :"#;
        run("sh", &["-c", script, &now, &then, part])
    }
}

/// A mounted copy; it goes when it is dropped.
#[derive(Debug)]
pub struct DiskCopy(tempfile::TempDir);

impl DiskCopy {
    pub fn path(&self) -> &std::path::Path {
        self.0.path()
    }
}

impl Drop for DiskCopy {
    fn drop(&mut self) {
        let _ = run("umount", &[&self.0.path().display().to_string()]);
    }
}
