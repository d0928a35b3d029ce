use super::{Invalid, allow, https_place, text_type};

text_type! {
    /// A mailbox: `ops@example.com`.
    Email, "an e-mail address", email
}

text_type! {
    /// The URL that an ACME CA is found at.
    AcmeDirectory, "the directory of an ACME CA", directory
}

fn email(text: &str) -> Result<(), Invalid> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte);
    let good = text.split_once('@').is_some_and(|(mailbox, host)| {
        [mailbox, host]
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(plain))
            && host.contains('.')
            && !mailbox.starts_with('-')
    });
    allow(text.len() <= 200 && good, "such as `ops@example.com`")
}

fn directory(text: &str) -> Result<(), Invalid> {
    allow(
        https_place(text),
        "such as `https://ca.example.com/acme/directory`, with letters, digits and `/._~+-`",
    )
}

impl AcmeDirectory {
    const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
    const STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";

    pub(in crate::config) fn lets_encrypt() -> Self {
        Self(Self::LETS_ENCRYPT.to_owned())
    }

    /// For trying out: it gives many certificates, and nobody trusts them.
    pub(in crate::config) fn staging() -> Self {
        Self(Self::STAGING.to_owned())
    }

    /// Whether it is the one of Let's Encrypt that browsers trust.
    pub fn is_usual(&self) -> bool {
        self.0 == Self::LETS_ENCRYPT
    }
}
