//! A phone at the end of a WebSocket (RFC 7118), seen from whoever carries its frames: each message is one SIP message (§5),
//! so nothing has to be cut. What carries the frames is HTTP's business.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hotline_sip::endpoint::Flow;
use hotline_sip::header::Transport;
use hotline_sip::message::Message;
use hotline_sip::parse::Problem;
use tokio::sync::mpsc;

use super::transport::{FromStream, SEND_QUEUE, ToPeer};
use crate::domain::call::AtLine;

/// Makes lines.
#[derive(Debug, Clone)]
pub struct Lines {
    inbox: mpsc::Sender<FromStream>,
    ids: Arc<AtomicU64>,
    local: SocketAddr,
}

/// What the phone says, on its way to call control.
#[derive(Debug)]
pub struct Ear {
    inbox: mpsc::Sender<FromStream>,
    flow: Flow,
}

/// Call control has stopped: nobody listens any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

impl Lines {
    pub(super) const fn new(
        inbox: mpsc::Sender<FromStream>,
        ids: Arc<AtomicU64>,
        local: SocketAddr,
    ) -> Self {
        Self { inbox, ids, local }
    }

    /// A phone is there. What it is to be told comes from the receiver.
    pub async fn open(
        &self,
        remote: SocketAddr,
        encrypted: bool,
        at: AtLine,
    ) -> Result<(Ear, mpsc::Receiver<ToPeer>), Stopped> {
        let flow = Flow {
            transport: if encrypted {
                Transport::Wss
            } else {
                Transport::Ws
            },
            local: self.local,
            remote,
            connection: Some(self.ids.fetch_add(1, Ordering::Relaxed)),
        };
        let (to_peer, from_us) = mpsc::channel(SEND_QUEUE);
        let opened = FromStream::Opened {
            flow: flow.clone(),
            to_peer,
            at,
        };
        self.inbox.send(opened).await.map_err(|_| Stopped)?;
        let inbox = self.inbox.clone();
        Ok((Ear { inbox, flow }, from_us))
    }
}

impl Ear {
    /// The phone sent one message. It waits while call control is busy, and TCP makes the phone wait.
    pub async fn message(&self, bytes: &[u8]) -> Result<(), Stopped> {
        let flow = self.flow.clone();
        let said = match Message::parse(bytes) {
            Ok(message) => FromStream::Message {
                flow,
                message: Box::new(message),
            },
            // A keep-alive is whoever carries the frames' to answer.
            Err(error) if error.problem == Problem::Empty => return Ok(()),
            Err(error) => FromStream::Malformed {
                flow,
                error: Box::new(error),
            },
        };
        self.inbox.send(said).await.map_err(|_| Stopped)
    }

    /// The login of the person at this phone is over.
    pub async fn signed_out(&self) {
        let flow = self.flow.clone();
        let _ = self.inbox.send(FromStream::SignedOut { flow }).await;
    }

    /// The connection is gone.
    pub async fn closed(&self) {
        let flow = self.flow.clone();
        let _ = self.inbox.send(FromStream::Closed { flow }).await;
    }
}
