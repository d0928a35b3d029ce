//! What runs beside the web server, or in its place.

mod queues;
mod schedules;
mod servers;
pub(crate) mod workers;
