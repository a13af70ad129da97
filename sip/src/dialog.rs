//! One dialog (RFC 3261 §12): who the two ends are, how their requests are numbered, and by which way ours go.

use std::net::IpAddr;

use crate::endpoint::{DialogName, Flow};
use crate::header::{CSeq, HeaderError, HeaderName, Headers, NameAddr, Transport};
use crate::message::{Method, Request, Response};
use crate::uri::Uri;

/// A tag of ours: random, so it also says which leg a request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Tag(pub(crate) u64);

impl Tag {
    /// Reads a tag as we write it; anything else is not ours.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        crate::transaction::parse_hex(text).map(Self)
    }
}

impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The state of RFC 3261 §12, kept small: addresses stay as text, since all they are for is being sent again.
#[derive(Debug, Clone)]
pub(crate) struct Dialog {
    pub(crate) call_id: Box<str>,
    pub(crate) local_tag: Tag,
    /// `None` until a response gave one, and for ever with a peer older than RFC 3261.
    pub(crate) remote_tag: Option<Box<str>>,
    /// From of our requests.
    local: Box<str>,
    /// To of our requests.
    remote: Box<str>,
    pub(crate) local_seq: u32,
    pub(crate) remote_seq: Option<u32>,
    route: Box<[Box<str>]>,
    pub(crate) target: Uri,
    pub(crate) contact: Box<str>,
    pub(crate) flow: Flow,
}

/// How a request of theirs stands to those before it (§12.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Next,
    Stale,
}

impl Dialog {
    /// The Contact that leads to us over that flow.
    /// With a request to or from a sips URI it is one too (§8.1.1.8, §12.1.1), which says TLS (RFC 5630 §3.1).
    pub(crate) fn contact_for(
        user: Option<&str>,
        sent_by: &str,
        flow: &Flow,
        is_sips: bool,
    ) -> String {
        let at = if user.is_some() { "@" } else { "" };
        let user = user.unwrap_or("");
        match flow.transport {
            _ if is_sips => format!("<sips:{user}{at}{sent_by}>"),
            Transport::Udp => format!("<sip:{user}{at}{sent_by}>"),
            ref other => {
                let transport = other.as_str().to_ascii_lowercase();
                format!("<sip:{user}{at}{sent_by};transport={transport}>")
            }
        }
    }

    /// The side that received the INVITE (§12.1.1).
    pub(crate) fn of_callee(
        request: &Request,
        flow: Flow,
        local_tag: Tag,
        contact: String,
    ) -> Result<Self, HeaderError> {
        let from = request.headers.from()?;
        let to = request.headers.to()?.with_tag(&local_tag.to_string());
        let contact_of_peer = request
            .headers
            .contact()?
            .ok_or(HeaderError::Missing("Contact"))?;
        Ok(Self {
            call_id: request.headers.call_id()?.into(),
            local_tag,
            remote_tag: from.tag().map(Into::into),
            local: to.to_string().into(),
            remote: from.to_string().into(),
            local_seq: 0,
            remote_seq: Some(request.headers.cseq()?.seq),
            route: printed(request.headers.record_routes()?),
            target: contact_of_peer.uri,
            contact: contact.into(),
            flow,
        })
    }

    /// The side that sends the INVITE, before anything is heard of the other.
    #[expect(clippy::too_many_arguments, reason = "each is one line of the request")]
    pub(crate) fn of_caller(
        call_id: String,
        local_tag: Tag,
        from: &NameAddr,
        to: &NameAddr,
        target: Uri,
        route: &[NameAddr],
        contact: String,
        flow: Flow,
    ) -> Self {
        let mut to = to.clone();
        to.params.remove("tag");
        Self {
            call_id: call_id.into(),
            local_tag,
            remote_tag: None,
            local: from
                .clone()
                .with_tag(&local_tag.to_string())
                .to_string()
                .into(),
            remote: to.to_string().into(),
            local_seq: 0,
            remote_seq: None,
            route: route.iter().map(|hop| hop.to_string().into()).collect(),
            target,
            contact: contact.into(),
            flow,
        }
    }

    /// The caller's half, from the INVITE as it was sent.
    pub(crate) fn of_sent(invite: &Request, flow: Flow) -> Result<Self, HeaderError> {
        let from = invite.headers.from()?;
        let tag = from
            .tag()
            .and_then(Tag::parse)
            .ok_or(HeaderError::Missing("tag of From"))?;
        Ok(Self {
            call_id: invite.headers.call_id()?.into(),
            local_tag: tag,
            remote_tag: None,
            local: from.to_string().into(),
            remote: "".into(),
            local_seq: invite.headers.cseq()?.seq,
            remote_seq: None,
            route: Box::default(),
            target: invite.uri.clone(),
            contact: "".into(),
            flow,
        })
    }

    /// The dialog that a response with a To tag makes of the caller's half (§12.1.2).
    pub(crate) fn with_answer(
        &self,
        response: &Response,
        flow: &Flow,
    ) -> Result<Self, HeaderError> {
        let to = response.headers.to()?;
        let mut route = response.headers.record_routes()?;
        route.reverse();
        let target = response
            .headers
            .contact()?
            .map_or_else(|| self.target.clone(), |contact| contact.uri);
        let same = self.remote_tag.as_deref() == to.tag();
        Ok(Self {
            remote_tag: to.tag().map(Into::into),
            remote: to.to_string().into(),
            // Each fork numbers its requests by itself.
            remote_seq: self.remote_seq.filter(|_| same),
            route: printed(route),
            target,
            flow: Flow {
                connection: flow.connection,
                ..self.flow.clone()
            },
            ..self.clone()
        })
    }

    /// A target refresh (§12.2.1.2, §12.2.2): their Contact replaces the remote target.
    pub(crate) fn refresh_target(&mut self, headers: &Headers) {
        if let Ok(Some(contact)) = headers.contact()
            && contact.uri.is_sip()
        {
            self.target = contact.uri;
        }
    }

    /// Checks and notes the number of a request of theirs.
    pub(crate) fn order(&mut self, seq: u32) -> Order {
        if self.remote_seq.is_some_and(|last| seq <= last) {
            return Order::Stale;
        }
        self.remote_seq = Some(seq);
        Order::Next
    }

    /// True if a message with these ends belongs here. `remote_tag` is the tag that the peer put on itself.
    pub(crate) fn is(&self, call_id: &str, remote_tag: Option<&str>) -> bool {
        *self.call_id == *call_id && self.remote_tag.as_deref() == remote_tag
    }

    /// A new request inside the dialog (§12.2.1.1), with the next number.
    pub(crate) fn request(&mut self, method: Method) -> Request {
        self.local_seq += 1;
        self.numbered(method, self.local_seq)
    }

    /// The same for a number given by what came before: ACK.
    pub(crate) fn numbered(&self, method: Method, seq: u32) -> Request {
        let strict = self.strict_route();
        let uri = strict.clone().unwrap_or_else(|| self.target.clone());
        let mut request = Request::new(method.clone(), uri);
        let headers = &mut request.headers;
        headers.push(HeaderName::MaxForwards, 70);
        for hop in self.route.iter().skip(usize::from(strict.is_some())) {
            headers.push(HeaderName::Route, hop);
        }
        if strict.is_some() {
            headers.push(HeaderName::Route, format_args!("<{}>", self.target));
        }
        headers.push(HeaderName::From, &self.local);
        headers.push(HeaderName::To, &self.remote);
        headers.push(HeaderName::CallId, &self.call_id);
        headers.push(HeaderName::CSeq, CSeq { seq, method });
        request
    }

    /// The first hop if it is a strict router, older than RFC 3261: it wants to be the Request-URI.
    fn strict_route(&self) -> Option<Uri> {
        let first: NameAddr = self.route.first()?.parse().ok()?;
        (!first.uri.has_param("lr")).then_some(first.uri)
    }

    /// Where our next request goes.
    ///
    /// A live connection is kept. On UDP the first route or the remote target says where, if it is an address; a name stays
    /// with the address we know, and so does a private address in the Contact of a peer that we see at a public one.
    pub(crate) fn next_hop(&self) -> Flow {
        if self.flow.connection.is_some() {
            return self.flow.clone();
        }
        let routed: Option<NameAddr> = self.route.first().and_then(|hop| hop.parse().ok());
        let uri = routed.as_ref().map_or(&self.target, |hop| &hop.uri);
        let Some(address) = uri.ip() else {
            return self.flow.clone();
        };
        if routed.is_none() && is_private(address) && !is_private(self.flow.remote.ip()) {
            return self.flow.clone();
        }
        let transport = uri
            .param("transport")
            .map_or_else(|| self.flow.transport.clone(), Transport::from);
        let port = uri.port().unwrap_or_else(|| transport.default_port());
        Flow {
            transport,
            remote: (address, port).into(),
            ..self.flow.clone()
        }
    }

    /// How others may name this dialog.
    pub(crate) fn name(&self) -> Option<DialogName> {
        Some(DialogName {
            call_id: self.call_id.as_ref().to_owned(),
            local_tag: self.local_tag.to_string(),
            remote_tag: self.remote_tag.as_deref()?.to_owned(),
        })
    }
}

fn printed(hops: Vec<NameAddr>) -> Box<[Box<str>]> {
    hops.into_iter().map(|hop| hop.to_string().into()).collect()
}

/// Addresses that mean something only on their own network.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
        }
    }
}
