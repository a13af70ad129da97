//! Machine clients: bearer tokens made by an administrator, each with a role, a unit and scopes. Only the hash
//! of a token is kept; it is shown once, when it is made.

use serde::{Deserialize, Serialize};

use super::db::{Row, values};
use super::organisation::role_of;
use super::{Fault, Storage, sha256_hex, to_json};
use crate::domain::id::{TokenId, UnitCode, Username};
use crate::domain::staff::{Actor, Role};
use crate::domain::time::Timestamp;

/// What an administrator wishes of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenWish {
    /// What it is for.
    pub name: String,
    /// What it may do, as a person of that role might.
    pub role: Role,
    pub unit: UnitCode,
    /// e.g. `tickets:read`; which exist is the API's business.
    pub scopes: Vec<String>,
    pub expires_at: Option<Timestamp>,
}

/// A token as lists show it; never the secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MachineToken {
    pub id: TokenId,
    pub name: String,
    pub role: Role,
    pub unit: UnitCode,
    pub scopes: Vec<String>,
    pub created_by: Username,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

impl MachineToken {
    /// Who acts when this token does: `token:<id>`, never mistaken for a person.
    pub fn actor(&self) -> Actor {
        Actor {
            username: Username(format!("token:{}", self.id)),
            role: self.role,
            unit: self.unit.clone(),
        }
    }
}

const TOKENS: &str = "SELECT id, name, role, unit, scopes, created_by, created_at, expires_at, \
                      revoked_at FROM token";

impl Storage {
    /// Makes a token; its secret is in the answer and nowhere else.
    pub async fn create_token(
        &self,
        now: Timestamp,
        by: &Actor,
        wish: TokenWish,
    ) -> Result<(MachineToken, String), Fault> {
        let secret = format!("hl_{}", self.new_secret());
        let token = MachineToken {
            id: TokenId(self.new_id()),
            name: wish.name,
            role: wish.role,
            unit: wish.unit,
            scopes: wish.scopes,
            created_by: by.username.clone(),
            created_at: now,
            expires_at: wish.expires_at,
            revoked_at: None,
        };
        let row = values![
            token.id,
            sha256_hex(secret.as_bytes()),
            token.name,
            token.role.code(),
            token.unit,
            to_json(&token.scopes),
            token.created_by,
            token.created_at,
            token.expires_at
        ];
        self.db
            .write(row, |tx, row| {
                Box::pin(async move {
                    tx.execute(
                        "INSERT INTO token (id, secret_hash, name, role, unit, scopes, created_by, \
                         created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                        row,
                    )
                    .await
                })
            })
            .await?;
        Ok((token, secret))
    }

    /// The living token with this secret.
    pub async fn token(&self, now: Timestamp, secret: &str) -> Result<Option<MachineToken>, Fault> {
        let row = self
            .db
            .row(
                "SELECT id, name, role, unit, scopes, created_by, created_at, expires_at, \
                 revoked_at FROM token WHERE secret_hash = $1 AND revoked_at IS NULL \
                 AND (expires_at IS NULL OR expires_at > $2)",
                &values![sha256_hex(secret.as_bytes()), now],
            )
            .await?;
        row.as_ref().map(token_of).transpose()
    }

    /// Every token ever made, oldest first.
    pub async fn tokens(&self) -> Result<Vec<MachineToken>, Fault> {
        let rows = self
            .db
            .select(super::db::Select::new(TOKENS).text(" ORDER BY id"))
            .await?;
        rows.iter().map(token_of).collect()
    }

    /// Ends a token. `false` when there is none, or it was revoked before.
    pub async fn revoke_token(&self, now: Timestamp, id: TokenId) -> Result<bool, Fault> {
        let touched = self
            .db
            .write((id, now), |tx, (id, now)| {
                Box::pin(async move {
                    tx.execute(
                        "UPDATE token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
                        &values![*id, *now],
                    )
                    .await
                })
            })
            .await?;
        Ok(touched == 1)
    }
}

fn token_of(row: &Row) -> Result<MachineToken, Fault> {
    Ok(MachineToken {
        id: row.get("id")?,
        name: row.get("name")?,
        role: role_of(row)?,
        unit: row.get("unit")?,
        scopes: row.json("scopes")?,
        created_by: row.get("created_by")?,
        created_at: row.get("created_at")?,
        expires_at: row.opt("expires_at")?,
        revoked_at: row.opt("revoked_at")?,
    })
}
