//! Declarative deploys of Python web applications.
//!
//! The modules stand in the order data flows; a stage may use the types of earlier stages, never of later ones.
//! There is no promise of a stable library interface: stages are public for the tests.

pub mod cli;
pub mod config;
pub mod git;
pub mod secret;
pub mod target;

pub mod quote;
pub mod template;

pub mod plan;

pub mod files;
pub mod service;
pub mod web;

pub mod script;

pub mod event;
pub mod run;

pub mod report;

pub mod commands;

use clap::Parser as _;

/// The whole program: parse, run one command, answer with its exit code.
pub fn main() -> report::ExitCode {
    commands::run(&cli::Cli::parse())
}
