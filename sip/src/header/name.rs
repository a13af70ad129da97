//! Header names: those we know by number, any other as text. Look-up is one hash of three bytes and the length.

use std::fmt;

macro_rules! header_names {
    ($($variant:ident $text:literal $($compact:literal)?;)*) => {
        /// A header's name. Names compare without case and a compact name is its long one.
        #[derive(Debug, Clone, Copy)]
        pub enum HeaderName<'a> {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
            /// A name not listed here.
            Other(&'a str),
        }

        /// Every name we know, long and compact, with its code.
        const KNOWN: &[(&str, u8)] = &[
            $(($text, HeaderName::$variant.code()), $(($compact, HeaderName::$variant.code()),)?)*
        ];

        impl<'a> HeaderName<'a> {
            /// The long name as it is usually written.
            pub const fn as_str(self) -> &'a str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(name) => name,
                }
            }

            /// 0 for a name we do not know.
            #[inline]
            pub(crate) const fn code(self) -> u8 {
                #[repr(u8)]
                enum Code { Other, $($variant,)* }
                match self {
                    $(Self::$variant => Code::$variant as u8,)*
                    Self::Other(_) => Code::Other as u8,
                }
            }

            pub(crate) fn of(code: u8, name: &'a str) -> Self {
                const ALL: &[HeaderName<'static>] = &[$(HeaderName::$variant,)*];
                match code.checked_sub(1).and_then(|index| ALL.get(usize::from(index))) {
                    Some(&known) => known,
                    None => Self::Other(name),
                }
            }
        }
    };
}

header_names! {
    Accept "Accept";
    AcceptContact "Accept-Contact" "a";
    AcceptEncoding "Accept-Encoding";
    AcceptLanguage "Accept-Language";
    AlertInfo "Alert-Info";
    Allow "Allow";
    AllowEvents "Allow-Events" "u";
    AuthenticationInfo "Authentication-Info";
    Authorization "Authorization";
    CallId "Call-ID" "i";
    CallInfo "Call-Info";
    Contact "Contact" "m";
    ContentDisposition "Content-Disposition";
    ContentEncoding "Content-Encoding" "e";
    ContentLanguage "Content-Language";
    ContentLength "Content-Length" "l";
    ContentType "Content-Type" "c";
    CSeq "CSeq";
    Date "Date";
    Diversion "Diversion";
    ErrorInfo "Error-Info";
    Event "Event" "o";
    Expires "Expires";
    From "From" "f";
    HistoryInfo "History-Info";
    InReplyTo "In-Reply-To";
    MaxForwards "Max-Forwards";
    MimeVersion "MIME-Version";
    MinExpires "Min-Expires";
    MinSe "Min-SE";
    Organization "Organization";
    PAssertedIdentity "P-Asserted-Identity";
    PPreferredIdentity "P-Preferred-Identity";
    Path "Path";
    Priority "Priority";
    Privacy "Privacy";
    ProxyAuthenticate "Proxy-Authenticate";
    ProxyAuthenticationInfo "Proxy-Authentication-Info";
    ProxyAuthorization "Proxy-Authorization";
    ProxyRequire "Proxy-Require";
    RAck "RAck";
    Reason "Reason";
    RecordRoute "Record-Route";
    ReferSub "Refer-Sub";
    ReferTo "Refer-To" "r";
    ReferredBy "Referred-By" "b";
    RejectContact "Reject-Contact" "j";
    RemotePartyId "Remote-Party-ID";
    Replaces "Replaces";
    ReplyTo "Reply-To";
    RequestDisposition "Request-Disposition" "d";
    Require "Require";
    RetryAfter "Retry-After";
    Route "Route";
    RSeq "RSeq";
    Server "Server";
    ServiceRoute "Service-Route";
    SessionExpires "Session-Expires" "x";
    Subject "Subject" "s";
    SubscriptionState "Subscription-State";
    Supported "Supported" "k";
    Timestamp "Timestamp";
    To "To" "t";
    Unsupported "Unsupported";
    UserAgent "User-Agent";
    Via "Via" "v";
    Warning "Warning";
    WwwAuthenticate "WWW-Authenticate";
}

/// Open addressing over 256 slots, filled at compile time: slot holds index + 1 into `KNOWN`.
const SLOTS: [u8; 256] = {
    let mut slots = [0; 256];
    let mut index = 0;
    while index < KNOWN.len() {
        let mut slot = hash(KNOWN[index].0.as_bytes());
        while slots[slot] != 0 {
            slot = (slot + 1) % 256;
        }
        slots[slot] = (index + 1) as u8;
        index += 1;
    }
    slots
};

/// First, last and middle byte and the length. The factors were searched for: two of our 86 names share a slot with another.
const fn hash(name: &[u8]) -> usize {
    const fn lower(byte: u8) -> usize {
        (byte | 0x20) as usize
    }
    let (first, middle, last) = (name[0], name[name.len() / 2], name[name.len() - 1]);
    (lower(first) * 199 + lower(last) * 133 + name.len() * 156 + lower(middle) * 108) % 256
}

/// The code of a name on the wire, 0 if we do not know it.
pub(crate) fn code_of(name: &[u8]) -> u8 {
    if name.is_empty() {
        return 0;
    }
    let mut slot = hash(name);
    loop {
        let Some(index) = SLOTS[slot].checked_sub(1) else {
            return 0;
        };
        let (known, code) = KNOWN[usize::from(index)];
        if known.as_bytes().eq_ignore_ascii_case(name) {
            return code;
        }
        slot = (slot + 1) % 256;
    }
}

impl<'a> From<&'a str> for HeaderName<'a> {
    fn from(name: &'a str) -> Self {
        Self::of(code_of(name.as_bytes()), name)
    }
}

impl PartialEq for HeaderName<'_> {
    fn eq(&self, other: &HeaderName<'_>) -> bool {
        self.as_str().eq_ignore_ascii_case(other.as_str())
    }
}

impl Eq for HeaderName<'_> {}

impl fmt::Display for HeaderName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_finds_itself_in_any_case_and_no_other_does() {
        for (name, code) in KNOWN {
            assert_eq!(
                code_of(name.to_ascii_uppercase().as_bytes()),
                *code,
                "{name}"
            );
        }
        assert_eq!(HeaderName::from("v"), HeaderName::Via);
        assert_eq!(HeaderName::from("CALL-id"), HeaderName::CallId);
        assert_eq!(
            HeaderName::from("Content-Lenght"),
            HeaderName::Other("content-lenght")
        );
        assert_eq!(code_of(b""), 0);
    }
}
