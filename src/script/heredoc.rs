/// The rest of a here-document after `<<`: quoted delimiter, `text` untouched, closing line.
///
/// `text` ends with a newline or is empty, as every rendered file does.
pub(super) fn heredoc(text: &str) -> String {
    debug_assert!(text.is_empty() || text.ends_with('\n'));
    let mut delimiter = "DEPLOYER_END".to_owned();
    while text.lines().any(|line| line == delimiter) {
        delimiter.push('_');
    }
    format!("'{delimiter}'\n{text}{delimiter}\n")
}
