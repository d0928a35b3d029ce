//! Config -> what answers the world in front of the app.

mod nginx;

pub use nginx::site;
