//! Declarative deploys of Python web applications.
//!
//! The modules stand in the order data flows; a stage may use the types of earlier stages, never of later ones.

pub mod config;
pub mod event;
pub mod plan;
pub mod script;
pub mod run;
pub mod report;
