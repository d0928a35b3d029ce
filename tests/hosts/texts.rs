//! Texts that are hard to hand on, and how YAML has them.

use std::fmt::Write as _;

use deployer::config::is_noncharacter;

use crate::random::Random;

/// Each broke some format that was written without care.
pub(crate) const NASTY: [&str; 34] = [
    "  both ends  ",
    "a\"b",
    "it's",
    "a\\nb",
    "a\nb",
    "-----BEGIN KEY-----\nMIIEpAIBAA\n-----END KEY-----\n",
    "a\rb\r\n",
    "\ttab\t",
    "#x ; y",
    "$HOME $(id) `id` ${x:-y}",
    "100%n %z %%",
    "a=b=c",
    "Grüße 😀 \u{301}",
    "ends in \\",
    "\\\\\"\\$\\`",
    "",
    "{\"a\": [1, \"b\"]}",
    "\u{1b}[31m",
    "\u{7f}\u{85}\u{2028}\u{feff}",
    "true",
    "~",
    "022",
    "!!python/object",
    "*",
    "-rf",
    "{{ x }} {% raw %}",
    "'; DROP TABLE",
    "'''",
    "\n[Service]\nExecStartPre=/bin/sh",
    " ; } location / {",
    "OTHER=\"x\"\nMORE=\"",
    "\n",
    "\\\n",
    "DEPLOYER_END\nEOF\n",
];

/// Any characters that a variable may have, those that some format reads among them more often.
pub(crate) fn text(random: &mut Random) -> String {
    const SYNTAX: &str = "\\\"'`$%#;{}[]()<>&|!*?~ \t\r\n=:,@^-.0a";
    let syntax: Vec<char> = SYNTAX.chars().collect();
    (0..random.below(30))
        .map(|_| match random.below(3) {
            0 => {
                let code = u32::try_from(1 + random.below(0x0010_fffe)).unwrap_or(1);
                let letter = char::from_u32(code).filter(|letter| !is_noncharacter(*letter));
                letter.unwrap_or('\u{fffd}')
            }
            _ => syntax[random.below(syntax.len())],
        })
        .collect()
}

/// A scalar in double quotes, as YAML has them.
pub(crate) fn yaml(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        let _ = match letter {
            '"' | '\\' => write!(quoted, "\\{letter}"),
            ' '..='~' => write!(quoted, "{letter}"),
            _ => write!(quoted, "\\U{:08x}", u32::from(letter)),
        };
    }
    quoted + "\""
}
