//! Config -> what answers the world in front of the app.

mod default;
mod maintenance;
mod names;
mod nginx;
mod tls;

pub use default::default_sites;
pub use maintenance::maintenance_page;
pub use nginx::site;
