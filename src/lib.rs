//! Declarative deploys of Python web applications.
//!
//! The modules stand in the order data flows; a stage may use the types of earlier stages, never of later ones.

pub mod config;
pub mod event;
pub mod files;
pub mod plan;
pub mod quote;
pub mod script;
pub mod service;
pub mod template;
pub mod web;
