//! How long to wait for others.

use std::time::Duration;

use clap::Args;

/// For a command that needs the hosts to itself.
#[derive(Debug, Args)]
pub struct Wait {
    /// Wait this long for a lock that somebody else holds (90s, 15m, 1h)
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "15m", value_parser = duration)]
    pub wait: Option<Duration>,
}

/// `90s`, `15m`, `1h`; seconds where no unit is given. At most a day.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        other => return Err(format!("no unit `{other}`; use s, m or h")),
    };
    match digits
        .parse::<u64>()
        .ok()
        .and_then(|count| count.checked_mul(unit))
    {
        Some(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("not a time between 1s and 24h".to_owned()),
    }
}
