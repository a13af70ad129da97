//! Via: the way a response goes back.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::scan::{is_token, trim};
use super::{Malformed, Params};
use crate::uri::{host_ip, split_host_port};

/// A transport as Via and URIs name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// WebSocket (RFC 7118).
    Ws,
    /// WebSocket over TLS.
    Wss,
    /// Anything else, as written.
    Other(Box<str>),
}

impl Transport {
    /// Nobody on the way can read it.
    pub fn is_encrypted(&self) -> bool {
        match self {
            Self::Tls | Self::Wss => true,
            Self::Udp | Self::Tcp | Self::Ws | Self::Other(_) => false,
        }
    }

    /// As it stands in a Via.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
            Self::Other(name) => name,
        }
    }

    /// True when the transport itself re-sends what is lost.
    pub fn is_reliable(&self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// The port meant when none is written.
    pub fn default_port(&self) -> u16 {
        match self {
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
            Self::Udp | Self::Tcp | Self::Other(_) => 5060,
        }
    }
}

impl From<&str> for Transport {
    fn from(name: &str) -> Self {
        [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss]
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(name))
            .unwrap_or_else(|| Self::Other(name.into()))
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a branch of RFC 3261 starts with; without it the peer is older (§8.1.1.7).
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// One hop of the way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// Transport the request was sent over.
    pub transport: Transport,
    /// Host of sent-by as written; an IPv6 address keeps its brackets.
    pub host: String,
    /// Port of sent-by, when written.
    pub port: Option<u16>,
    /// `branch`, `received`, `rport`, …
    pub params: Params,
}

impl Via {
    /// A hop of our own, asking for `rport` (RFC 3581).
    pub fn new(
        transport: Transport,
        host: impl Into<String>,
        port: Option<u16>,
        branch: &str,
    ) -> Self {
        let mut params = Params::new();
        params.set("branch", branch);
        params.set_flag("rport");
        Self {
            transport,
            host: host.into(),
            port,
            params,
        }
    }

    /// The branch, if one with any text is there.
    pub fn branch(&self) -> Option<&str> {
        self.params
            .get("branch")
            .filter(|branch| !branch.is_empty())
    }

    /// The branch when it can name a transaction: magic cookie and something after it. RFC 4475 §3.2.1: a bare cookie is as
    /// good as none.
    pub fn transaction_branch(&self) -> Option<&str> {
        self.branch()
            .filter(|branch| branch.len() > MAGIC_COOKIE.len() && branch.starts_with(MAGIC_COOKIE))
    }

    /// Address the request really came from. Both `::1` and `[::1]` are read (RFC 5118 §4.5).
    pub fn received(&self) -> Option<IpAddr> {
        self.params.get("received").and_then(host_ip)
    }

    /// `None`: no `rport`; `Some(None)`: asked for; `Some(Some(port))`: filled in.
    pub fn rport(&self) -> Option<Option<u16>> {
        self.params.get("rport").map(|port| port.parse().ok())
    }

    /// Notes the real source on a received request (RFC 3261 §18.2.1, RFC 3581 §4).
    pub fn set_source(&mut self, address: IpAddr, port: u16) {
        let asked = self.rport().is_some();
        if asked || host_ip(&self.host) != Some(address) {
            self.params.set("received", &address.to_string());
        }
        if asked {
            self.params.set("rport", &port.to_string());
        }
    }

    /// Port of sent-by, or the transport's own.
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or_else(|| self.transport.default_port())
    }
}

impl FromStr for Via {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        // "SIP / 2.0 / UDP host : port ; params": whitespace is allowed nearly everywhere.
        let (name, rest) = text.split_once('/').ok_or(Malformed("no protocol"))?;
        let (version, rest) = rest
            .split_once('/')
            .ok_or(Malformed("no protocol version"))?;
        if !trim(name).eq_ignore_ascii_case("SIP") || trim(version) != "2.0" {
            return Err(Malformed("not SIP/2.0"));
        }
        let rest = rest.trim_start_matches([' ', '\t']);
        let (transport, rest) = rest.split_at(
            rest.find([' ', '\t'])
                .ok_or(Malformed("no host after the transport"))?,
        );
        if !is_token(transport) {
            return Err(Malformed("transport is no token"));
        }
        let (sent_by, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
        let (host, port) =
            split_host_port(trim(sent_by)).map_err(|_| Malformed("bad host or port"))?;
        Ok(Self {
            transport: transport.into(),
            host: host.to_owned(),
            port,
            params: params.parse()?,
        })
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}", self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)
    }
}
