//! A page in a browser, as far as signalling goes: a WebSocket with the person's cookie, SIP as JsSIP writes it, and a session
//! description as Chromium makes it. No sound: that needs a browser's media.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use tungstenite::client::IntoClientRequest as _;
use tungstenite::{Error, Message, WebSocket};

use crate::phone::PATIENCE;

/// One page's WebSocket.
pub struct Page {
    socket: WebSocket<TcpStream>,
    /// Whom it says it is.
    pub user: String,
    cseq: u32,
}

/// A request or response that came.
#[derive(Debug, Clone)]
pub struct Heard(pub String);

impl Heard {
    /// The status of a response.
    pub fn status(&self) -> Option<u16> {
        let rest = self.0.strip_prefix("SIP/2.0 ")?;
        rest.split(' ').next()?.parse().ok()
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.0.split("\r\n\r\n").next()?;
        head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

impl Page {
    /// Opens `/sip` at `http` (`http://127.0.0.1:1`). With `cookie` as a page of that server; the status when refused.
    pub fn open(http: &str, user: &str, cookie: Option<&str>) -> Result<Self, u16> {
        // Who has no cookie is no page: a desk phone names no origin.
        let origin = cookie.map(|_| http).unwrap_or_default();
        Self::open_from(http, user, cookie, origin)
    }

    /// The same, as a page of `origin`.
    pub fn open_from(
        http: &str,
        user: &str,
        cookie: Option<&str>,
        origin: &str,
    ) -> Result<Self, u16> {
        let host = http.trim_start_matches("http://");
        let mut request = format!("ws://{host}/sip")
            .into_client_request()
            .expect("an address");
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", "sip".parse().expect("a word"));
        if !origin.is_empty() {
            headers.insert("origin", origin.parse().expect("an origin"));
        }
        if let Some(cookie) = cookie {
            headers.insert("cookie", cookie.parse().expect("a cookie"));
        }
        let stream = TcpStream::connect(host).expect("the server takes connections");
        let patience = Some(Duration::from_millis(100));
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => {
                let stream = socket.get_ref();
                stream.set_read_timeout(patience).expect("a time-out");
                Ok(Self {
                    socket,
                    user: user.to_owned(),
                    cseq: 0,
                })
            }
            Err(tungstenite::HandshakeError::Failure(Error::Http(response))) => {
                Err(response.status().as_u16())
            }
            Err(other) => panic!("{other}"),
        }
    }

    pub fn send(&mut self, text: &str) {
        self.socket
            .send(Message::text(text))
            .expect("the server reads");
    }

    /// Sends what may end the connection.
    pub fn try_send(&mut self, text: String) {
        let _ = self.socket.send(Message::text(text));
    }

    /// The next message.
    pub fn hear(&mut self) -> Heard {
        match self.hear_or_close() {
            Ok(heard) => heard,
            Err(code) => panic!("{}: closed with {code:?}", self.user),
        }
    }

    /// The next message, or the code the connection was closed with.
    pub fn hear_or_close(&mut self) -> Result<Heard, Option<u16>> {
        let started = Instant::now();
        loop {
            assert!(started.elapsed() < PATIENCE, "{}: nothing came", self.user);
            match self.socket.read() {
                Ok(Message::Text(text)) => return Ok(Heard(text.to_string())),
                Ok(Message::Close(frame)) => return Err(frame.map(|frame| frame.code.into())),
                Ok(_) => {}
                Err(Error::Io(error)) if is_timeout(&error) => {}
                Err(_) => return Err(None),
            }
        }
    }

    /// The next message of which `wanted` says so; others are passed over.
    pub fn wait_for(&mut self, wanted: impl Fn(&Heard) -> bool) -> Heard {
        loop {
            let heard = self.hear();
            if wanted(&heard) {
                return heard;
            }
        }
    }

    /// A request as JsSIP writes it, outside any dialog.
    pub fn request(&mut self, method: &str, uri: &str, extra: &str, body: &str) {
        self.cseq += 1;
        let Self { user, cseq, .. } = self;
        let call_id = format!("{user}-{cseq}");
        let cseq = *cseq;
        let text = format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/WS 6o5qhm8pf8va.invalid;branch=z9hG4bK{call_id}\r\nMax-Forwards: 69\r\n\
             To: <{uri}>\r\nFrom: <sip:{user}@hotline>;tag=t{cseq}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
             Supported: path,gruu,outbound\r\nUser-Agent: JsSIP 3.13.8\r\n{extra}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.try_send(text);
    }

    /// Registers as `aor`; the final response.
    pub fn register(&mut self, aor: &str, instance: &str) -> Heard {
        let extra = format!(
            "Contact: <sip:p{instance}@6o5qhm8pf8va.invalid;transport=ws>;+sip.ice;reg-id=1;\
             +sip.instance=\"<urn:uuid:{instance}>\";expires=600\r\nExpires: 600\r\n"
        );
        let uri = format!("sip:{aor}@hotline");
        self.request("REGISTER", &uri, &extra, "");
        self.wait_for(|heard| heard.status().is_some_and(|status| status >= 200))
    }

    /// Calls `to` with this offer; the final response.
    pub fn invite(&mut self, to: &str, offer: &str) -> Heard {
        let extra = format!(
            "Contact: <sip:p{user}@6o5qhm8pf8va.invalid;transport=ws;ob>\r\nSession-Expires: 90\r\n\
             Content-Type: application/sdp\r\n",
            user = self.user
        );
        self.request("INVITE", &format!("sip:{to}@hotline"), &extra, offer);
        self.wait_for(|heard| heard.status().is_some_and(|status| status >= 200))
    }

    /// A request within the dialog that `answer` to our INVITE made, with this offer; the final response, acknowledged.
    pub fn reinvite(&mut self, answer: &Heard, offer: &str) -> Heard {
        let again = self.within(answer, "INVITE", "INVITE", offer);
        self.send(&again);
        let heard = self.wait_for(|heard| {
            let is_final = heard.status().is_some_and(|status| status >= 200);
            is_final
                && heard
                    .header("CSeq")
                    .is_some_and(|cseq| cseq.ends_with("INVITE"))
        });
        // RFC 3261 §17.1.1.3: the ACK of a refusal belongs to the INVITE's transaction.
        let transaction = match heard.status() {
            Some(200) => "ACK",
            Some(_) | None => "INVITE",
        };
        let ack = self.within(answer, "ACK", transaction, "");
        self.send(&ack);
        heard
    }

    /// Ends the call that `answer` made; the final response.
    pub fn hang_up(&mut self, answer: &Heard) -> Heard {
        self.cseq += 1;
        let bye = self.within(answer, "BYE", "BYE", "");
        self.send(&bye);
        self.wait_for(|heard| {
            let is_bye = heard
                .header("CSeq")
                .is_some_and(|cseq| cseq.ends_with("BYE"));
            is_bye && heard.status().is_some()
        })
    }

    /// Confirms what was answered.
    pub fn acknowledge(&mut self, answer: &Heard) {
        let ack = self.within(answer, "ACK", "ACK", "");
        self.send(&ack);
    }

    fn within(&mut self, answer: &Heard, method: &str, name: &str, offer: &str) -> String {
        if method == "INVITE" {
            self.cseq += 1;
        }
        let header = |name: &str| answer.header(name).expect("every response has it");
        let contact = header("Contact");
        let target = contact.split(['<', '>']).nth(1).unwrap_or(contact);
        let branch = format!("{}-{}-{name}", self.user, self.cseq);
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/WS 6o5qhm8pf8va.invalid;branch=z9hG4bK{branch}\r\nMax-Forwards: 69\r\n\
             To: {}\r\nFrom: {}\r\nCall-ID: {}\r\nCSeq: {} {method}\r\n\
             Contact: <sip:p{}@6o5qhm8pf8va.invalid;transport=ws;ob>\r\nContent-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{offer}",
            header("To"),
            header("From"),
            header("Call-ID"),
            self.cseq,
            self.user,
            offer.len()
        )
    }

    /// Waits until the page rings, and says 180.
    pub fn ring(&mut self) -> Heard {
        let invite = self.wait_for(|heard| heard.0.starts_with("INVITE "));
        let contact = self.contact();
        self.respond(&invite, "180 Ringing", &contact, "");
        invite
    }

    /// Takes a ringing call with this description.
    pub fn answer(&mut self, invite: &Heard, description: &str) {
        let extra = self.contact() + "Content-Type: application/sdp\r\n";
        self.respond(invite, "200 OK", &extra, description);
    }

    fn contact(&self) -> String {
        format!(
            "Contact: <sip:p{}@6o5qhm8pf8va.invalid;transport=ws;ob>\r\n",
            self.user
        )
    }

    /// Answers a request.
    pub fn respond(&mut self, request: &Heard, status: &str, extra: &str, body: &str) {
        let copied = ["Via", "From", "Call-ID", "CSeq"].map(|name| {
            let value = request.header(name).expect("every request has it");
            format!("{name}: {value}\r\n")
        });
        let to = request.header("To").expect("every request has it");
        let tag = if to.contains(";tag=") {
            ""
        } else {
            ";tag=page"
        };
        self.send(&format!(
            "SIP/2.0 {status}\r\n{}To: {to}{tag}\r\n{extra}Content-Length: {}\r\n\r\n{body}",
            copied.concat(),
            body.len()
        ));
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
    )
}

/// A browser's offer, or with `active` its answer.
pub fn description(setup: &str) -> String {
    let fingerprint = ["1F"; 32].join(":");
    format!(
        "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:Xm7v\r\n\
         a=ice-pwd:k6sv/nVRGrqDbzEzBgjXM+pA\r\na=fingerprint:sha-256 {fingerprint}\r\na=setup:{setup}\r\na=mid:0\r\na=sendrecv\r\n\
         a=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\n"
    )
}
