//! Who is logged in. The browser holds an opaque token of 256 bits, we hold its hash: a copy of the database
//! lets nobody in. A session ends by logging out, by standing idle, or when its last hour has come.

use super::db::values;
use super::organisation::user_of;
use super::{Fault, Storage, sha256_hex};
use crate::domain::id::Username;
use crate::domain::staff::User;
use crate::domain::time::Timestamp;

/// How long a session may live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    pub idle_ms: i64,
    pub absolute_ms: i64,
}

impl Default for SessionLimits {
    /// Half an hour idle, a shift of twelve hours in all.
    fn default() -> Self {
        Self {
            idle_ms: 30 * 60 * 1000,
            absolute_ms: 12 * 60 * 60 * 1000,
        }
    }
}

/// What the browser is given, once.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSession {
    /// For the cookie.
    pub token: String,
    /// To be sent as `X-CSRF-Token` with every unsafe request.
    pub csrf: String,
}

impl std::fmt::Debug for NewSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewSession(…)")
    }
}

/// A living session.
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// As the organisation knows the person now, not as at login.
    pub user: User,
    pub csrf: String,
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Being seen is written down at most this often: one write a minute, not one a request.
const SEEN_EVERY_MS: i64 = 60_000;

impl Storage {
    /// Opens a session for somebody whose password was right. Sessions that ran out are swept away with it.
    pub async fn open_session(
        &self,
        now: Timestamp,
        username: &Username,
        limits: SessionLimits,
    ) -> Result<NewSession, Fault> {
        let new = NewSession {
            token: self.new_secret(),
            csrf: self.new_secret(),
        };
        let row = values![
            sha256_hex(new.token.as_bytes()),
            username.clone(),
            new.csrf,
            now,
            now.plus_millis(limits.idle_ms),
            now.plus_millis(limits.absolute_ms),
            limits.idle_ms
        ];
        self.db
            .write((now, row), |tx, (now, row)| {
                Box::pin(async move {
                    tx.execute(
                        "DELETE FROM session WHERE idle_until < $1 OR expires_at < $1",
                        &values![*now],
                    )
                    .await?;
                    tx.execute(
                        "INSERT INTO session (token_hash, username, csrf, created_at, idle_until, \
                         expires_at, idle_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                        row,
                    )
                    .await?;
                    Ok::<_, Fault>(())
                })
            })
            .await?;
        Ok(new)
    }

    /// The session behind a cookie, if it lives. Asking keeps it from going idle.
    pub async fn session(&self, now: Timestamp, token: &str) -> Result<Option<Session>, Fault> {
        let hash = sha256_hex(token.as_bytes());
        let row = self
            .db
            .row(
                "SELECT s.csrf, s.expires_at, s.idle_until, s.idle_ms, u.username, \
                 u.display_name, u.role, u.unit \
                 FROM session s JOIN staff u ON u.username = s.username \
                 WHERE s.token_hash = $1 AND s.idle_until >= $2 AND s.expires_at >= $2",
                &values![hash, now],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let session = Session {
            user: user_of(&row)?,
            csrf: row.get("csrf")?,
            expires_at: row.get("expires_at")?,
        };
        let idle_until = now.plus_millis(row.get("idle_ms")?);
        let known: Timestamp = row.get("idle_until")?;
        if idle_until.millis_since(known) >= SEEN_EVERY_MS {
            self.db
                .write((hash, idle_until), |tx, (hash, idle_until)| {
                    Box::pin(async move {
                        tx.execute(
                            "UPDATE session SET idle_until = $2 WHERE token_hash = $1",
                            &values![*hash, *idle_until],
                        )
                        .await
                    })
                })
                .await?;
        }
        Ok(Some(session))
    }

    /// Whether the session behind a cookie lives, without keeping it from going idle.
    pub async fn is_signed_in(&self, now: Timestamp, token: &str) -> Result<bool, Fault> {
        let row = self
            .db
            .row(
                "SELECT s.username FROM session s \
                 WHERE s.token_hash = $1 AND s.idle_until >= $2 AND s.expires_at >= $2",
                &values![sha256_hex(token.as_bytes()), now],
            )
            .await?;
        Ok(row.is_some())
    }

    /// Logs out.
    pub async fn close_session(&self, token: &str) -> Result<(), Fault> {
        self.db
            .write(sha256_hex(token.as_bytes()), |tx, hash| {
                Box::pin(async move {
                    tx.execute("DELETE FROM session WHERE token_hash = $1", &values![*hash])
                        .await?;
                    Ok(())
                })
            })
            .await
    }
}
