use crate::event::Fields;

/// More names than these are counted.
const MOST: usize = 12;

/// `environment: SECRET_KEY changed, DEBUG added`; nothing when nothing differs.
pub(super) fn changes(fields: &Fields) -> Option<String> {
    let kinds = ["changed", "added", "removed"].map(|kind| {
        let names: Vec<&str> = fields.get(kind)?.split(',').collect();
        let shown = names[..names.len().min(MOST)].join(", ");
        Some(match names.len().checked_sub(MOST) {
            Some(more) if more > 0 => format!("{shown} and {more} more {kind}"),
            _ => format!("{shown} {kind}"),
        })
    });
    let parts: Vec<String> = kinds.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("environment: {}", parts.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::changes;
    use crate::event::Fields;

    #[test]
    fn names_are_listed_and_many_are_counted() {
        let fields = |pairs: &[(&str, &str)]| -> Fields {
            let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
            pairs.iter().map(owned).collect()
        };
        assert_eq!(changes(&fields(&[])), None);
        assert_eq!(
            changes(&fields(&[("changed", "A,B"), ("removed", "OLD")])).as_deref(),
            Some("environment: A, B changed; OLD removed")
        );
        let many = (1..=14).map(|number| format!("K{number}"));
        let many = many.collect::<Vec<_>>().join(",");
        assert_eq!(
            changes(&fields(&[("added", &many)])).as_deref(),
            Some("environment: K1, K2, K3, K4, K5, K6, K7, K8, K9, K10, K11, K12 and 2 more added")
        );
    }
}
