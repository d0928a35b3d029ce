//! Numbers, and how they are shown.

use std::time::Duration;

/// Times of one command, in the order they came.
#[derive(Debug, Default)]
pub(crate) struct Series(Vec<Duration>);

impl Series {
    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub(crate) fn median(&self) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let middle = sorted.len() / 2;
        if sorted.len().is_multiple_of(2) && middle > 0 {
            return (sorted[middle - 1] + sorted[middle]) / 2;
        }
        sorted.get(middle).copied().unwrap_or_default()
    }

    fn least(&self) -> Duration {
        self.0.iter().min().copied().unwrap_or_default()
    }

    fn most(&self) -> Duration {
        self.0.iter().max().copied().unwrap_or_default()
    }
}

/// The steps of a run, in its order.
#[derive(Debug, Default)]
pub(crate) struct Steps(Vec<(String, Series)>);

impl Steps {
    pub(crate) fn add(&mut self, steps: Vec<(String, Duration)>) {
        for (name, took) in steps {
            let found = self.0.iter().position(|(known, _)| *known == name);
            let at = found.unwrap_or_else(|| {
                self.0.push((name, Series::default()));
                self.0.len() - 1
            });
            self.0[at].1.add(took);
        }
    }

    pub(crate) fn print(&self) {
        let shown = self
            .0
            .iter()
            .map(|(name, series)| format!("{name} {}", series.median().as_millis()));
        println!(
            "  steps of the push on the host: {}",
            shown.collect::<Vec<_>>().join(", ")
        );
    }
}

pub(crate) fn times(title: &str, rows: &[(&str, &Series)]) {
    println!("\n{title:<36} {:>7} {:>7} {:>7}", "median", "least", "most");
    for (name, series) in rows {
        let [median, least, most] =
            [series.median(), series.least(), series.most()].map(|took| took.as_millis());
        println!("{name:<36} {median:>7} {least:>7} {most:>7}");
    }
}

/// What something may cost, and what it does.
pub(crate) struct Budget {
    what: &'static str,
    is: f64,
    may: f64,
    unit: &'static str,
}

impl Budget {
    pub(crate) fn of(what: &'static str, is: Duration, may: Duration) -> Self {
        Self {
            what,
            is: is.as_secs_f64() * 1000.0,
            may: may.as_secs_f64() * 1000.0,
            unit: "ms",
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "shown with one digit")]
    pub(crate) fn megabytes(what: &'static str, is: u64, may: u32) -> Self {
        Self {
            what,
            is: is as f64 / 1e6,
            may: may.into(),
            unit: "MB",
        }
    }
}

pub(crate) fn budgets(budgets: &[Budget]) {
    println!("\n{:<36} {:>10} {:>10}", "budget", "is", "may be");
    for Budget {
        what,
        is,
        may,
        unit,
    } in budgets
    {
        let verdict = if is <= may { "PASS" } else { "over" };
        println!("{what:<36} {is:>7.1} {unit} {may:>7.1} {unit}  {verdict}");
    }
}
