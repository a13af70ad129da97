//! Where carriers are that the organisation file knows by name (RFC 3263 §4.2, A and AAAA). Looked up beside call control, which
//! never waits for a name server; while none answers, what it said last holds.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tracing::warn;

/// How often each name is looked up again. The system's resolver tells no TTL; those of carriers are minutes to hours.
const AGAIN: Duration = Duration::from_secs(60);
/// The same while one of them leads nowhere.
const AGAIN_SOON: Duration = Duration::from_secs(5);
/// How long a lookup may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// More addresses of one name than this are not tried one after the other by any caller.
const ADDRESSES_MAX: usize = 8;

/// Looks up what is wanted, again and again, until call control is gone.
pub(super) async fn keep<M>(
    mut wanted: watch::Receiver<BTreeSet<String>>,
    mailbox: mpsc::WeakSender<M>,
    resolved: impl Fn(String, Vec<IpAddr>) -> M,
) {
    loop {
        let names = wanted.borrow_and_update().clone();
        let mut pause = AGAIN;
        for name in &names {
            match addresses(name).await {
                Ok(addresses) => {
                    let Some(mailbox) = mailbox.upgrade() else {
                        return;
                    };
                    if mailbox
                        .send(resolved(name.clone(), addresses))
                        .await
                        .is_err()
                    {
                        return;
                    }
                }
                Err(why) => {
                    pause = AGAIN_SOON;
                    metrics::counter!("hotline_names_failed").increment(1);
                    warn!(name, why, "the carrier's name {name} leads nowhere: {why}");
                }
            }
        }
        tokio::select! {
            changed = wanted.changed() => if changed.is_err() { return },
            () = sleep(pause), if !names.is_empty() => {}
        }
    }
}

/// In the order the resolver prefers (RFC 6724), each once.
async fn addresses(name: &str) -> Result<Vec<IpAddr>, String> {
    let found = match timeout(PATIENCE, lookup_host((name, 0))).await {
        Ok(Ok(found)) => found,
        Ok(Err(fault)) => return Err(fault.to_string()),
        Err(_) => return Err("no answer in time".to_owned()),
    };
    let mut addresses: Vec<IpAddr> = Vec::new();
    for ip in found.map(|address| address.ip()) {
        if !addresses.contains(&ip) && addresses.len() < ADDRESSES_MAX {
            addresses.push(ip);
        }
    }
    if addresses.is_empty() {
        return Err("it has no address".to_owned());
    }
    Ok(addresses)
}
