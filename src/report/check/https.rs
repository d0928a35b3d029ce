//! How long visitors will trust the site.

use super::{Judge, Level};
use crate::config::Certificate;
use crate::report::words::count;

const DAY: i64 = 24 * 60 * 60;
/// A CA's own client renews a month before the end: with this much left it has failed for weeks.
const SOON: i64 = 14 * DAY;

impl Judge<'_> {
    /// Of the certificate that is served.
    pub(super) fn certificate(&mut self) {
        let nginx = self.examined.config.nginx.as_ref();
        let seconds = |what: &str, key: &str| self.of(what, key).parse::<i64>().ok();
        let (Some(tls), Some(ends), Some(now)) = (
            nginx.and_then(|nginx| nginx.tls.as_ref()),
            seconds("certificate", "ends"),
            seconds("clock", "now"),
        ) else {
            return;
        };
        let remedy = match &tls.certificate {
            Certificate::Files { certificate, .. } => {
                format!("put a newer one at {certificate} there, then `systemctl reload nginx`")
            }
            Certificate::Sent { .. } => format!("have a newer one, then {}", self.setup()),
            Certificate::Acme(_) => {
                "there: `systemctl status certbot.timer`, and `certbot renew`".to_owned()
            }
        };
        let left = ends - now;
        let text = format!(
            "the certificate is good for {}",
            count(usize::try_from(left / DAY).unwrap_or(0), "day")
        );
        if left <= 0 {
            self.advise(
                Level::Error,
                "https",
                "the certificate has expired: browsers refuse the site",
                remedy,
            );
        } else if left < SOON {
            self.advise(Level::Warning, "https", text, remedy);
        } else {
            self.say(Level::Ok, "https", text);
        }
    }
}
