//! A full disk under one directory of a machine.

use anyhow::Result;

use super::machine::Machine;

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
