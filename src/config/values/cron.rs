use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;

use super::{Invalid, Text};

/// A line of five fields, or one of cron's names such as `@daily`: the times it means, as sets of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    pub minutes: Numbers,
    pub hours: Numbers,
    pub days: Numbers,
    pub months: Numbers,
    /// 0 is Sunday.
    pub weekdays: Numbers,
}

/// What one field allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Numbers {
    Any,
    These(BTreeSet<u8>),
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
pub(super) const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const FORM: Invalid = Invalid(
    "five fields: minute, hour, day, month, weekday, such as `30 4 * * mon-fri`; or @hourly, @daily, @weekly, @monthly, @yearly",
);

impl TryFrom<&str> for Cron {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Invalid> {
        let line = match text {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@reboot" => return Err(Invalid("what starts with the host is a worker")),
            line => line,
        };
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let &[minutes, hours, days, months, weekdays] = fields.as_slice() else {
            return Err(FORM);
        };
        Ok(Self {
            minutes: field(minutes, 0..=59, &[])?,
            hours: field(hours, 0..=23, &[])?,
            days: field(days, 1..=31, &[])?,
            months: field(months, 1..=12, &MONTHS)?,
            // 7 is Sunday too.
            weekdays: match field(weekdays, 0..=7, &WEEKDAYS)? {
                Numbers::These(days) => {
                    Numbers::These(days.into_iter().map(|day| day % 7).collect())
                }
                any @ Numbers::Any => any,
            },
        })
    }
}

/// As cron reads it.
impl fmt::Display for Cron {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            minutes,
            hours,
            days,
            months,
            weekdays,
        } = self;
        write!(out, "{minutes} {hours} {days} {months} {weekdays}")
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => out.write_str("*"),
            Self::These(numbers) => {
                let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
                out.write_str(&numbers.join(","))
            }
        }
    }
}

impl Text for Cron {
    const WHAT: &'static str = "a line of cron";
}

fn field(text: &str, range: RangeInclusive<u8>, names: &[&str]) -> Result<Numbers, Invalid> {
    if text == "*" {
        return Ok(Numbers::Any);
    }
    let mut numbers = BTreeSet::new();
    for part in text.split(',') {
        let (span, step) = match part.split_once('/') {
            Some((span, step)) => (span, number(step, &(1..=59), &[])?),
            None => (part, 1),
        };
        let (from, to) = match span.split_once('-') {
            _ if span == "*" => (*range.start(), *range.end()),
            Some((from, to)) => (number(from, &range, names)?, number(to, &range, names)?),
            None if step > 1 => return Err(FORM),
            None => {
                let one = number(span, &range, names)?;
                (one, one)
            }
        };
        if from > to {
            return Err(Invalid("a range goes from the lower to the higher"));
        }
        numbers.extend((from..=to).step_by(step.into()));
    }
    Ok(Numbers::These(numbers))
}

fn number(text: &str, range: &RangeInclusive<u8>, names: &[&str]) -> Result<u8, Invalid> {
    let place = names
        .iter()
        .position(|name| text.eq_ignore_ascii_case(name));
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = match place {
        // The first month is 1, the first weekday 0.
        Some(place) => u8::try_from(place)
            .ok()
            .map(|number| number + range.start()),
        None if digits => text.parse().ok(),
        None => None,
    };
    number.filter(|number| range.contains(number)).ok_or(FORM)
}
