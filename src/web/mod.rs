//! Config -> what answers the world in front of the app.

mod default;
mod names;
mod nginx;
mod tls;

pub use default::default_sites;
pub use nginx::site;
