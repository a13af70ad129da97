//! A source network in CIDR notation (RFC 4632, RFC 4291 §2.3).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// All addresses that share a prefix. A single address is a network of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Why a text is not a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotANetwork {
    #[error("a network is written 10.0.0.0/8 or 2001:db8::/32")]
    Syntax,
    #[error("the prefix is longer than the address: at most 32 for IPv4, 128 for IPv6")]
    Prefix,
    /// 10.1.2.3/8 is a typing error more often than a wish.
    #[error("the address has bits set behind its prefix")]
    HostBits,
}

impl Network {
    /// Reads `address/prefix`, or an address alone.
    pub fn parse(text: &str) -> Result<Self, NotANetwork> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork::Syntax)?;
        let longest = width(address);
        let prefix = match prefix {
            None => longest,
            // `u8::from_str` would take "+8".
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().map_err(|_| NotANetwork::Syntax)?
            }
            Some(_) => return Err(NotANetwork::Syntax),
        };
        if prefix > longest {
            return Err(NotANetwork::Prefix);
        }
        if bits(address) & !mask(longest, prefix) != 0 {
            return Err(NotANetwork::HostBits);
        }
        Ok(Self { address, prefix })
    }

    /// Whether `address` lies inside. An IPv4 address that reached an IPv6 socket (`::ffff:a.b.c.d`) counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let width = width(self.address);
        self.address.is_ipv4() == address.is_ipv4()
            && (bits(self.address) ^ bits(address)) & mask(width, self.prefix) == 0
    }
}

const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_bits().into(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The `prefix` upper ones of `width` bits.
fn mask(width: u8, prefix: u8) -> u128 {
    let host = u32::from(width - prefix);
    let all = u128::MAX >> (128 - u32::from(width));
    all.checked_shr(host)
        .and_then(|ones| ones.checked_shl(host))
        .unwrap_or(0)
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_inside() {
        let table = [
            ("127.0.0.0/8", "127.0.0.1", true),
            ("127.0.0.0/8", "127.255.255.255", true),
            ("127.0.0.0/8", "128.0.0.0", false),
            ("127.0.0.0/8", "::ffff:127.0.0.1", true),
            ("127.0.0.0/8", "::1", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.6", false),
            ("192.0.2.128/25", "192.0.2.127", false),
            ("192.0.2.128/25", "192.0.2.128", true),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "192.0.2.1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::", false),
            ("2001:db8::1/128", "2001:db8::1", true),
            ("2001:db8::1", "2001:db8::2", false),
        ];
        for (network, address, inside) in table {
            let parsed = Network::parse(network).unwrap();
            assert_eq!(
                parsed.contains(address.parse().unwrap()),
                inside,
                "{address} in {network}"
            );
            assert_eq!(Network::parse(&parsed.to_string()), Ok(parsed));
        }
    }

    #[test]
    fn what_is_no_network() {
        use NotANetwork::{HostBits, Prefix, Syntax};
        let table = [
            ("", Syntax),
            ("localhost", Syntax),
            ("10.0.0.0/", Syntax),
            ("10.0.0.0/+8", Syntax),
            ("10.0.0.0/-1", Syntax),
            ("10.0.0.0/8/8", Syntax),
            ("10.0.0/8", Syntax),
            ("10.0.0.0/300", Syntax),
            ("10.0.0.0/33", Prefix),
            ("::/129", Prefix),
            ("10.1.2.3/8", HostBits),
            ("2001:db8::1/32", HostBits),
        ];
        for (text, why) in table {
            assert_eq!(Network::parse(text), Err(why), "{text}");
        }
    }
}
