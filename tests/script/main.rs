//! Plan -> script: exact text, and the library under real shells.

mod answers;
mod framework;
mod goldens;
mod library;
mod lock;
mod plans;
mod releases;
mod pipes;
mod pointers;
mod requirements;
mod statics;
mod swaps;
mod tasks;
mod trials;
