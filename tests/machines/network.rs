//! One private bridge per lab, with an address range that nothing else here uses.

use std::net::Ipv4Addr;

use anyhow::{Context, Result, bail};

use super::process::run;

/// The bridge's name and the first three bytes of its /24 network.
#[derive(Debug, Clone)]
pub struct Network {
    pub bridge: String,
    prefix: [u8; 3],
}

impl Network {
    /// Makes the bridge for the lab `id`; the caller holds the lock of all labs.
    pub fn create(id: &str, hash: u64) -> Result<Self> {
        let taken = run("ip", &["-4", "route", "show", "table", "all"])?;
        let mut networks = (0..=u64::from(u16::MAX)).map(|step| {
            let [.., high, low] = hash.wrapping_add(step).to_be_bytes();
            [10, high, low]
        });
        let Some(prefix) = networks.find(|[a, b, c]| {
            let first = Ipv4Addr::new(*a, *b, *c, 0);
            !taken.split_whitespace().any(|word| meets(word, first))
        }) else {
            bail!("no free network below 10.0.0.0/8");
        };
        let network = Self::named(id, prefix);
        let gateway = format!("{}/24", network.address(1));
        run("ip", &["link", "add", &network.bridge, "type", "bridge"])?;
        run("ip", &["address", "add", &gateway, "dev", &network.bridge])?;
        run("ip", &["link", "set", &network.bridge, "up"])?;
        Ok(network)
    }

    /// The network that [`Self::create`] made, from what [`Self::record`] wrote.
    pub fn from_record(id: &str, record: &str) -> Result<Self> {
        let first: Ipv4Addr = record.trim().parse().context("unreadable network record")?;
        let [a, b, c, _] = first.octets();
        Ok(Self::named(id, [a, b, c]))
    }

    pub fn record(&self) -> String {
        self.address(1).to_string()
    }

    pub fn address(&self, host: u8) -> Ipv4Addr {
        let [a, b, c] = self.prefix;
        Ipv4Addr::new(a, b, c, host)
    }

    fn named(id: &str, prefix: [u8; 3]) -> Self {
        Self {
            bridge: format!("dpl-{id}"),
            prefix,
        }
    }
}

/// True if `word` is an address or a network that shares addresses with the /24 at `first`.
/// A route to all of 10.0.0.0/8 does not count: ours is the narrower one and wins.
fn meets(word: &str, first: Ipv4Addr) -> bool {
    let (address, length) = word.split_once('/').unwrap_or((word, "32"));
    let (Ok(address), Ok(length @ 9..=32)) = (address.parse::<Ipv4Addr>(), length.parse::<u32>())
    else {
        return false;
    };
    let mask = u32::MAX << (32 - length.min(24));
    address.to_bits() & mask == first.to_bits() & mask
}
