//! What runs beside the web server, or in its place.

pub(crate) mod queues;
mod schedules;
mod servers;
pub(crate) mod workers;
