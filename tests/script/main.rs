//! Plan -> script: exact text, and the library under real shells.

mod goldens;
mod library;
mod plans;
mod requirements;
mod swaps;
