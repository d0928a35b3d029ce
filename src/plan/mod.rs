//! Target -> Plan: pure data, decided before the first connection.

mod file;

pub use file::{File, Place};
