//! Sockets: UDP, TCP and TLS, and whatever else brings whole messages (see [`super::line`]). Turns what arrives into (flow, message bytes) for the one owner of all signalling state,
//! and sends what it says. Knows nothing of SIP beyond where one message ends on a stream.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hotline_sip::endpoint::Flow;
use hotline_sip::header::Transport;
use hotline_sip::message::Message;
use hotline_sip::parse::{Frame, Framer, ParseError};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tracing::{debug, info, warn};

use super::places::{CONNECTIONS_MAX, Place, Places};
use super::registrar::MAX_EXPIRES_S;
use crate::domain::call::AtLine;

/// Largest datagram IP can carry.
pub const MAX_DATAGRAM: usize = 65_535;
/// Messages waiting for a slow reader of one connection; one more and the connection is closed: a peer that
/// does not read has lost its place, and SIP's own timers tell the rest.
pub(super) const SEND_QUEUE: usize = 256;
/// A connection that says nothing, not even a keep-alive (RFC 5626 §4.4.1), for this long is closed. Longer than the longest
/// registration lives: a phone that registers over TCP and keeps quiet until it must refresh is there all the while.
const IDLE: Duration = Duration::from_secs(MAX_EXPIRES_S as u64 + 300);
/// A far end that is gone is noticed by the kernel long before that.
const PROBES: socket2::TcpKeepalive = socket2::TcpKeepalive::new()
    .with_time(Duration::from_secs(60))
    .with_interval(Duration::from_secs(10))
    .with_retries(4);
/// A new connection must say its first whole word within this.
const FIRST_WORD: Duration = Duration::from_secs(30);
/// A TLS handshake must be over within this.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long connecting outwards may take, and as long again a handshake.
const CONNECT: Duration = Duration::from_secs(4);

/// What a connection reports to the owner of signalling.
#[derive(Debug)]
pub enum FromStream {
    Opened {
        flow: Flow,
        to_peer: mpsc::Sender<ToPeer>,
        /// Who is known to be at the other end without being asked.
        at: AtLine,
    },
    Message {
        flow: Flow,
        message: Box<Message>,
    },
    /// What arrived cannot be used; it may deserve a 400.
    Malformed {
        flow: Flow,
        error: Box<ParseError>,
    },
    Closed {
        flow: Flow,
    },
    /// The person's login is over.
    SignedOut {
        flow: Flow,
    },
}

/// What a connection's writer is given.
#[derive(Debug)]
pub enum ToPeer {
    Message(Arc<[u8]>),
    /// The last word.
    Close(Farewell),
}

/// Why we close a connection that is in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell {
    /// The person's phone is at another page now.
    Replaced,
    /// The person's login is over.
    SignedOut,
}

/// What SIP over TLS needs.
#[derive(Clone)]
pub struct Tls {
    pub listen: SocketAddr,
    /// Who we are.
    pub server: Arc<ServerConfig>,
    /// Whose word on a carrier's name is taken.
    pub client: Arc<ClientConfig>,
}

/// A listener could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum CannotListen {
    #[error("UDP and TCP: {0}")]
    Plain(#[from] io::Error),
    #[error("TLS: {0}")]
    Tls(io::Error),
}

/// The bound sockets.
pub struct Transports {
    pub udp: UdpSocket,
    pub local: SocketAddr,
    /// Where TLS is served.
    pub tls_local: Option<SocketAddr>,
    connector: Option<TlsConnector>,
    /// Who must be at the other end of a TLS connection that we open. Nobody else is connected to.
    names: HashMap<SocketAddr, ServerName<'static>>,
    streams: HashMap<u64, mpsc::Sender<ToPeer>>,
    /// Streams by far end, so that a request to a phone we already talk to uses its connection. Of TLS only those that we opened:
    /// who came to us did not prove to be the carrier of that address.
    by_remote: HashMap<(Transport, SocketAddr), u64>,
    pub(super) inbox: mpsc::Sender<FromStream>,
    pub(super) ids: Arc<AtomicU64>,
}

impl Transports {
    /// Binds UDP and TCP on `listen`, and TLS where it is to be spoken. Stream events go to `inbox`; when it is full the
    /// connection's reader waits, and TCP makes the peer wait.
    pub async fn bind(
        listen: SocketAddr,
        tls: Option<Tls>,
        inbox: mpsc::Sender<FromStream>,
    ) -> Result<Self, CannotListen> {
        let udp = bind_udp(listen)?;
        let local = udp.local_addr()?;
        let listener = TcpListener::bind(local).await?;
        let ids = Arc::new(AtomicU64::new(1));
        let mut door = Door {
            acceptor: None,
            local,
            inbox: inbox.clone(),
            ids: Arc::clone(&ids),
            places: Places::default(),
        };
        tokio::spawn(door.clone().keep(listener));
        info!(%local, "SIP listens on {local}, UDP and TCP");
        let (mut tls_local, mut connector) = (None, None);
        if let Some(tls) = tls {
            let bound = TcpListener::bind(tls.listen).await;
            let listener = bound.map_err(CannotListen::Tls)?;
            let local = listener.local_addr().map_err(CannotListen::Tls)?;
            door.acceptor = Some(TlsAcceptor::from(tls.server));
            door.local = local;
            tokio::spawn(door.keep(listener));
            info!(%local, "SIP over TLS listens on {local}");
            tls_local = Some(local);
            connector = Some(TlsConnector::from(tls.client));
        }
        Ok(Self {
            udp,
            local,
            tls_local,
            connector,
            names: HashMap::new(),
            streams: HashMap::new(),
            by_remote: HashMap::new(),
            inbox,
            ids,
        })
    }

    /// Who is to be met at each address that is called over TLS.
    pub fn expect_names(&mut self, names: HashMap<SocketAddr, String>) {
        let read = |(remote, name): (SocketAddr, String)| match ServerName::try_from(name) {
            Ok(name) => Some((remote, name)),
            Err(_) => {
                warn!(%remote, "the carrier at {remote} has no name that a certificate could vouch for");
                None
            }
        };
        self.names = names.into_iter().filter_map(read).collect();
    }

    /// Notes a connection that came up.
    pub fn opened(&mut self, flow: &Flow, to_peer: mpsc::Sender<ToPeer>) {
        if let Some(id) = flow.connection {
            self.streams.insert(id, to_peer);
            // A WebSocket is spoken of by its number only: nobody else can be reached by it.
            if flow.transport == Transport::Tcp {
                self.by_remote.insert((Transport::Tcp, flow.remote), id);
            }
        }
    }

    /// Says goodbye on a connection: after what was said before.
    pub fn close(&mut self, flow: &Flow, farewell: Farewell) {
        if let Some(stream) = flow.connection.and_then(|id| self.streams.remove(&id)) {
            // Full: its reader sees that nobody speaks to it any more, and closes without a word.
            let _ = stream.try_send(ToPeer::Close(farewell));
        }
    }

    /// Forgets a connection.
    pub fn closed(&mut self, flow: &Flow) {
        if let Some(id) = flow.connection {
            self.streams.remove(&id);
            let remote = (flow.transport.clone(), flow.remote);
            if self.by_remote.get(&remote) == Some(&id) {
                self.by_remote.remove(&remote);
            }
        }
    }

    /// Sends one message. False when it could not leave at all: the transaction hears of it as a transport failure.
    pub fn send(&mut self, flow: &Flow, bytes: Arc<[u8]>) -> bool {
        match flow.transport {
            Transport::Udp => match self.udp.try_send_to(&bytes, flow.remote) {
                Ok(_) => true,
                // A full socket buffer is a lost datagram: SIP re-sends.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => true,
                Err(error) => {
                    debug!(%error, "a SIP datagram could not be sent: {error}");
                    false
                }
            },
            Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => {
                self.send_stream(flow, bytes)
            }
            // No socket of ours speaks it, so nothing came from there either.
            Transport::Other(_) => false,
        }
    }

    fn send_stream(&mut self, flow: &Flow, bytes: Arc<[u8]>) -> bool {
        let remote = (flow.transport.clone(), flow.remote);
        let id = flow
            .connection
            .or_else(|| self.by_remote.get(&remote).copied());
        match id.and_then(|id| self.streams.get(&id)) {
            Some(stream) => {
                let sent = stream.try_send(ToPeer::Message(bytes)).is_ok();
                if let (false, Some(id)) = (sent, id) {
                    // Its reader sees that nobody speaks to it any more, and closes the connection.
                    self.streams.remove(&id);
                }
                sent
            }
            None if flow.connection.is_none() => self.connect(flow, bytes),
            None => false,
        }
    }

    /// Opens a connection outwards; `bytes` is the first thing said on it.
    fn connect(&mut self, flow: &Flow, bytes: Arc<[u8]>) -> bool {
        if self.streams.len() >= CONNECTIONS_MAX {
            return false;
        }
        let (tls, local) = match flow.transport {
            Transport::Tcp => (None, self.local),
            Transport::Tls => {
                let name = self.names.get(&flow.remote).cloned();
                let Some((connector, name)) = self.connector.clone().zip(name) else {
                    return false;
                };
                (Some((connector, name)), flow.local)
            }
            // A browser is waited for.
            Transport::Udp | Transport::Ws | Transport::Wss | Transport::Other(_) => return false,
        };
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let (to_peer, from_us) = mpsc::channel(SEND_QUEUE);
        if to_peer.try_send(ToPeer::Message(bytes)).is_err() {
            return false;
        }
        let flow = Flow {
            transport: flow.transport.clone(),
            local,
            remote: flow.remote,
            connection: Some(id),
        };
        self.opened(&flow, to_peer);
        self.by_remote
            .insert((flow.transport.clone(), flow.remote), id);
        let inbox = self.inbox.clone();
        tokio::spawn(async move {
            let stream = match timeout(CONNECT, TcpStream::connect(flow.remote)).await {
                Ok(Ok(stream)) => stream,
                Ok(Err(_)) | Err(_) => {
                    let _ = inbox.send(FromStream::Closed { flow }).await;
                    return;
                }
            };
            prepare(&stream);
            let Some((connector, name)) = tls else {
                return converse(stream, flow, inbox, from_us).await;
            };
            let why = match timeout(CONNECT, connector.connect(name.clone(), stream)).await {
                Ok(Ok(stream)) => return converse(stream, flow, inbox, from_us).await,
                Ok(Err(fault)) => fault.to_string(),
                Err(_) => "no handshake in time".to_owned(),
            };
            let (remote, name) = (flow.remote, name.to_str().into_owned());
            metrics::counter!("hotline_sip_handshakes_failed", "side" => "carrier").increment(1);
            warn!(%remote, name, why, "no TLS connection to {name} at {remote}: {why}");
            let _ = inbox.send(FromStream::Closed { flow }).await;
        });
        true
    }
}

fn bind_udp(listen: SocketAddr) -> io::Result<UdpSocket> {
    let domain = socket2::Domain::for_address(listen);
    let socket = socket2::Socket::new(domain, socket2::Type::DGRAM, Some(socket2::Protocol::UDP))?;
    // A burst of 300 calls a second arrives while one is being thought about. Best effort: the kernel caps it.
    let _ = socket.set_recv_buffer_size(4 << 20);
    let _ = socket.set_send_buffer_size(4 << 20);
    socket.set_nonblocking(true)?;
    socket.bind(&listen.into())?;
    UdpSocket::from_std(socket.into())
}

/// Where connections come in.
#[derive(Clone)]
struct Door {
    /// They must shake hands first.
    acceptor: Option<TlsAcceptor>,
    local: SocketAddr,
    inbox: mpsc::Sender<FromStream>,
    ids: Arc<AtomicU64>,
    places: Places,
}

impl Door {
    async fn keep(self, listener: TcpListener) {
        loop {
            let (stream, remote) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors: let some go before the next try.
                    warn!(%error, "a TCP connection could not be accepted: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let Some(place) = self.places.take(remote.ip()) else {
                metrics::counter!("hotline_sip_connections_refused").increment(1);
                continue;
            };
            prepare(&stream);
            tokio::spawn(self.clone().admit(stream, remote, place));
        }
    }

    /// Holds `place` as long as the connection lives, its handshake included.
    async fn admit(self, stream: TcpStream, remote: SocketAddr, _place: Place) {
        let Some(acceptor) = &self.acceptor else {
            return self.hear(stream, Transport::Tcp, remote).await;
        };
        let why = match timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => return self.hear(stream, Transport::Tls, remote).await,
            Ok(Err(fault)) => fault.to_string(),
            Err(_) => "not over in time".to_owned(),
        };
        metrics::counter!("hotline_sip_handshakes_failed", "side" => "phone").increment(1);
        debug!(%remote, why, "a TLS handshake failed: {why}");
    }

    async fn hear<S>(&self, stream: S, transport: Transport, remote: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let flow = Flow {
            transport,
            local: self.local,
            remote,
            connection: Some(self.ids.fetch_add(1, Ordering::Relaxed)),
        };
        let (to_peer, from_us) = mpsc::channel(SEND_QUEUE);
        let opened = FromStream::Opened {
            flow: flow.clone(),
            to_peer,
            at: AtLine::Unknown,
        };
        if self.inbox.send(opened).await.is_ok() {
            converse(stream, flow, self.inbox.clone(), from_us).await;
        }
    }
}

fn prepare(stream: &TcpStream) {
    // Small messages that someone waits for: never held back for company.
    let _ = stream.set_nodelay(true);
    let _ = socket2::SockRef::from(stream).set_tcp_keepalive(&PROBES);
}

/// Reads and writes one connection until either side ends it.
async fn converse<S>(
    stream: S,
    flow: Flow,
    inbox: mpsc::Sender<FromStream>,
    mut from_us: mpsc::Receiver<ToPeer>,
) where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut framer = Framer::new();
    let mut buffer = vec![0; 8192];
    // A connection that never says anything whole does not hold a place for long.
    let mut patience = FIRST_WORD;
    loop {
        tokio::select! {
            read = timeout(patience, reader.read(&mut buffer)) => {
                let Ok(Ok(length @ 1..)) = read else { break };
                framer.feed(&buffer[..length]);
                let Ok(said) = deliver(&mut framer, &flow, &inbox).await else { break };
                if said.anything {
                    patience = IDLE;
                }
                if said.ping && say(&mut writer, b"\r\n").await.is_err() {
                    break;
                }
            }
            message = from_us.recv() => {
                let Some(ToPeer::Message(bytes)) = message else { break };
                if !matches!(timeout(CONNECT, say(&mut writer, &bytes)).await, Ok(Ok(()))) {
                    break;
                }
            }
        }
    }
    // What was said last, e.g. a 400 to the request that broke the framing, still leaves.
    from_us.close();
    while let Ok(ToPeer::Message(bytes)) = from_us.try_recv() {
        if !matches!(timeout(CONNECT, say(&mut writer, &bytes)).await, Ok(Ok(()))) {
            break;
        }
    }
    // TLS says goodbye (close_notify, RFC 8446 §6.1).
    let _ = timeout(CONNECT, writer.shutdown()).await;
    let _ = inbox.send(FromStream::Closed { flow }).await;
}

/// One message, whole: TLS keeps back what is not flushed.
async fn say(writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    writer.write_all(bytes).await?;
    writer.flush().await
}

/// What came on a stream.
#[derive(Debug, Default)]
struct Said {
    /// A whole message or a keep-alive.
    anything: bool,
    /// A keep-alive that wants an answer (RFC 5626 §4.4.1).
    ping: bool,
}

/// The stream can no longer be understood, or nobody listens any more.
struct Lost;

/// Hands on what the framer holds. True when the peer asked for a keep-alive back.
async fn deliver(
    framer: &mut Framer,
    flow: &Flow,
    inbox: &mpsc::Sender<FromStream>,
) -> Result<Said, Lost> {
    let mut said = Said::default();
    loop {
        let (event, lost) = match framer.poll() {
            Ok(None) => return Ok(said),
            Ok(Some(Frame::Ping)) => {
                said = Said {
                    anything: true,
                    ping: true,
                };
                continue;
            }
            Ok(Some(Frame::Message(message))) => (
                FromStream::Message {
                    flow: flow.clone(),
                    message: Box::new(message),
                },
                false,
            ),
            Ok(Some(Frame::Bad(error))) => (
                FromStream::Malformed {
                    flow: flow.clone(),
                    error: Box::new(error),
                },
                false,
            ),
            Err(error) => (
                FromStream::Malformed {
                    flow: flow.clone(),
                    error: Box::new(error),
                },
                true,
            ),
        };
        said.anything |= matches!(event, FromStream::Message { .. });
        if inbox.send(event).await.is_err() || lost {
            return Err(Lost);
        }
    }
}
