//! Where a site's certificate lies on the host. No release has it: a rollback leaves it alone.

use crate::config::{AppName, Certificate};

/// The certificate's chain and its key, as paths of the host.
pub(super) fn files(app: &AppName, certificate: &Certificate) -> (String, String) {
    match certificate {
        Certificate::Files { certificate, key } => (certificate.to_string(), key.to_string()),
        // One file, so that chain and key can never be of two minds.
        Certificate::Sent { .. } => {
            let both = format!("/etc/deployer/{app}/tls.pem");
            (both.clone(), both)
        }
        Certificate::Acme(acme) => {
            let directory = format!("/etc/letsencrypt/live/{}", acme.lineage(app));
            (
                format!("{directory}/fullchain.pem"),
                format!("{directory}/privkey.pem"),
            )
        }
    }
}
