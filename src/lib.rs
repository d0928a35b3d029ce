//! Declarative deploys of Python web applications.
