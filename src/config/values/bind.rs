use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::{Invalid, Text};

/// A TCP address that gunicorn serves besides its own socket: `8000` (of the loopback), `127.0.0.1:8000`, `[::1]:8000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bind(SocketAddr);

impl Bind {
    pub const fn port(self) -> u16 {
        self.0.port()
    }

    /// The IP address, IPv6 without brackets.
    pub const fn address(self) -> IpAddr {
        self.0.ip()
    }

    /// Whether only programs of the host itself reach it.
    pub const fn is_loopback(self) -> bool {
        self.0.ip().is_loopback()
    }
}

/// `address:port`, as systemd's `ListenStream=` takes it.
impl fmt::Display for Bind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl TryFrom<&str> for Bind {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Invalid> {
        const SAYS: Invalid =
            Invalid("a port such as `8000`, or an IP address with one such as `127.0.0.1:8000`");
        let digits = text.rsplit(':').next().unwrap_or_default();
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SAYS);
        }
        let address = match text.parse::<u16>() {
            Ok(port) => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port),
            Err(_) => text.parse().map_err(|_| SAYS)?,
        };
        if address.port() == 0 {
            return Err(SAYS);
        }
        // A zone is a name of one host's interface, which no unit file should depend on.
        match address {
            SocketAddr::V6(v6) if v6.scope_id() != 0 => Err(SAYS),
            _ => Ok(Self(address)),
        }
    }
}

impl Text for Bind {
    const WHAT: &'static str = "an address to listen at";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_alone_is_of_the_loopback() {
        let written = |text| Bind::try_from(text).map(|bind| bind.to_string());
        for (text, address) in [
            ("8000", "127.0.0.1:8000"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("[::1]:8000", "[::1]:8000"),
        ] {
            assert_eq!(written(text), Ok(address.to_owned()));
        }
        for bad in [
            "",
            "0",
            "65536",
            "+80",
            ":8000",
            "localhost:80",
            "127.0.0.1",
            "::1:80x",
            "[::1%1]:80",
            "127.0.0.1:0",
            "127.0.0.1:+80",
            "unix:/run/x.sock",
            "1.2.3.4:80\nService=x",
        ] {
            assert!(written(bad).is_err(), "{bad:?}");
        }
    }
}
