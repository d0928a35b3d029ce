use super::{Invalid, allow, text_type};

text_type! {
    /// A branch or tag by git's own rules, which admit odd names such as `a;b`: quote it.
    GitRef, "a branch or tag", check
}

/// The rules of `git check-ref-format`.
fn check(text: &str) -> Result<(), Invalid> {
    allow(!text.is_empty() && text.len() <= 200, "1 to 200 characters")?;
    allow(!text.starts_with('-'), "it cannot start with `-`")?;
    allow(
        !text
            .chars()
            .any(|letter| letter.is_control() || " ~^:?*[\\".contains(letter)),
        "without spaces, control characters and any of `~^:?*[\\`",
    )?;
    allow(
        !text.contains("..") && !text.contains("@{") && text != "@",
        "without `..` and `@{`",
    )?;
    allow(
        text.split('/').all(part),
        "no part between `/` may be empty, start or end with `.`, or end with `.lock`",
    )?;
    let commit = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    allow(
        !commit && text != "HEAD",
        "name a branch or tag, not a commit",
    )
}

fn part(part: &str) -> bool {
    let ends_badly = part.ends_with('.') || part.strip_suffix(".lock").is_some();
    !part.is_empty() && !part.starts_with('.') && !ends_badly
}

impl GitRef {
    pub(in crate::config) fn main() -> Self {
        Self("main".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ref_follows_the_rules_of_git() {
        for good in [
            "main",
            "feature/x",
            "a;b",
            "a$(id)",
            "a'b",
            "a`id`",
            "v1.2",
            "größe",
        ] {
            assert!(GitRef::try_from(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "-x",
            "a..b",
            "HEAD~1",
            "@{-1}",
            "a^{}",
            "a b",
            "a:b",
            "*",
            ".a",
            "a.lock",
            "a/.b",
            "/a",
            "a/",
            "a//b",
            "a.",
            "@",
            "a\u{1b}[m",
            "HEAD",
            "a\\b",
            "0123456789012345678901234567890123456789",
        ] {
            assert!(GitRef::try_from(bad).is_err(), "{bad}");
        }
    }
}
