use super::words;
use crate::config::{LONGEST_VALUE, Unholdable};
use crate::run::Unresolved;

/// Why a run cannot begin: every secret that has no value here, and none of their values.
pub fn secrets_missing(missing: &[(String, Unresolved)]) -> String {
    let count = words::count(missing.len(), "secret");
    let mut lines = vec![format!(
        "{count} cannot be had on this machine; no host was contacted"
    )];
    for (key, why) in missing {
        lines.push(format!("  {key}: {}", reason(why)));
        if let Unresolved::Failed(_, said) = why {
            let said = said.iter().map(|line| words::harmless(line));
            lines.extend(said.map(|line| format!("    {line}")));
        }
    }
    lines.push("hint: deploy.yaml says where each comes from".to_owned());
    lines.join("\n")
}

pub(super) fn reason(why: &Unresolved) -> String {
    match why {
        Unresolved::Unset(name) => format!("the variable `{name}` is not set, or empty"),
        Unresolved::Blank => "its value is blank".to_owned(),
        Unresolved::NotUtf8 => "its value is not UTF-8".to_owned(),
        Unresolved::Unholdable(Unholdable::Nul) => "its value has a NUL character".to_owned(),
        Unresolved::Unholdable(Unholdable::Noncharacter) => {
            "its value has a noncharacter of Unicode".to_owned()
        }
        Unresolved::Unholdable(Unholdable::TooLong) => {
            format!("its value is longer than {LONGEST_VALUE} bytes")
        }
        Unresolved::SeveralLines => "its value has more than one line".to_owned(),
        Unresolved::NotFound => "there is no such program as its command names".to_owned(),
        Unresolved::NotStarted(kind) => format!("its command cannot be run: {kind}"),
        Unresolved::Failed(Some(code), _) => format!("its command failed (exit {code})"),
        Unresolved::Failed(None, _) => "a signal ended its command".to_owned(),
        Unresolved::TimedOut(limit) => {
            format!("its command took longer than {}", words::time(*limit))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::VariableName;
    use std::time::Duration;

    #[test]
    fn all_of_them_are_named() {
        let variable = VariableName::try_from("DJANGO_KEY").unwrap_or_else(|_| unreachable!());
        let said = vec!["##[warning] no entry".to_owned()];
        let text = secrets_missing(&[
            ("SECRET_KEY".to_owned(), Unresolved::Unset(variable)),
            ("DATABASE_URL".to_owned(), Unresolved::Failed(Some(1), said)),
            (
                "TOKEN".to_owned(),
                Unresolved::TimedOut(Duration::from_secs(30)),
            ),
        ]);
        assert_eq!(
            text,
            "3 secrets cannot be had on this machine; no host was contacted\n  \
             SECRET_KEY: the variable `DJANGO_KEY` is not set, or empty\n  \
             DATABASE_URL: its command failed (exit 1)\n    ## [warning] no entry\n  \
             TOKEN: its command took longer than 30.0s\n\
             hint: deploy.yaml says where each comes from"
        );
    }
}
