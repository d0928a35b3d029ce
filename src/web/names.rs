use crate::config::ServerName;

/// A regular expression for every host name of a server; nginx has it in lower case.
///
/// A `map` would do, but takes no longer names than nginx's smallest bucket for hashes.
pub(super) fn pattern(names: &[ServerName]) -> String {
    let known = |name: &ServerName| {
        let name = name.as_str().to_ascii_lowercase().replace('.', r"\.");
        match (name.strip_prefix(r"*\."), name.strip_prefix(r"\.")) {
            (Some(domain), _) => format!(r".+\.{domain}"),
            (_, Some(domain)) => format!(r"(?:.+\.)?{domain}"),
            _ => name,
        }
    };
    let names: Vec<String> = names.iter().map(known).collect();
    format!("^(?:{})$", names.join("|"))
}

pub(super) fn texts(names: &[ServerName]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}
