//! A telephone for tests: SIP over UDP written as text and read with rsip, sound over RTP with a tone to say and an ear to hear
//! with. Shares no code with the server but G.722's, so that the server's mistakes are not tested by themselves.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use md5::{Digest as _, Md5};
use rsip::prelude::*;

use crate::sound::{share_of, tone};
use crate::tls;
use crate::voice::{FRAME, Seal, Voice};

/// No answer of the server takes longer than this.
pub const PATIENCE: Duration = Duration::from_secs(15);

static NEXT: AtomicU32 = AtomicU32::new(1);

/// One phone with one line.
pub struct Phone {
    pub user: String,
    /// Of calls that begin from now on.
    pub voice: Voice,
    /// Calls that begin from now on have a port, and nobody at it: whoever measures speaks and listens there.
    pub is_measured: bool,
    password: String,
    server: SocketAddr,
    wire: Wire,
    local: SocketAddr,
    /// Requests that came while something else was awaited.
    pending: VecDeque<rsip::Request>,
    register_cseq: u32,
    register_call_id: String,
    cut: Arc<AtomicBool>,
}

/// How long one look at the wire waits.
const TURN: Duration = Duration::from_millis(20);

/// What a phone speaks SIP over. With TCP and TLS, what was read beyond the last message.
enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream, Vec<u8>),
    Tls(tls::Wire, Vec<u8>),
}

impl Wire {
    /// One message, if one has come.
    fn read(&mut self) -> Option<Vec<u8>> {
        let mut buffer = [0; 8192];
        match self {
            Self::Udp(socket) => {
                let (length, _) = socket.recv_from(&mut buffer).ok()?;
                Some(buffer[..length].to_vec())
            }
            Self::Tcp(stream, read) => {
                if let Some(message) = first_message(read) {
                    return Some(message);
                }
                let length = stream.read(&mut buffer).ok()?;
                read.extend(&buffer[..length]);
                first_message(read)
            }
            Self::Tls(wire, read) => {
                if let Some(message) = first_message(read) {
                    return Some(message);
                }
                read.extend(wire.read(TURN)?);
                first_message(read)
            }
        }
    }
}

/// Takes the first whole message off a stream (RFC 3261 §18.3: Content-Length tells where it ends).
fn first_message(read: &mut Vec<u8>) -> Option<Vec<u8>> {
    let head = read.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&read[..head]).to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .map_or(0, |value| value.trim().parse().expect("a length"));
    let end = head + length;
    (read.len() >= end).then(|| read.drain(..end).collect())
}

/// A call on this phone that is up.
pub struct Call {
    pub call_id: String,
    local_uri: String,
    remote_uri: String,
    target: String,
    cseq: u32,
    pub audio: Audio,
}

/// A call on its way, not answered yet.
pub struct Dialling {
    from: String,
    pub call_id: String,
    uri: String,
    branch: String,
}

/// A ringing call that waits for `answer` or `refuse`.
pub struct Ringing {
    invite: rsip::Request,
    tag: String,
}

impl Phone {
    /// A phone at a free port of loopback.
    pub fn new(server: SocketAddr, user: &str, password: &str) -> Self {
        Self::at((Ipv4Addr::LOCALHOST, 0).into(), server, user, password)
    }

    /// A phone at a given address, e.g. where a trunk expects its carrier.
    pub fn at(local: SocketAddr, server: SocketAddr, user: &str, password: &str) -> Self {
        let socket = UdpSocket::bind(local).expect("a free UDP port");
        socket
            .set_read_timeout(Some(TURN))
            .expect("a time-out can be set");
        let local = socket.local_addr().expect("a bound socket has an address");
        Self::on(Wire::Udp(socket), local, server, user, password)
    }

    /// A phone that speaks SIP over TCP: it keeps its connection, and is called on it.
    pub fn over_tcp(server: SocketAddr, user: &str, password: &str) -> Self {
        let stream = TcpStream::connect(server).expect("the server takes connections");
        stream
            .set_read_timeout(Some(TURN))
            .expect("a time-out can be set");
        let local = stream
            .local_addr()
            .expect("a connected socket has an address");
        Self::on(Wire::Tcp(stream, Vec::new()), local, server, user, password)
    }

    /// A phone that speaks SIP over TLS, or a carrier: it is called on the connection that it has.
    pub fn over_tls(wire: tls::Wire, server: SocketAddr, user: &str, password: &str) -> Self {
        // Where it is does not matter: nobody looks for it there.
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, 5_061));
        Self::on(Wire::Tls(wire, Vec::new()), local, server, user, password)
    }

    fn on(wire: Wire, local: SocketAddr, server: SocketAddr, user: &str, password: &str) -> Self {
        Self {
            user: user.to_owned(),
            voice: Voice::default(),
            is_measured: false,
            password: password.to_owned(),
            server,
            wire,
            local,
            pending: VecDeque::new(),
            register_cseq: 0,
            register_call_id: unique("reg"),
            cut: Arc::default(),
        }
    }

    pub fn local(&self) -> SocketAddr {
        self.local
    }

    fn audio(&self, hz: f64) -> Audio {
        match self.is_measured {
            true => Audio::open(hz, self.voice),
            false => Audio::start(hz, self.voice),
        }
    }

    /// Registers for `expires` seconds, answering the challenge. Returns the final status.
    pub fn register(&mut self, expires: u32) -> u16 {
        let uri = format!("sip:{}", self.server);
        let mut authorization = String::new();
        for _ in 0..2 {
            self.register_cseq += 1;
            let (branch, tag) = (unique("z9hG4bK"), unique("t"));
            let text = format!(
                "REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {local};rport;branch={branch}\r\nMax-Forwards: 70\r\n\
                 From: <sip:{user}@{server}>;tag={tag}\r\nTo: <sip:{user}@{server}>\r\nCall-ID: {call_id}\r\n\
                 CSeq: {cseq} REGISTER\r\nContact: <sip:{user}@{local}>\r\nExpires: {expires}\r\n{authorization}\
                 Content-Length: 0\r\n\r\n",
                local = self.local,
                user = self.user,
                server = self.server,
                call_id = self.register_call_id,
                cseq = self.register_cseq,
            );
            self.send(&text);
            let response = self.response_to(&branch);
            let status = response.status_code().code();
            if status != 401 {
                return status;
            }
            authorization = self.authorize(&response, "REGISTER", &uri, "Authorization");
        }
        401
    }

    /// From now on waiting ends when `cut` says so, in the methods that say "unless cut".
    pub fn give_up_when(&mut self, cut: &Arc<AtomicBool>) {
        self.cut = Arc::clone(cut);
    }

    /// Calls `to` and waits for the answer; the status when there is none.
    pub fn call(&mut self, to: &str, hz: f64) -> Result<Call, u16> {
        self.call_unless_cut(to, hz)
            .unwrap_or_else(|| panic!("{}: the line was cut", self.user))
    }

    /// As [`Phone::call`]; None when the line was cut before the answer.
    pub fn call_unless_cut(&mut self, to: &str, hz: f64) -> Option<Result<Call, u16>> {
        let audio = self.audio(hz);
        let call_id = unique("call");
        let (local_tag, uri) = (unique("t"), format!("sip:{to}@{}", self.server));
        let local_uri = format!("<sip:{}@{}>;tag={local_tag}", self.user, self.server);
        let mut authorization = String::new();
        for cseq in 1..3 {
            let branch = unique("z9hG4bK");
            let sdp = audio.sdp();
            let text = format!(
                "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {local};rport;branch={branch}\r\nMax-Forwards: 70\r\n\
                 From: {local_uri}\r\nTo: <{uri}>\r\nCall-ID: {call_id}\r\nCSeq: {cseq} INVITE\r\n\
                 Contact: <sip:{user}@{local}>\r\n{authorization}Content-Type: application/sdp\r\n\
                 Content-Length: {length}\r\n\r\n{sdp}",
                local = self.local,
                user = self.user,
                length = sdp.len(),
            );
            self.send(&text);
            let response = self.response_unless_cut(&branch)?;
            let status = response.status_code().code();
            let remote_uri = response
                .to_header()
                .expect("a response has To")
                .value()
                .to_owned();
            let target = contact_of(&response.headers).unwrap_or_else(|| uri.clone());
            let mut call = Call {
                call_id: call_id.clone(),
                local_uri: local_uri.clone(),
                remote_uri,
                target,
                cseq,
                audio: audio.clone_handle(),
            };
            if status == 200 {
                audio.connect(&String::from_utf8_lossy(response.body()));
                let ack = call.request("ACK", cseq, self.local, &unique("z9hG4bK"), "");
                self.send(&ack);
                call.audio = audio;
                return Some(Ok(call));
            }
            let ack =
                call.request("ACK", cseq, self.local, &branch, "")
                    .replacen(&call.target, &uri, 1);
            self.send(&ack);
            if !matches!(status, 401 | 407) {
                return Some(Err(status));
            }
            let header = if status == 401 {
                "Authorization"
            } else {
                "Proxy-Authorization"
            };
            authorization = self.authorize(&response, "INVITE", &uri, header);
        }
        Some(Err(401))
    }

    /// Dials without waiting for anything: for those who change their mind.
    pub fn dial(&mut self, to: &str) -> Dialling {
        let audio = self.audio(0.0);
        let (uri, branch) = (format!("sip:{to}@{}", self.server), unique("z9hG4bK"));
        let dialling = Dialling {
            from: format!("<sip:{}@{}>;tag={}", self.user, self.server, unique("t")),
            call_id: unique("call"),
            uri,
            branch,
        };
        let sdp = audio.sdp();
        let extra = format!(
            "Contact: <sip:{}@{}>\r\nContent-Type: application/sdp\r\n",
            self.user, self.local
        );
        self.send(&dialling.request("INVITE", self.local, &extra, &sdp));
        dialling
    }

    /// The final status of what was dialled.
    pub fn outcome(&mut self, dialling: &Dialling) -> u16 {
        self.answer_to(dialling).status_code().code()
    }

    /// The final response to what was dialled.
    pub fn answer_to(&mut self, dialling: &Dialling) -> rsip::Response {
        loop {
            let response = self.response_to(&dialling.branch);
            let cseq = response.cseq_header().expect("a response has CSeq").value();
            if cseq.contains("CANCEL") {
                continue;
            }
            let to = response.to_header().expect("a response has To").value();
            let ack = dialling.request("ACK", self.local, "", "");
            let (ours, theirs) = (format!("To: <{}>", dialling.uri), format!("To: {to}"));
            self.send(&ack.replacen(&ours, &theirs, 1));
            return response;
        }
    }

    /// Changes its mind before the answer (CANCEL); the final status of the call.
    pub fn cancel(&mut self, dialling: &Dialling) -> u16 {
        // Only after a provisional response (RFC 3261 §9.1), which a ringing far end has caused.
        self.send(&dialling.request("CANCEL", self.local, "", ""));
        self.outcome(dialling)
    }

    /// Asks whether the server takes calls.
    pub fn options(&mut self) -> rsip::Response {
        let asking = Dialling {
            from: format!("<sip:{}@{}>;tag={}", self.user, self.server, unique("t")),
            call_id: unique("options"),
            uri: format!("sip:{}", self.server),
            branch: unique("z9hG4bK"),
        };
        self.send(&asking.request("OPTIONS", self.local, "", ""));
        self.response_to(&asking.branch)
    }

    /// Calls `to` with an INVITE that offers nothing: the server offers, our ACK answers (RFC 3264 §4, delayed offer).
    pub fn call_without_offer(&mut self, to: &str, hz: f64) -> Result<Call, u16> {
        let audio = self.audio(hz);
        let dialling = Dialling {
            from: format!("<sip:{}@{}>;tag={}", self.user, self.server, unique("t")),
            call_id: unique("call"),
            uri: format!("sip:{to}@{}", self.server),
            branch: unique("z9hG4bK"),
        };
        let contact = format!("Contact: <sip:{}@{}>\r\n", self.user, self.local);
        self.send(&dialling.request("INVITE", self.local, &contact, ""));
        let response = self.response_to(&dialling.branch);
        let status = response.status_code().code();
        if status != 200 {
            return Err(status);
        }
        audio.connect(&String::from_utf8_lossy(response.body()));
        let call = Call {
            call_id: dialling.call_id,
            local_uri: dialling.from,
            remote_uri: response
                .to_header()
                .expect("a response has To")
                .value()
                .to_owned(),
            target: contact_of(&response.headers).expect("a 200 has Contact"),
            cseq: 1,
            audio,
        };
        let ack = call.request(
            "ACK",
            1,
            self.local,
            &unique("z9hG4bK"),
            "Content-Type: application/sdp\r\n",
        );
        self.send(&with_body(&ack, &call.audio.sdp()));
        Ok(call)
    }

    /// Offers the session anew with `direction` (`sendonly` holds, `sendrecv` resumes); what the server answered.
    pub fn reoffer(&mut self, call: &mut Call, direction: &str) -> String {
        call.cseq += 1;
        let branch = unique("z9hG4bK");
        let extra = format!(
            "Contact: <sip:{}@{}>\r\nContent-Type: application/sdp\r\n",
            self.user, self.local
        );
        let sdp = call
            .audio
            .sdp()
            .replace("sendrecv", direction)
            .replace("phone 1 1", &format!("phone 1 {}", call.cseq + 1));
        let invite = call.request("INVITE", call.cseq, self.local, &branch, &extra);
        self.send(&with_body(&invite, &sdp));
        let response = self.response_to(&branch);
        assert_eq!(response.status_code().code(), 200, "a new offer is taken");
        let ack = call.request("ACK", call.cseq, self.local, &unique("z9hG4bK"), "");
        self.send(&ack);
        String::from_utf8_lossy(response.body()).into_owned()
    }

    /// Sends any request within the call; the status of the final response.
    pub fn within(&mut self, call: &mut Call, method: &str, headers: &str, body: &str) -> u16 {
        call.cseq += 1;
        let branch = unique("z9hG4bK");
        let extra = format!("Contact: <sip:{}@{}>\r\n{headers}", self.user, self.local);
        let request = call.request(method, call.cseq, self.local, &branch, &extra);
        self.send(&with_body(&request, body));
        let status = self.response_to(&branch).status_code().code();
        if method == "INVITE" {
            let branch = if status == 200 {
                unique("z9hG4bK")
            } else {
                branch
            };
            let ack = call.request("ACK", call.cseq, self.local, &branch, "");
            self.send(&ack);
        }
        status
    }

    /// Hands the call on to `to` (REFER, RFC 3515); the status.
    pub fn refer(&mut self, call: &mut Call, to: &str) -> u16 {
        call.cseq += 1;
        let branch = unique("z9hG4bK");
        let extra = format!(
            "Contact: <sip:{user}@{local}>\r\nRefer-To: <sip:{to}@{server}>\r\n",
            user = self.user,
            local = self.local,
            server = self.server,
        );
        self.send(&call.request("REFER", call.cseq, self.local, &branch, &extra));
        self.response_to(&branch).status_code().code()
    }

    /// Waits for word on a REFER, and says 200: the status line it brings.
    pub fn wait_notify(&mut self) -> String {
        let notify = self.wait_for("NOTIFY");
        self.reply_ok(&notify);
        String::from_utf8_lossy(notify.body()).trim().to_owned()
    }

    /// Waits until the phone rings, and says 180.
    pub fn ring(&mut self) -> Ringing {
        let ringing = self.ring_silently();
        self.send(&ringing.response(180, "Ringing", "", ""));
        ringing
    }

    /// Waits for a call, however long, and says 180. None once the line is cut.
    pub fn ring_unless_cut(&mut self) -> Option<Ringing> {
        let invite = self.wait_unless_cut("INVITE", Duration::MAX)?;
        let tag = unique("t");
        let ringing = Ringing { invite, tag };
        self.send(&ringing.response(180, "Ringing", "", ""));
        Some(ringing)
    }

    /// Waits for a call and says nothing at all, as a dead carrier.
    pub fn ring_silently(&mut self) -> Ringing {
        let invite = self.wait_for("INVITE");
        let tag = unique("t");
        Ringing { invite, tag }
    }

    /// Takes the ringing call.
    pub fn answer(&mut self, ringing: Ringing, hz: f64) -> Call {
        self.answer_unless_cut(ringing, hz)
            .unwrap_or_else(|| panic!("{}: the line was cut", self.user))
    }

    /// As [`Phone::answer`]; None when the line was cut before the ACK.
    pub fn answer_unless_cut(&mut self, ringing: Ringing, hz: f64) -> Option<Call> {
        let audio = self.audio(hz);
        audio.connect(&String::from_utf8_lossy(ringing.invite.body()));
        let sdp = audio.sdp();
        let extra = format!(
            "Contact: <sip:{}@{}>\r\nContent-Type: application/sdp\r\n",
            self.user, self.local
        );
        let ok = ringing.response(200, "OK", &extra, &sdp);
        self.send(&ok);
        self.wait_unless_cut("ACK", PATIENCE)?;
        let headers = &ringing.invite.headers;
        let from = ringing
            .invite
            .from_header()
            .expect("an INVITE has From")
            .value()
            .to_owned();
        let to = ringing
            .invite
            .to_header()
            .expect("an INVITE has To")
            .value()
            .to_owned();
        Some(Call {
            call_id: ringing
                .invite
                .call_id_header()
                .expect("an INVITE has Call-ID")
                .value()
                .to_owned(),
            local_uri: format!("{to};tag={}", ringing.tag),
            remote_uri: from,
            target: contact_of(headers).expect("an INVITE has Contact"),
            cseq: 0,
            audio,
        })
    }

    /// Refuses the ringing call.
    pub fn refuse(&mut self, ringing: &Ringing, status: u16) {
        self.send(&ringing.response(status, "No", "", ""));
        self.wait_for("ACK");
    }

    /// Waits until the ringing stops from outside (CANCEL), and answers it; the Reason that was given.
    pub fn wait_cancel(&mut self, ringing: &Ringing) -> Option<String> {
        let cancel = self.hear_cancel();
        self.send(&ringing.response(487, "Request Terminated", "", ""));
        self.wait_for("ACK");
        header_of(&cancel, "Reason")
    }

    /// The ringing is stopped, but the phone was answered a moment before: it is heard out, and hung up.
    pub fn answer_too_late(&mut self, ringing: &Ringing) {
        self.hear_cancel();
        let audio = self.audio(0.0);
        let extra = format!(
            "Contact: <sip:{}@{}>\r\nContent-Type: application/sdp\r\n",
            self.user, self.local
        );
        self.send(&ringing.response(200, "OK", &extra, &audio.sdp()));
        self.wait_for("ACK");
        let bye = self.wait_for("BYE");
        self.reply_ok(&bye);
    }

    fn hear_cancel(&mut self) -> rsip::Request {
        let cancel = self.wait_for("CANCEL");
        self.reply_ok(&cancel);
        cancel
    }

    /// Hangs up; unanswered when the line is cut.
    pub fn hang_up(&mut self, call: &mut Call) {
        call.audio.stop();
        call.cseq += 1;
        let branch = unique("z9hG4bK");
        let bye = call.request("BYE", call.cseq, self.local, &branch, "");
        self.send(&bye);
        self.response_unless_cut(&branch);
    }

    /// Waits until the other side hangs up, and says 200.
    pub fn wait_bye(&mut self, call: &Call) {
        let ended = self.bye_unless_cut(call);
        assert!(ended, "{}: the line was cut", self.user);
    }

    /// As [`Phone::wait_bye`]; false when the line was cut before.
    pub fn bye_unless_cut(&mut self, call: &Call) -> bool {
        let Some(bye) = self.wait_unless_cut("BYE", PATIENCE) else {
            return false;
        };
        assert_eq!(
            bye.call_id_header().expect("a BYE has Call-ID").value(),
            call.call_id,
            "a BYE of another call"
        );
        self.reply_ok(&bye);
        call.audio.stop();
        true
    }

    /// Answers whatever comes (OPTIONS, BYE) until nothing has come for `quiet`.
    pub fn attend(&mut self, quiet: Duration) {
        let mut last = Instant::now();
        while last.elapsed() < quiet {
            if let Some(request) = self.poll() {
                last = Instant::now();
                self.reply_ok(&request);
            }
        }
    }

    fn wait_for(&mut self, method: &str) -> rsip::Request {
        let request = self.wait_unless_cut(method, PATIENCE);
        request.unwrap_or_else(|| panic!("{}: no {method}: the line was cut", self.user))
    }

    /// None once the line is cut.
    fn wait_unless_cut(&mut self, method: &str, patience: Duration) -> Option<rsip::Request> {
        let started = Instant::now();
        loop {
            if let Some(at) = self
                .pending
                .iter()
                .position(|request| request.method().to_string() == method)
            {
                return self.pending.remove(at);
            }
            if self.cut.load(Ordering::SeqCst) {
                return None;
            }
            assert!(
                started.elapsed() < patience,
                "{}: no {method} within {patience:?}",
                self.user
            );
            if let Some(request) = self.poll() {
                match request.method().to_string().as_str() {
                    "OPTIONS" => self.reply_ok(&request),
                    _ => self.pending.push_back(request),
                }
            }
        }
    }

    /// Reads one message; responses that nobody waits for (re-sent ones) are dropped.
    fn poll(&mut self) -> Option<rsip::Request> {
        match self.read()? {
            rsip::SipMessage::Request(request) => Some(request),
            rsip::SipMessage::Response(_) => None,
        }
    }

    fn read(&mut self) -> Option<rsip::SipMessage> {
        let bytes = self.wire.read()?;
        let message = rsip::SipMessage::try_from(bytes.as_slice());
        Some(message.expect("the server speaks SIP that rsip can read"))
    }

    /// The final response to the request with `branch`.
    fn response_to(&mut self, branch: &str) -> rsip::Response {
        self.response_unless_cut(branch)
            .unwrap_or_else(|| panic!("{}: no final response: the line was cut", self.user))
    }

    /// None once the line is cut.
    fn response_unless_cut(&mut self, branch: &str) -> Option<rsip::Response> {
        let started = Instant::now();
        loop {
            if self.cut.load(Ordering::SeqCst) {
                return None;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "{}: no final response within {PATIENCE:?}",
                self.user
            );
            match self.read() {
                Some(rsip::SipMessage::Response(response)) => {
                    let via = response
                        .via_header()
                        .expect("a response has Via")
                        .value()
                        .to_owned();
                    let status = response.status_code().code();
                    if via.contains(branch) && status >= 200 {
                        return Some(response);
                    }
                }
                Some(rsip::SipMessage::Request(request)) => self.pending.push_back(request),
                None => {}
            }
        }
    }

    fn reply_ok(&self, request: &rsip::Request) {
        let ringing = Ringing {
            invite: request.clone(),
            tag: unique("t"),
        };
        self.send(&ringing.response(200, "OK", "", ""));
    }

    fn send(&self, text: &str) {
        match &self.wire {
            Wire::Udp(socket) => socket
                .send_to(text.as_bytes(), self.server)
                .map(|_| ())
                .expect("a datagram leaves"),
            Wire::Tcp(stream, _) => {
                // Our own Via, which requests are written with; what a response repeats is left as it came.
                let text = text.replacen("SIP/2.0/UDP", "SIP/2.0/TCP", 1);
                let mut stream = stream;
                stream
                    .write_all(text.as_bytes())
                    .expect("the connection is up");
            }
            Wire::Tls(wire, _) => {
                let text = text.replacen("SIP/2.0/UDP", "SIP/2.0/TLS", 1);
                wire.write(text.as_bytes());
            }
        }
    }

    fn authorize(
        &self,
        response: &rsip::Response,
        method: &str,
        uri: &str,
        header: &str,
    ) -> String {
        // The first MD5 challenge: what every phone can.
        let challenge = response
            .headers
            .iter()
            .map(ToString::to_string)
            .find(|line| line.contains("-Authenticate") && line.contains("algorithm=MD5"))
            .expect("the server challenges with MD5 too");
        let part = |name: &str| {
            let start = challenge
                .find(&format!("{name}=\""))
                .expect("the challenge has it")
                + name.len()
                + 2;
            challenge[start..]
                .split('"')
                .next()
                .expect("a quoted value ends")
                .to_owned()
        };
        let (realm, nonce) = (part("realm"), part("nonce"));
        let ha1 = md5_hex(&format!("{}:{realm}:{}", self.user, self.password));
        let ha2 = md5_hex(&format!("{method}:{uri}"));
        let cnonce = unique("c");
        let answer = md5_hex(&format!("{ha1}:{nonce}:00000001:{cnonce}:auth:{ha2}"));
        format!(
            "{header}: Digest username=\"{}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{answer}\", algorithm=MD5, cnonce=\"{cnonce}\", qop=auth, nc=00000001\r\n",
            self.user
        )
    }
}

impl Dialling {
    fn request(&self, method: &str, local: SocketAddr, extra: &str, body: &str) -> String {
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {local};rport;branch={branch}\r\nMax-Forwards: 70\r\n\
             From: {from}\r\nTo: <{uri}>\r\nCall-ID: {call_id}\r\nCSeq: 1 {method}\r\n{extra}\
             Content-Length: {length}\r\n\r\n{body}",
            uri = self.uri,
            branch = self.branch,
            from = self.from,
            call_id = self.call_id,
            length = body.len(),
        )
    }
}

impl Ringing {
    /// The number that was dialled.
    pub fn dialled(&self) -> String {
        self.invite.uri().to_string()
    }

    /// What the server offers.
    pub fn offer(&self) -> String {
        String::from_utf8_lossy(self.invite.body()).into_owned()
    }

    /// The value of a header of the INVITE.
    pub fn header(&self, name: &str) -> Option<String> {
        header_of(&self.invite, name)
    }

    /// The caller's number as shown to us.
    pub fn caller(&self) -> String {
        self.invite
            .from_header()
            .expect("an INVITE has From")
            .value()
            .to_owned()
    }

    fn response(&self, status: u16, reason: &str, extra: &str, body: &str) -> String {
        let mut text = format!("SIP/2.0 {status} {reason}\r\n");
        for header in self.invite.headers.iter() {
            let line = header.to_string();
            let name = line
                .split(':')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            match name.as_str() {
                "via" | "from" | "call-id" | "cseq" | "record-route" => {
                    text += &format!("{line}\r\n")
                }
                "to" if line.contains("tag=") => text += &format!("{line}\r\n"),
                "to" => text += &format!("{line};tag={}\r\n", self.tag),
                _ => {}
            }
        }
        text + &format!("{extra}Content-Length: {}\r\n\r\n{body}", body.len())
    }
}

impl Call {
    fn request(
        &self,
        method: &str,
        cseq: u32,
        local: SocketAddr,
        branch: &str,
        extra: &str,
    ) -> String {
        format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {local};rport;branch={branch}\r\nMax-Forwards: 70\r\n\
             From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n{extra}Content-Length: 0\r\n\r\n",
            target = self.target,
            from = self.local_uri,
            to = self.remote_uri,
            call_id = self.call_id,
        )
    }
}

/// One call's sound: says a tone every 20 ms, keeps what it hears.
pub struct Audio {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    socket: UdpSocket,
    /// Nobody reads it, but what the server reports must not reach somebody else's port.
    _rtcp: UdpSocket,
    voice: Voice,
    /// Where the sound goes, and under which keys.
    remote: Mutex<Option<(SocketAddr, Arc<Seal>)>>,
    stopped: AtomicBool,
    muted: AtomicBool,
    heard: Mutex<Vec<i16>>,
    more: Condvar,
    frames: Mutex<Vec<Vec<u8>>>,
    sent: Mutex<Vec<Instant>>,
}

impl Audio {
    /// Opens a port; the tone is said once `connect` has told where to.
    pub fn start(hz: f64, voice: Voice) -> Self {
        let mut audio = Self::open(hz, voice);
        let (speaker, listener) = (Arc::clone(&audio.shared), Arc::clone(&audio.shared));
        audio.threads = vec![
            std::thread::spawn(move || speaker.speak()),
            std::thread::spawn(move || listener.listen()),
        ];
        audio
    }

    /// A port at which nobody speaks or listens.
    fn open(hz: f64, voice: Voice) -> Self {
        let (socket, rtcp) = media_sockets();
        socket
            .set_read_timeout(Some(TURN))
            .expect("a time-out can be set");
        // One second holds whole periods of every whole-numbered tone: it can be repeated without a click.
        let shared = Arc::new(Shared {
            socket,
            _rtcp: rtcp,
            voice,
            remote: Mutex::new(None),
            stopped: AtomicBool::new(false),
            muted: AtomicBool::new(false),
            heard: Mutex::default(),
            more: Condvar::new(),
            frames: Mutex::new(voice.codec.frames(&tone(hz, 8_000))),
            sent: Mutex::default(),
        });
        Self {
            shared,
            threads: Vec::new(),
        }
    }

    /// The port, for whoever speaks and listens there instead.
    pub fn socket(&self) -> UdpSocket {
        let socket = self.shared.socket.try_clone();
        socket.expect("a socket can be cloned")
    }

    /// Says these samples over and over in place of the tone.
    pub fn say(&self, samples: &[i16]) {
        let frames = self.shared.voice.codec.frames(samples);
        *self.shared.frames.lock().expect("no panic holds this") = frames;
    }

    fn clone_handle(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            threads: Vec::new(),
        }
    }

    /// Talks to whom this description is from.
    fn connect(&self, sdp: &str) {
        let seal = Seal::with(self.shared.voice, sdp);
        let remote = (media_address(sdp), Arc::new(seal));
        *self.shared.remote.lock().expect("no panic holds this") = Some(remote);
    }

    fn sdp(&self) -> String {
        let local = self.shared.socket.local_addr();
        let port = local.expect("a bound socket has an address").port();
        self.shared.voice.sdp(port)
    }

    /// Waits until the last 300 ms heard are (or are not) the tone `hz`; when nothing at all comes for 300 ms, no tone does.
    /// False when that did not happen within `patience`.
    pub fn hears(&self, hz: f64, wanted: bool, patience: Duration) -> bool {
        let started = Instant::now();
        let window = 2_400;
        let mut heard = self.shared.heard.lock().expect("no panic holds this");
        let mut since = heard.len();
        loop {
            if heard.len() >= since + window {
                let share = share_of(hz, &heard[heard.len() - window..]);
                if (share > 0.3) == wanted {
                    return true;
                }
                since = heard.len() - window + FRAME;
            }
            let left = patience.saturating_sub(started.elapsed());
            if left.is_zero() {
                return false;
            }
            let (now, waited) = self
                .shared
                .more
                .wait_timeout(heard, left.min(Duration::from_millis(300)))
                .expect("no panic holds this");
            heard = now;
            if waited.timed_out() && !wanted {
                return true;
            }
        }
    }

    /// Stops sending without a word, as a phone that died.
    pub fn mute(&self, muted: bool) {
        self.shared.muted.store(muted, Ordering::SeqCst);
    }

    /// Where this call's sound goes.
    pub fn remote(&self) -> SocketAddr {
        let remote = self.shared.remote.lock().expect("no panic holds this");
        remote.as_ref().expect("the call is up").0
    }

    /// Sends these bytes from where the sound comes from.
    pub fn send_raw(&self, bytes: &[u8]) {
        let sent = self.shared.socket.send_to(bytes, self.remote());
        sent.expect("a datagram leaves");
    }

    /// How many packets of 20 ms had left by `at`.
    pub fn sent_by(&self, at: Instant) -> usize {
        let sent = self.shared.sent.lock().expect("no panic holds this");
        sent.partition_point(|left| *left <= at)
    }

    /// Everything heard so far.
    pub fn heard(&self) -> Vec<i16> {
        self.shared
            .heard
            .lock()
            .expect("no panic holds this")
            .clone()
    }

    pub fn stop(&self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
    }
}

impl Drop for Audio {
    fn drop(&mut self) {
        if self.threads.is_empty() {
            return;
        }
        self.stop();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn speak(&self) {
        let ssrc = NEXT
            .fetch_add(1, Ordering::Relaxed)
            .wrapping_mul(0x9E37_79B9);
        let started = Instant::now();
        for n in 0_u32.. {
            if self.stopped.load(Ordering::SeqCst) {
                return;
            }
            // Packets leave on a 20 ms grid, however late this thread wakes up.
            let due = started + Duration::from_millis(20) * n;
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let remote = self.remote.lock().expect("no panic holds this").clone();
            let Some((remote, seal)) = remote else {
                continue;
            };
            if self.muted.load(Ordering::SeqCst) {
                continue;
            }
            let frames = self.frames.lock().expect("no panic holds this");
            let payload = &frames[n as usize % frames.len()];
            let mut packet = vec![0x80, self.voice.codec.payload_type()];
            packet.extend((n as u16).to_be_bytes());
            packet.extend(n.wrapping_mul(self.voice.codec.ticks()).to_be_bytes());
            packet.extend(ssrc.to_be_bytes());
            packet.extend(payload);
            if self.socket.send_to(&seal.seal(packet), remote).is_ok() {
                let mut sent = self.sent.lock().expect("no panic holds this");
                sent.push(Instant::now());
            }
        }
    }

    fn listen(&self) {
        let (mut buffer, mut ear) = ([0; 2048], self.voice.codec.ear());
        while !self.stopped.load(Ordering::SeqCst) {
            let Ok((length @ 13.., _)) = self.socket.recv_from(&mut buffer) else {
                continue;
            };
            if buffer[1] & 0x7F != self.voice.codec.payload_type() {
                continue;
            }
            let remote = self.remote.lock().expect("no panic holds this").clone();
            let plain = match remote {
                Some((_, seal)) => seal.open(&buffer[..length]),
                None if self.voice.srtp => None,
                None => Some(buffer[..length].to_vec()),
            };
            let Some(plain) = plain else {
                continue;
            };
            let samples = ear.hear(&plain[12..]);
            let mut heard = self.heard.lock().expect("no panic holds this");
            heard.extend(samples);
            self.more.notify_all();
        }
    }
}

/// RTP at an even port, RTCP above it (RFC 3550 §11).
fn media_sockets() -> (UdpSocket, UdpSocket) {
    for _ in 0..1_000 {
        let rtp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free UDP port");
        let port = rtp
            .local_addr()
            .expect("a bound socket has an address")
            .port();
        if port.is_multiple_of(2)
            && let Ok(rtcp) = UdpSocket::bind((Ipv4Addr::LOCALHOST, port + 1))
        {
            return (rtp, rtcp);
        }
    }
    panic!("no two neighbouring UDP ports are free");
}

/// A request written without a body gets one.
fn with_body(request: &str, body: &str) -> String {
    request.replacen(
        "Content-Length: 0",
        &format!("Content-Length: {}", body.len()),
        1,
    ) + body
}

fn header_of(request: &rsip::Request, name: &str) -> Option<String> {
    let headers = request.headers.iter().map(ToString::to_string);
    let mut named = headers.filter_map(|line| {
        let (known, value) = line.split_once(':')?;
        known
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().to_owned())
    });
    named.next()
}

fn contact_of(headers: &rsip::Headers) -> Option<String> {
    let line = headers
        .iter()
        .map(ToString::to_string)
        .find(|line| line.to_ascii_lowercase().starts_with("contact:"))?;
    let start = line.find('<')? + 1;
    Some(line[start..].split('>').next()?.to_owned())
}

fn media_address(sdp: &str) -> SocketAddr {
    let ip = sdp
        .lines()
        .find_map(|line| line.strip_prefix("c=IN IP4 "))
        .expect("an SDP has c=");
    let port = sdp
        .lines()
        .find_map(|line| line.strip_prefix("m=audio "))
        .expect("an SDP has m=audio");
    let port = port.split(' ').next().expect("m= has a port");
    SocketAddr::new(
        ip.trim().parse().expect("an address"),
        port.parse().expect("a port"),
    )
}

fn unique(prefix: &str) -> String {
    format!(
        "{prefix}{}x{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

fn md5_hex(text: &str) -> String {
    Md5::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
