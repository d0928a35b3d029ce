//! A time of systemd as a line of cron, where cron has words for it.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::cron::WEEKDAYS;
use super::{CalendarTime, Cron, Invalid, Numbers, allow};

/// systemd's names; a week of its begins on Monday.
const NAMES: [(&str, &str); 8] = [
    ("minutely", "* * * * *"),
    ("hourly", "0 * * * *"),
    ("daily", "0 0 * * *"),
    ("weekly", "0 0 * * 1"),
    ("monthly", "0 0 1 * *"),
    ("quarterly", "0 0 1 1,4,7,10 *"),
    ("semiannually", "0 0 1 1,7 *"),
    ("yearly", "0 0 1 1 *"),
];

const UNKNOWN: Invalid = Invalid("write it for cron, with the key `cron`");

impl CalendarTime {
    /// The same times for cron, or what of them it has no word for.
    pub fn as_cron(&self) -> Result<Cron, Invalid> {
        let text = match self.as_str() {
            "annually" => "yearly",
            text => text,
        };
        if let Some((_, line)) = NAMES.iter().find(|(name, _)| *name == text) {
            return Cron::try_from(*line);
        }
        let mut words: Vec<&str> = text.split(' ').collect();
        let mut take = |is: fn(&str) -> bool| {
            let first = words.first().copied().filter(|word| is(word))?;
            words.remove(0);
            Some(first)
        };
        let weekdays = take(|word| word.starts_with(|letter: char| letter.is_ascii_alphabetic()));
        let date = take(|word| word.contains('-') && !word.contains(':'));
        let time = take(|word| word.contains(':'));
        allow(
            words.is_empty(),
            "cron has no time zone but the host's: leave it out",
        )?;
        let (months, days) = date.map_or(Ok((Numbers::Any, Numbers::Any)), self::date)?;
        let (hours, minutes) = self::time(time.unwrap_or("0:0"))?;
        let weekdays = weekdays.map_or(Ok(Numbers::Any), self::weekdays)?;
        // Where cron is told of both, either is enough for it.
        allow(
            weekdays == Numbers::Any || days == Numbers::Any,
            "cron takes a weekday or a day of the month, not both: name one of the two",
        )?;
        Ok(Cron {
            minutes,
            hours,
            days,
            months,
            weekdays,
        })
    }
}

fn date(text: &str) -> Result<(Numbers, Numbers), Invalid> {
    allow(
        !text.contains('~'),
        "cron does not count days from a month's end",
    )?;
    let parts: Vec<&str> = text.split('-').collect();
    let (months, days) = match parts[..] {
        ["*", months, days] | [months, days] => (months, days),
        [_, _, _] => return Err(Invalid("cron knows no years: write `*` for it")),
        _ => return Err(UNKNOWN),
    };
    Ok((numbers(months, 1..=12)?, numbers(days, 1..=31)?))
}

fn time(text: &str) -> Result<(Numbers, Numbers), Invalid> {
    let parts: Vec<&str> = text.split(':').collect();
    let (hours, minutes) = match parts[..] {
        [hours, minutes] | [hours, minutes, "0" | "00"] => (hours, minutes),
        [_, _, _] => return Err(Invalid("cron knows no seconds: leave them out")),
        _ => return Err(UNKNOWN),
    };
    Ok((numbers(hours, 0..=23)?, numbers(minutes, 0..=59)?))
}

fn weekdays(text: &str) -> Result<Numbers, Invalid> {
    let mut found = BTreeSet::new();
    for part in text.split(',') {
        let (from, to) = part.split_once("..").unwrap_or((part, part));
        let (mut day, last) = (weekday(from)?, weekday(to)?);
        loop {
            found.insert(day);
            if day == last {
                break;
            }
            day = (day + 1) % 7;
        }
    }
    Ok(Numbers::These(found))
}

/// `Mon` or `Monday`; 0 is Sunday.
fn weekday(text: &str) -> Result<u8, Invalid> {
    const LONG: [&str; 7] = [
        "sunday",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
    ];
    let is = |name: &&str| name.eq_ignore_ascii_case(text);
    let found = WEEKDAYS.iter().position(is);
    let found = found.or_else(|| LONG.iter().position(is));
    let day = found.and_then(|day| u8::try_from(day).ok());
    day.ok_or(UNKNOWN)
}

/// `*`, or numbers, ranges `1..5` and repetitions `0/15` with commas between them.
fn numbers(text: &str, all: RangeInclusive<u8>) -> Result<Numbers, Invalid> {
    if text == "*" {
        return Ok(Numbers::Any);
    }
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| text.parse().ok()).flatten();
        number.filter(|number| all.contains(number)).ok_or(UNKNOWN)
    };
    let mut found = BTreeSet::new();
    for part in text.split(',') {
        let (span, step) = match part.split_once('/') {
            Some((span, step)) => (span, Some(step.parse::<u8>().map_err(|_| UNKNOWN)?)),
            None => (part, None),
        };
        let (from, to) = match span.split_once("..") {
            Some((from, to)) => (number(from)?, number(to)?),
            None if step.is_some() => (number(span)?, *all.end()),
            None => (number(span)?, number(span)?),
        };
        allow(from <= to && step != Some(0), UNKNOWN.0)?;
        found.extend((from..=to).step_by(step.unwrap_or(1).into()));
    }
    Ok(Numbers::These(found))
}

#[cfg(test)]
mod tests {
    use crate::config::CalendarTime;

    fn cron(text: &str) -> Result<String, String> {
        let time = CalendarTime::try_from(text).map_err(|error| error.to_string())?;
        let cron = time.as_cron().map_err(|error| error.to_string())?;
        Ok(cron.to_string())
    }

    #[test]
    fn what_cron_can_say() {
        for (calendar, line) in [
            ("daily", "0 0 * * *"),
            ("weekly", "0 0 * * 1"),
            ("annually", "0 0 1 1 *"),
            ("*:0/15", "0,15,30,45 * * * *"),
            ("*:*", "* * * * *"),
            ("Mon..Fri 08:30", "30 8 * * 1,2,3,4,5"),
            ("Sat,Sunday 8..10:00", "0 8,9,10 * * 0,6"),
            ("Fri..Mon 08:30", "30 8 * * 0,1,5,6"),
            ("*-*-* 04:30:00", "30 4 * * *"),
            ("*-1,7-1..7", "0 0 1,2,3,4,5,6,7 1,7 *"),
            ("12-24 18:00", "0 18 24 12 *"),
            ("Mon", "0 0 * * 1"),
            ("3..9/3:00", "0 3,6,9 * * *"),
        ] {
            assert_eq!(cron(calendar).as_deref(), Ok(line), "{calendar}");
        }
    }

    #[test]
    fn what_it_cannot() {
        for (calendar, says) in [
            ("*:*:0/10", "no seconds"),
            ("08:30:15", "no seconds"),
            ("2027-01-01", "no years"),
            ("*-02~01", "month's end"),
            ("Mon *-*-1..7 08:00", "not both"),
            ("08:30 Europe/Paris", "time zone"),
            ("Mon 08:30 UTC", "time zone"),
            ("UTC", "`cron`"),
            ("Mon-Fri 08:30", "`cron`"),
            ("25:00", "`cron`"),
            ("*:0/0", "`cron`"),
            ("*/2:00", "`cron`"),
            ("5..1:00", "`cron`"),
            ("1-2-3-4", "`cron`"),
        ] {
            let said = cron(calendar).expect_err(calendar);
            assert!(said.contains(says), "{calendar}: {said}");
        }
    }
}
