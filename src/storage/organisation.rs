//! The organisation: units, people, extensions, trunks, queues, numbers, specialists, gateways, calendars, duty
//! rosters, the joint conference.
//!
//! Kept as rows of one table, each entry's JSON under its kind and name. People have a table of their own, for their
//! password hash; units too, a row for each stand, so that what a unit was on any day can be asked.
//! [`Storage::apply`] brings all of it in at once or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::audit::{self, Deed};
use super::callouts::duty;
use super::db::{Row, Select, Tx, values};
use super::rules::{calendar_changed, rules_changed};
use super::{Fault, Storage, Trouble, to_json};
use crate::domain::disposition::{Disposition, OriginEntry, OutsideHotline};
use crate::domain::id::{QueueName, UnitCode, Username};
use crate::domain::organisation::{ConferenceSeat, DutyRoster, Profile, Stand, Tree, UnitEntry};
use crate::domain::phone::PhoneNumber;
use crate::domain::staff::{
    CalendarEntry, Destination, Directory, ExtensionEntry, NumberEntry, Organisation, Password,
    QueueEntry, Role, SmsGatewayEntry, SpecialistEntry, Unit, UnitContact, User,
};
use crate::domain::ticket::RuleSet;
use crate::domain::time::Timestamp;

/// One entry that was added or changed. Entries that were already so are not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `unit`, `user`, `extension`, … as the file's tables are called.
    pub kind: &'static str,
    pub name: String,
    /// `false`: it was there and differs now.
    pub added: bool,
    /// What differs, by key; secrets are not shown.
    pub fields: Vec<FieldChange>,
}

/// One key of an entry before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    pub field: String,
    /// Null when the entry or the key is new.
    pub before: serde_json::Value,
    pub after: serde_json::Value,
}

/// Keys whose values are nobody's to read.
const SECRETS: [&str; 4] = ["password", "secret", "callback_token", "digest"];
const VEILED: &str = "•••";

fn fields_changed(before: Option<&str>, after: &str) -> Vec<FieldChange> {
    let read = |text: &str| -> serde_json::Map<String, serde_json::Value> {
        serde_json::from_str(text).unwrap_or_default()
    };
    let (before, after) = (before.map(read).unwrap_or_default(), read(after));
    let veil = |field: &str, value: &serde_json::Value| match value {
        serde_json::Value::Null => serde_json::Value::Null,
        _ if SECRETS.contains(&field) => serde_json::Value::from(VEILED),
        value => value.clone(),
    };
    let keys: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    keys.into_iter()
        .filter(|key| before.get(*key) != after.get(*key))
        .map(|key| FieldChange {
            field: key.clone(),
            before: veil(key, before.get(key).unwrap_or(&serde_json::Value::Null)),
            after: veil(key, after.get(key).unwrap_or(&serde_json::Value::Null)),
        })
        .collect()
}

/// An organisation tried out: what it would change. Ends its transaction, so that nothing is kept.
enum Tried {
    WouldChange(Vec<Change>),
    Unknown(Unknown),
    Fault(Fault),
}

impl From<Fault> for Tried {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// An entry names another that is neither in the file nor in the database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {name:?} names {wanted_kind} {wanted:?}, which does not exist")]
pub struct Unknown {
    pub kind: &'static str,
    pub name: String,
    pub wanted_kind: &'static str,
    pub wanted: String,
}

const UNIT: &str = "unit";
const USER: &str = "user";
const EXTENSION: &str = "extension";
const TRUNK: &str = "trunk";
const QUEUE: &str = "queue";
const NUMBER: &str = "number";
const SPECIALIST: &str = "specialist";
const SMS_GATEWAY: &str = "sms_gateway";
pub(super) const CALENDAR: &str = "calendar";
pub(super) const RULES: &str = "rules";
const UNIT_CONTACT: &str = "unit_contact";
/// A unit's process and posts; the name is the unit's code.
const PROFILE: &str = "profile";
/// A unit's whole roster; the name is the unit's code.
const DUTY: &str = "duty";
const CONFERENCE_MEMBER: &str = "conference_member";
const CATEGORY: &str = "category";
pub(super) const LANE: &str = "lane";
pub(super) const ORIGIN: &str = "origin";
const DISPATCH_RULE: &str = "dispatch_rule";
const OUTSIDE_HOTLINE: &str = "outside_hotline";

impl Storage {
    /// Brings `organisation` in, whole or not at all. Applied twice, the second time changes nothing.
    pub async fn apply(
        &self,
        now: Timestamp,
        organisation: Organisation,
    ) -> Result<Vec<Change>, Trouble<Unknown>> {
        let hashes = self.hash_passwords(&organisation.users).await?;
        self.db
            .write(
                (now, organisation, hashes),
                |tx, (now, organisation, hashes)| {
                    Box::pin(async move {
                        let changes = write_entries(tx, *now, organisation, hashes).await?;
                        check_names(tx).await?;
                        Ok(changes)
                    })
                },
            )
            .await
    }

    /// What [`Storage::apply`] would change, or why it would be refused. Changes nothing.
    pub async fn try_out(
        &self,
        now: Timestamp,
        organisation: Organisation,
    ) -> Result<Vec<Change>, Trouble<Unknown>> {
        let hashes = self.hash_passwords(&organisation.users).await?;
        let tried: Result<(), Tried> = self
            .db
            .write(
                (now, organisation, hashes),
                |tx, (now, organisation, hashes)| {
                    Box::pin(async move {
                        let changes = write_entries(tx, *now, organisation, hashes).await?;
                        match check_names(tx).await {
                            Ok(()) => Err(Tried::WouldChange(changes)),
                            Err(Trouble::Refused(unknown)) => Err(Tried::Unknown(unknown)),
                            Err(Trouble::Fault(fault)) => Err(fault.into()),
                        }
                    })
                },
            )
            .await;
        match tried {
            Ok(()) => Ok(Vec::new()),
            Err(Tried::WouldChange(changes)) => Ok(changes),
            Err(Tried::Unknown(unknown)) => Err(Trouble::Refused(unknown)),
            Err(Tried::Fault(fault)) => Err(Trouble::Fault(fault)),
        }
    }

    /// Everything the telephone side needs to know.
    pub async fn directory(&self) -> Result<Directory, Fault> {
        let mut tx = self.db.snapshot().await?;
        Ok(Directory {
            extensions: by(entries(&mut tx, EXTENSION).await?, |e: &ExtensionEntry| {
                e.number.clone()
            }),
            trunks: entries(&mut tx, TRUNK).await?,
            queues: by(entries(&mut tx, QUEUE).await?, |q: &QueueEntry| {
                q.name.clone()
            }),
            numbers: by(entries(&mut tx, NUMBER).await?, |n: &NumberEntry| {
                n.number.clone()
            }),
            specialists: entries(&mut tx, SPECIALIST).await?,
            users: by(users(&mut tx).await?, |user: &User| user.username.clone()),
            outside: entries(&mut tx, OUTSIDE_HOTLINE).await?,
        })
    }

    /// Every unit ever named, as it is now, by code: what may be referred to.
    pub async fn units(&self) -> Result<Vec<Unit>, Fault> {
        let now = self.clock.now();
        let tree = self.tree().await?;
        Ok(tree.known(now).map(|stand| stand.unit.clone()).collect())
    }

    /// Every unit with its whole history.
    pub async fn tree(&self) -> Result<Tree, Fault> {
        let rows = self.db.rows(STANDS, &[]).await?;
        let stands = rows.iter().map(stand_of).collect::<Result<Vec<_>, _>>()?;
        Ok(Tree::new(stands))
    }

    /// What article 7 asks of each unit, as far as it was told.
    pub async fn profiles(&self) -> Result<BTreeMap<UnitCode, Profile>, Fault> {
        self.by_unit(PROFILE).await
    }

    /// Every unit's duty roster.
    pub async fn duty_rosters(&self) -> Result<BTreeMap<UnitCode, DutyRoster>, Fault> {
        self.by_unit(DUTY).await
    }

    /// One unit's duty roster; empty when it has published none.
    pub async fn duty_roster(&self, unit: &UnitCode) -> Result<DutyRoster, Fault> {
        let row = self.db.row(ENTRY, &values![DUTY, unit.clone()]).await?;
        Ok(row
            .map(|row| row.json("json"))
            .transpose()?
            .unwrap_or_default())
    }

    /// A unit publishes its roster, which replaces the one before; written down in the audit trail.
    pub async fn publish_duty(
        &self,
        now: Timestamp,
        by: &Username,
        unit: UnitCode,
        roster: DutyRoster,
    ) -> Result<(), Fault> {
        let deed = Deed {
            at: now,
            by: by.clone(),
            action: "duty_published".to_owned(),
            object: unit.0.clone(),
            detail: serde_json::json!({ "lines": roster.0.len() }),
        };
        self.db
            .write(
                (now, unit, roster, deed),
                |tx, (now, unit, roster, deed)| {
                    Box::pin(async move {
                        write_entry(tx, *now, DUTY, unit.0.clone(), to_json(roster)).await?;
                        tx.tell(duty(unit));
                        audit::append(tx, deed).await
                    })
                },
            )
            .await
    }

    /// Lets what units are from a later day on hold, when that day has come: the rules are to be read again, and what runs
    /// under a unit that moved is counted again. How many did.
    pub async fn begin_stands(&self, now: Timestamp) -> Result<u32, Fault> {
        if self.db.row(COMING, &values![now]).await?.is_none() {
            return Ok(0);
        }
        self.db
            .write(now, |tx, now| Box::pin(begin_stands(tx, *now)))
            .await
    }

    /// Everybody who ever sat in the joint conference.
    pub async fn conference(&self) -> Result<Vec<ConferenceSeat>, Fault> {
        self.entries(CONFERENCE_MEMBER).await
    }

    /// Categories, channels, origins and the rule base.
    pub async fn disposition(&self) -> Result<Disposition, Fault> {
        Ok(Disposition {
            categories: self.entries(CATEGORY).await?,
            lanes: self.entries(LANE).await?,
            origins: self.entries(ORIGIN).await?,
            rules: self.entries(DISPATCH_RULE).await?,
            hotlines: self.outside_hotlines().await?,
        })
    }

    /// The systems that demands come from.
    pub async fn origins(&self) -> Result<Vec<OriginEntry>, Fault> {
        self.entries(ORIGIN).await
    }

    /// Hotlines that are not ours.
    pub async fn outside_hotlines(&self) -> Result<Vec<OutsideHotline>, Fault> {
        self.entries(OUTSIDE_HOTLINE).await
    }

    async fn by_unit<T: DeserializeOwned>(
        &self,
        kind: &'static str,
    ) -> Result<BTreeMap<UnitCode, T>, Fault> {
        let rows = self
            .db
            .rows(
                "SELECT name, json FROM organisation_entry WHERE kind = $1 ORDER BY name",
                &values![kind],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((row.get("name")?, row.json("json")?)))
            .collect()
    }

    /// Every person with a login, by username.
    pub async fn users(&self) -> Result<Vec<User>, Fault> {
        let rows = self.db.rows(USERS, &[]).await?;
        rows.iter().map(user_of).collect()
    }

    /// One person and the hash their password is checked against.
    pub async fn login(&self, username: &Username) -> Result<Option<(User, String)>, Fault> {
        let row = self
            .db
            .row(
                "SELECT username, display_name, role, unit, password_hash FROM staff \
                 WHERE username = $1",
                &values![username.clone()],
            )
            .await?;
        row.map(|row| Ok((user_of(&row)?, row.get("password_hash")?)))
            .transpose()
    }

    /// One person with a login.
    pub async fn user(&self, username: &Username) -> Result<Option<User>, Fault> {
        Ok(self.login(username).await?.map(|(user, _)| user))
    }

    /// Where short messages go out.
    pub async fn sms_gateways(&self) -> Result<Vec<SmsGatewayEntry>, Fault> {
        self.entries(SMS_GATEWAY).await
    }

    /// A unit's name today; its code where it has none.
    pub async fn unit_name(&self, unit: &UnitCode) -> Result<String, Fault> {
        let mut tx = self.db.snapshot().await?;
        unit_name(&mut tx, unit, self.clock.now()).await
    }

    /// The working calendars.
    pub async fn calendars(&self) -> Result<Vec<CalendarEntry>, Fault> {
        self.entries(CALENDAR).await
    }

    async fn entries<T: DeserializeOwned>(&self, kind: &'static str) -> Result<Vec<T>, Fault> {
        let rows = self.db.rows(ENTRIES, &values![kind]).await?;
        rows.iter().map(|row| row.json("json")).collect()
    }

    /// The hash to keep for each user: the stored one when the password still fits it, so that applying a file
    /// again changes nothing.
    async fn hash_passwords(
        &self,
        users: &[(User, Password)],
    ) -> Result<BTreeMap<Username, String>, Fault> {
        let mut hashes = BTreeMap::new();
        for (user, password) in users {
            let hash = match password {
                Password::Hash(hash) => hash.clone(),
                Password::Kept => match self.login(&user.username).await? {
                    Some((_, hash)) => hash,
                    // Nobody can sign in with this.
                    None => "!".to_owned(),
                },
                Password::Plain(plain) => {
                    let stored = self.login(&user.username).await?.map(|(_, hash)| hash);
                    let mut salt = [0; 16];
                    self.clock.random(&mut salt);
                    let plain = plain.clone();
                    tokio::task::spawn_blocking(move || keep_or_hash(stored, &plain, &salt))
                        .await
                        .expect("hashing neither panics nor is cancelled")
                }
            };
            hashes.insert(user.username.clone(), hash);
        }
        Ok(hashes)
    }
}

fn keep_or_hash(stored: Option<String>, plain: &str, salt: &[u8]) -> String {
    let argon2 = Argon2::default();
    let fits = |hash: &String| {
        argon2
            .verify_password(plain.as_bytes(), hash.as_str())
            .is_ok()
    };
    stored.filter(fits).unwrap_or_else(|| {
        argon2
            .hash_password_with_salt(plain.as_bytes(), salt)
            .expect("default parameters and a 16-byte salt are valid")
            .to_string()
    })
}

const USERS: &str = "SELECT username, display_name, role, unit FROM staff ORDER BY username";
const ENTRIES: &str = "SELECT json FROM organisation_entry WHERE kind = $1 ORDER BY name";
pub(super) const ENTRY: &str = "SELECT json FROM organisation_entry WHERE kind = $1 AND name = $2";
const STANDS: &str =
    "SELECT code, valid_from, merged_into, json FROM unit_stand ORDER BY code, valid_from";

async fn users(tx: &mut Tx) -> Result<Vec<User>, Fault> {
    tx.rows(USERS, &[]).await?.iter().map(user_of).collect()
}

pub(super) async fn entries<T: DeserializeOwned>(
    tx: &mut Tx,
    kind: &'static str,
) -> Result<Vec<T>, Fault> {
    let rows = tx.rows(ENTRIES, &values![kind]).await?;
    rows.iter().map(|row| row.json("json")).collect()
}

fn by<K: Ord, T>(entries: Vec<T>, key: impl Fn(&T) -> K) -> BTreeMap<K, T> {
    entries
        .into_iter()
        .map(|entry| (key(&entry), entry))
        .collect()
}

pub(super) fn user_of(row: &Row) -> Result<User, Fault> {
    Ok(User {
        username: row.get("username")?,
        display_name: row.get("display_name")?,
        role: role_of(row)?,
        unit: row.get("unit")?,
    })
}

pub(super) fn role_of(row: &Row) -> Result<Role, Fault> {
    let code: String = row.get("role")?;
    Role::ALL
        .into_iter()
        .find(|role| role.code() == code)
        .ok_or_else(|| Fault::Corrupt(format!("unknown role {code:?}")))
}

/// A rule set that tickets may keep is not changed under them; only how it is to be read may be added.
fn check_amended(stored: &str, new: &str, now: Timestamp) -> Result<(), Fault> {
    let read = |json: &str| {
        let set: Result<RuleSet, _> = serde_json::from_str(json);
        set.map_err(|bad| Fault::Corrupt(format!("a rule set: {bad}")))
    };
    let (old, new) = (read(stored)?, read(new)?);
    let rest = RuleSet {
        interpretations: old.interpretations.clone(),
        ..new
    };
    if rest == old || old.from > now.in_beijing().date() {
        return Ok(());
    }
    Err(Fault::Conflict(format!(
        "rule set {:?} is in force since {}: what changes is a new version",
        old.version, old.from
    )))
}

/// Whom units' reminders reach: their contacts 联络员, or whoever is on duty where one named none. Each is looked up once in
/// a unit of work.
#[derive(Debug, Default)]
pub(super) struct UnitPhones(Mutex<BTreeMap<UnitCode, Vec<PhoneNumber>>>);

impl UnitPhones {
    /// The numbers of `unit`.
    pub(super) async fn of(
        &self,
        tx: &mut Tx,
        unit: &UnitCode,
        now: Timestamp,
    ) -> Result<Vec<PhoneNumber>, Fault> {
        if let Some(known) = self.known().get(unit) {
            return Ok(known.clone());
        }
        self.look_up(tx, BTreeSet::from([unit.clone()]), now)
            .await?;
        Ok(self.known().get(unit).cloned().unwrap_or_default())
    }

    /// Looks up the numbers of all of `units` at once.
    pub(super) async fn look_up(
        &self,
        tx: &mut Tx,
        units: BTreeSet<UnitCode>,
        now: Timestamp,
    ) -> Result<(), Fault> {
        if units.is_empty() {
            return Ok(());
        }
        let mut phones: BTreeMap<UnitCode, Vec<PhoneNumber>> =
            units.into_iter().map(|unit| (unit, Vec::new())).collect();
        for contact in entries::<UnitContact>(tx, UNIT_CONTACT).await? {
            if let Some(own) = phones.get_mut(&contact.unit) {
                own.push(contact.phone);
            }
        }
        let others = phones.iter().filter(|(_, own)| own.is_empty());
        let rosters = Select::new(ROSTERS)
            .and("kind =", DUTY)
            .among("name", others.map(|(unit, _)| unit.clone()));
        for row in tx.select(rosters).await? {
            let roster: DutyRoster = row.json("json")?;
            let on_duty = roster.on_duty(now).take(1);
            let on_duty = on_duty.map(|line| line.phone.clone()).collect();
            phones.insert(row.get("name")?, on_duty);
        }
        self.known().extend(phones);
        Ok(())
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<UnitCode, Vec<PhoneNumber>>> {
        self.0
            .lock()
            .expect("no panic happens while numbers are held")
    }
}

const ROSTERS: &str = "SELECT name, json FROM organisation_entry WHERE 1 = 1";

async fn tree_of(tx: &mut Tx) -> Result<Tree, Fault> {
    let rows = tx.rows(STANDS, &[]).await?;
    let stands = rows.iter().map(stand_of).collect::<Result<Vec<_>, _>>()?;
    Ok(Tree::new(stands))
}

/// The units there are at `now`.
pub(super) async fn units_at(tx: &mut Tx, now: Timestamp) -> Result<Vec<Unit>, Fault> {
    let tree = tree_of(tx).await?;
    Ok(tree.known(now).map(|stand| stand.unit.clone()).collect())
}

/// Every unit that is merged at `now`, with who has its duties.
pub(super) async fn heirs_at(
    tx: &mut Tx,
    now: Timestamp,
) -> Result<Vec<(UnitCode, UnitCode)>, Fault> {
    let tree = tree_of(tx).await?;
    let merged = tree.known(now).filter(|stand| stand.merged_into.is_some());
    Ok(merged
        .filter_map(|stand| {
            let code = &stand.unit.code;
            Some((code.clone(), tree.successor(code, now)?.unit.code.clone()))
        })
        .collect())
}

/// A unit's name at `now`; its code where it has none.
pub(super) async fn unit_name(
    tx: &mut Tx,
    unit: &UnitCode,
    now: Timestamp,
) -> Result<String, Fault> {
    let units = units_at(tx, now).await?;
    let known = units.into_iter().find(|known| known.code == *unit);
    Ok(known.map_or_else(|| unit.0.clone(), |known| known.name))
}

async fn write_entries(
    tx: &mut Tx,
    now: Timestamp,
    organisation: &Organisation,
    hashes: &BTreeMap<Username, String>,
) -> Result<Vec<Change>, Fault> {
    let mut changes = Vec::new();
    let mut all: Vec<(&'static str, String, String)> = Vec::new();
    let o = organisation;
    for unit in &o.units {
        changes.extend(write_stand(tx, now, unit).await?);
    }
    all.extend(o.units.iter().filter_map(|e| {
        let profile = e.profile.as_ref()?;
        Some((PROFILE, e.unit.code.0.clone(), to_json(profile)))
    }));
    all.extend(
        o.extensions
            .iter()
            .map(|e| (EXTENSION, e.number.0.clone(), to_json(e))),
    );
    all.extend(
        o.trunks
            .iter()
            .map(|e| (TRUNK, e.name.0.clone(), to_json(e))),
    );
    all.extend(
        o.queues
            .iter()
            .map(|e| (QUEUE, e.name.0.clone(), to_json(e))),
    );
    all.extend(
        o.numbers
            .iter()
            .map(|e| (NUMBER, e.number.as_str().to_owned(), to_json(e))),
    );
    all.extend(
        o.specialists
            .iter()
            .map(|e| (SPECIALIST, format!("{}/{}", e.unit, e.name), to_json(e))),
    );
    all.extend(
        o.sms_gateways
            .iter()
            .map(|e| (SMS_GATEWAY, e.name.clone(), to_json(e))),
    );
    all.extend(
        o.calendars
            .iter()
            .map(|e| (CALENDAR, e.name.clone(), to_json(e))),
    );
    all.extend(o.unit_contacts.iter().map(|e| {
        let name = format!("{}/{}", e.unit, e.name);
        (UNIT_CONTACT, name, to_json(e))
    }));
    all.extend(
        o.rules
            .iter()
            .map(|e| (RULES, e.version.clone(), to_json(e))),
    );
    all.extend(
        o.duty
            .iter()
            .map(|(unit, roster)| (DUTY, unit.0.clone(), to_json(roster))),
    );
    all.extend(o.conference.iter().map(|seat| {
        let name = format!("{}/{}", seat.unit, seat.from);
        (CONFERENCE_MEMBER, name, to_json(seat))
    }));
    let d = &o.disposition;
    let entry = |kind, name: &str, json| (kind, name.to_owned(), json);
    all.extend(
        d.categories
            .iter()
            .map(|e| entry(CATEGORY, &e.code, to_json(e))),
    );
    all.extend(d.lanes.iter().map(|e| entry(LANE, &e.code, to_json(e))));
    all.extend(
        d.origins
            .iter()
            .map(|e| entry(ORIGIN, &e.system, to_json(e))),
    );
    all.extend(
        d.rules
            .iter()
            .map(|e| entry(DISPATCH_RULE, &e.name, to_json(e))),
    );
    all.extend(
        d.hotlines
            .iter()
            .map(|e| entry(OUTSIDE_HOTLINE, &e.code, to_json(e))),
    );
    for (kind, name, json) in all {
        changes.extend(write_entry(tx, now, kind, name, json).await?);
    }
    for (user, _) in &organisation.users {
        let hash = &hashes[&user.username];
        changes.extend(write_user(tx, now, user, hash).await?);
    }
    Ok(changes)
}

/// What changed, if anything.
async fn write_entry(
    tx: &mut Tx,
    now: Timestamp,
    kind: &'static str,
    name: String,
    json: String,
) -> Result<Option<Change>, Fault> {
    let stored = tx
        .row(ENTRY, &values![kind, name.as_str()])
        .await?
        .map(|row| row.get::<String>("json"))
        .transpose()?;
    if stored.as_ref() == Some(&json) {
        return Ok(None);
    }
    match (kind, &stored) {
        (CALENDAR, _) => {
            let title = format!("组织文件更新工作日历“{name}”");
            calendar_changed(tx, now, "@apply", &title, None).await?;
        }
        (RULES, Some(stored)) => {
            check_amended(stored, &json, now)?;
            rules_changed(tx).await?;
        }
        (RULES, None) | (LANE, _) => rules_changed(tx).await?,
        _ => {}
    }
    tx.execute(
        "INSERT INTO organisation_entry (kind, name, json, updated_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (kind, name) DO UPDATE SET json = excluded.json, \
         updated_at = excluded.updated_at",
        &values![kind, name.as_str(), json.as_str(), now],
    )
    .await?;
    Ok(Some(Change {
        kind,
        name,
        added: stored.is_none(),
        fields: fields_changed(stored.as_deref(), &json),
    }))
}

/// As [`write_entry`]. A unit that changes gets another stand; the ones before stay.
async fn write_stand(
    tx: &mut Tx,
    now: Timestamp,
    entry: &UnitEntry,
) -> Result<Option<Change>, Fault> {
    let rows = tx
        .rows(
            "SELECT code, valid_from, merged_into, json FROM unit_stand WHERE code = $1 \
             ORDER BY valid_from",
            &values![entry.unit.code],
        )
        .await?;
    let known = rows.iter().map(stand_of).collect::<Result<Vec<_>, _>>()?;
    let Some(stand) = entry.news(&known, now) else {
        return Ok(None);
    };
    let before = known.iter().rfind(|other| other.from <= stand.from);
    let begun = stand.from <= now;
    if begun {
        begins(tx, now, before, &stand).await?;
    } else {
        // A unit that is yet to come may be named already.
        rules_changed(tx).await?;
    }
    tx.execute(
        "INSERT INTO unit_stand (code, valid_from, merged_into, json, recorded_at, begun) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (code, valid_from) DO UPDATE SET \
         merged_into = excluded.merged_into, json = excluded.json, \
         recorded_at = excluded.recorded_at, begun = excluded.begun",
        &values![
            stand.unit.code,
            stand.from,
            stand.merged_into,
            to_json(&stand.unit),
            now,
            i64::from(begun)
        ],
    )
    .await?;
    Ok(Some(Change {
        kind: UNIT,
        name: stand.unit.code.0.clone(),
        added: known.is_empty(),
        fields: fields_changed(
            before.map(|before| to_json(&before.unit)).as_deref(),
            &to_json(&stand.unit),
        ),
    }))
}

/// A stand holds from now on. Whose calendar and whose rules a unit keeps follows from where it stands: what runs is counted
/// again, and what a merged unit had goes to its heir.
async fn begins(
    tx: &mut Tx,
    now: Timestamp,
    before: Option<&Stand>,
    stand: &Stand,
) -> Result<(), Fault> {
    match before {
        Some(before) if before.merged_into != stand.merged_into => {
            let title = match &stand.merged_into {
                Some(heir) => format!("“{}”并入“{heir}”", stand.unit.name),
                None => format!("“{}”恢复设置", stand.unit.name),
            };
            calendar_changed(tx, now, "@apply", &title, None).await?;
        }
        Some(before) if before.unit.parent != stand.unit.parent => {
            let title = match &stand.unit.parent {
                Some(parent) => format!("“{}”改属“{parent}”", stand.unit.name),
                None => format!("“{}”不再隶属其他单位", stand.unit.name),
            };
            calendar_changed(tx, now, "@apply", &title, None).await?;
        }
        Some(_) | None => rules_changed(tx).await?,
    }
    Ok(())
}

/// Those whose day has come, in order.
async fn begin_stands(tx: &mut Tx, now: Timestamp) -> Result<u32, Fault> {
    let coming = tx.rows(COMING, &values![now]).await?;
    for row in &coming {
        let stand = stand_of(row)?;
        let before = tx
            .row(BEFORE, &values![stand.unit.code, stand.from])
            .await?;
        let before = before.as_ref().map(stand_of).transpose()?;
        begins(tx, now, before.as_ref(), &stand).await?;
        tx.execute(
            "UPDATE unit_stand SET begun = 1 WHERE code = $1 AND valid_from = $2",
            &values![stand.unit.code, stand.from],
        )
        .await?;
    }
    Ok(u32::try_from(coming.len()).unwrap_or(u32::MAX))
}

/// Mergers first: what a move of the same day does to deadlines is told as the move's doing.
const COMING: &str = "SELECT code, valid_from, merged_into, json FROM unit_stand \
    WHERE begun = 0 AND valid_from <= $1 ORDER BY valid_from, merged_into IS NULL, code";
const BEFORE: &str = "SELECT code, valid_from, merged_into, json FROM unit_stand \
    WHERE code = $1 AND valid_from < $2 ORDER BY valid_from DESC LIMIT 1";

fn stand_of(row: &Row) -> Result<Stand, Fault> {
    Ok(Stand {
        from: row.get("valid_from")?,
        unit: row.json("json")?,
        merged_into: row.opt("merged_into")?,
    })
}

/// What changed, if anything. A new password or role ends the person's sessions.
async fn write_user(
    tx: &mut Tx,
    now: Timestamp,
    user: &User,
    hash: &str,
) -> Result<Option<Change>, Fault> {
    let stored = tx
        .row(
            "SELECT username, display_name, role, unit, password_hash FROM staff \
             WHERE username = $1",
            &values![user.username],
        )
        .await?
        .map(|row| Ok::<_, Fault>((user_of(&row)?, row.get::<String>("password_hash")?)))
        .transpose()?;
    if stored
        .as_ref()
        .is_some_and(|(known, known_hash)| known == user && known_hash == hash)
    {
        return Ok(None);
    }
    tx.execute(
        "INSERT INTO staff (username, display_name, role, unit, password_hash, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (username) DO UPDATE SET \
         display_name = excluded.display_name, role = excluded.role, unit = excluded.unit, \
         password_hash = excluded.password_hash, updated_at = excluded.updated_at",
        &values![
            user.username,
            user.display_name,
            user.role.code(),
            user.unit,
            hash,
            now
        ],
    )
    .await?;
    tx.execute(
        "DELETE FROM session WHERE username = $1",
        &values![user.username],
    )
    .await?;
    let whole = |(user, hash): &(User, String)| {
        let mut entry = serde_json::to_value(user).expect("a user is plain data");
        entry["password"] = serde_json::Value::from(hash.as_str());
        entry.to_string()
    };
    let before = stored.as_ref().map(whole);
    let after = whole(&(user.clone(), hash.to_owned()));
    Ok(Some(Change {
        kind: USER,
        name: user.username.0.clone(),
        added: before.is_none(),
        fields: fields_changed(before.as_deref(), &after),
    }))
}

/// Every name that an entry mentions must exist, in this file or from an earlier one.
async fn check_names(tx: &mut Tx) -> Result<(), Trouble<Unknown>> {
    let stands = tx.rows(STANDS, &[]).await?;
    let stands = stands.iter().map(stand_of).collect::<Result<Vec<_>, _>>()?;
    let queues: Vec<QueueEntry> = entries(tx, QUEUE).await?;
    let extensions: Vec<ExtensionEntry> = entries(tx, EXTENSION).await?;
    let numbers: Vec<NumberEntry> = entries(tx, NUMBER).await?;
    let specialists: Vec<SpecialistEntry> = entries(tx, SPECIALIST).await?;
    let users = users(tx).await?;

    let has_unit = |code: &UnitCode| stands.iter().any(|stand| stand.unit.code == *code);
    let has_user = |name: &Username| users.iter().any(|user| user.username == *name);
    let has_queue = |name: &QueueName| queues.iter().any(|queue| queue.name == *name);
    let missing = |kind, name: &str, wanted_kind, wanted: &str| {
        Err(Trouble::Refused(Unknown {
            kind,
            name: name.to_owned(),
            wanted_kind,
            wanted: wanted.to_owned(),
        }))
    };

    for Stand {
        unit, merged_into, ..
    } in &stands
    {
        for named in [&unit.parent, merged_into].into_iter().flatten() {
            if !has_unit(named) {
                return missing(UNIT, &unit.code.0, UNIT, &named.0);
            }
        }
    }
    for user in &users {
        if !has_unit(&user.unit) {
            return missing(USER, &user.username.0, UNIT, &user.unit.0);
        }
    }
    for extension in &extensions {
        if let Some(user) = &extension.user
            && !has_user(user)
        {
            return missing(EXTENSION, &extension.number.0, USER, &user.0);
        }
    }
    for number in &numbers {
        match &number.to {
            Destination::Queue(queue) if !has_queue(queue) => {
                return missing(NUMBER, number.number.as_str(), QUEUE, &queue.0);
            }
            Destination::Extension(extension)
                if !extensions.iter().any(|e| e.number == *extension) =>
            {
                return missing(NUMBER, number.number.as_str(), EXTENSION, &extension.0);
            }
            Destination::Queue(_)
            | Destination::Extension(_)
            | Destination::Announce(_)
            | Destination::Flow(_) => {}
        }
    }
    for contact in entries::<UnitContact>(tx, UNIT_CONTACT).await? {
        if !has_unit(&contact.unit) {
            return missing(UNIT_CONTACT, &contact.name, UNIT, &contact.unit.0);
        }
    }
    for specialist in &specialists {
        if !has_unit(&specialist.unit) {
            return missing(SPECIALIST, &specialist.name, UNIT, &specialist.unit.0);
        }
    }
    Ok(())
}
