//! The times of a schedule as systemd's `OnCalendar=` has them.

use crate::config::{Cron, Numbers, When};

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/// One line each; any of them is a time.
pub(super) fn lines(when: &When) -> Vec<String> {
    match when {
        When::Calendar(times) => times.iter().map(ToString::to_string).collect(),
        When::Cron(cron) => of_cron(cron),
    }
}

/// To cron, a day is right when it is one of the days or one of the weekdays, where both are named; to systemd, when it
/// is both.
fn of_cron(cron: &Cron) -> Vec<String> {
    let time = format!("{}:{}:00", list(&cron.hours), list(&cron.minutes));
    let line = |weekdays: &Numbers, days: &Numbers| {
        let weekdays = match weekdays {
            Numbers::Any => String::new(),
            Numbers::These(days) => {
                let names: Vec<&str> = days.iter().map(|day| WEEKDAYS[usize::from(*day)]).collect();
                names.join(",") + " "
            }
        };
        format!("{weekdays}*-{}-{} {time}", list(&cron.months), list(days))
    };
    match (&cron.weekdays, &cron.days) {
        (Numbers::These(_), Numbers::These(_)) => {
            vec![
                line(&cron.weekdays, &Numbers::Any),
                line(&Numbers::Any, &cron.days),
            ]
        }
        (weekdays, days) => vec![line(weekdays, days)],
    }
}

fn list(numbers: &Numbers) -> String {
    match numbers {
        Numbers::Any => "*".to_owned(),
        Numbers::These(numbers) => {
            let numbers: Vec<String> = numbers
                .iter()
                .map(|number| format!("{number:02}"))
                .collect();
            numbers.join(",")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::lines;
    use crate::config::{Cron, When};

    #[test]
    fn cron_means_the_same_to_systemd() {
        for (cron, calendar) in [
            ("30 4 * * *", "*-*-* 04:30:00"),
            ("*/20 * * * *", "*-*-* *:00,20,40:00"),
            (
                "0 8-10 * * mon-fri",
                "Mon,Tue,Wed,Thu,Fri *-*-* 08,09,10:00:00",
            ),
            ("5 0 * 8,dec 7", "Sun *-08,12-* 00:05:00"),
            ("0 0 1-7 * *", "*-*-01,02,03,04,05,06,07 00:00:00"),
            ("0 0 13 * 5", "Fri *-*-* 00:00:00; *-*-13 00:00:00"),
            ("@weekly", "Sun *-*-* 00:00:00"),
            ("1-10/4 2 * * *", "*-*-* 02:01,05,09:00"),
        ] {
            let parsed = Cron::try_from(cron).unwrap_or_else(|error| panic!("{cron}: {error}"));
            assert_eq!(lines(&When::Cron(parsed)).join("; "), calendar, "{cron}");
        }
    }

    #[test]
    fn what_cron_would_not_take_is_none() {
        for cron in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "5-1 * * * *",
            "1/2 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "1, * * * *",
            "-1 * * * *",
            "@reboot",
            "@never",
            "+1 * * * *",
        ] {
            assert!(Cron::try_from(cron).is_err(), "{cron}");
        }
    }
}
