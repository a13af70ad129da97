//! Who is asking: people by session cookie, machines by bearer token. Sessions and tokens are opaque secrets of which
//! storage keeps the hash. Who may ask *what* is the access table's business.

pub(super) mod password;
mod throttle;

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use subtle::ConstantTimeEq;

use super::Api;
use super::access::{Scope, sees_whole_numbers};
use super::problem::{Answer, Problem};
use crate::clock::Clock;
use crate::domain::id::Username;
use crate::domain::phone::{PhoneNumber, mask};
use crate::domain::staff::{Actor, User};
use crate::storage::audit::Deed;
use crate::storage::sessions::{NewSession, SessionLimits};
use password::Passwords;
pub(super) use throttle::Throttle;

/// The session cookie's name.
pub(crate) const COOKIE: &str = "hotline_session";
/// The header that proves a request comes from our own page (the cookie alone is sent for any page).
pub(crate) const CSRF_HEADER: &str = "x-csrf-token";
/// Our secrets are 64 characters and a short prefix; longer ones are not ours.
const SECRET_MAX: usize = 128;

/// Whoever is behind a request that was let in.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) actor: Actor,
    pub(crate) display_name: String,
    credential: Credential,
}

#[derive(Clone)]
enum Credential {
    Session { token: String, csrf: String },
    Token { scopes: Vec<String> },
}

impl Caller {
    /// A machine needs the route's scope; a person needs none.
    pub(super) fn may_use(&self, scope: Option<Scope>) -> bool {
        match &self.credential {
            Credential::Session { .. } => true,
            Credential::Token { scopes } => {
                scope.is_some_and(|scope| scopes.iter().any(|held| held == scope.code()))
            }
        }
    }

    /// A machine speaks for the one system its token is named after; a person writes down for any.
    pub(crate) fn speak_for(&self, system: &str) -> Answer<()> {
        match &self.credential {
            Credential::Token { .. } if self.display_name != system => Err(Problem::new(
                StatusCode::FORBIDDEN,
                "other_system",
                "这个令牌只能代表与其同名的系统 (a token speaks for the system it is named after)",
            )),
            Credential::Token { .. } | Credential::Session { .. } => Ok(()),
        }
    }

    /// A browser sends its cookie with any page's request, so an unsafe one must also carry the session's CSRF token.
    pub(super) fn check_csrf(&self, headers: &HeaderMap) -> Answer<()> {
        let Credential::Session { csrf, .. } = &self.credential else {
            return Ok(());
        };
        let given = headers.get(CSRF_HEADER).map(HeaderValue::as_bytes);
        if given.is_some_and(|given| same(given, csrf.as_bytes())) {
            Ok(())
        } else {
            Err(Problem::new(
                StatusCode::FORBIDDEN,
                "csrf",
                "X-CSRF-Token is missing or not this session's",
            ))
        }
    }

    /// A citizen's number as this caller may see it.
    pub(crate) fn sees(&self, number: &PhoneNumber) -> String {
        self.sees_text(number.as_str())
    }

    /// As [`Self::sees`], of a text that may be a number.
    pub(crate) fn sees_text(&self, number: &str) -> String {
        if sees_whole_numbers(self.actor.role) {
            number.to_owned()
        } else {
            mask(number)
        }
    }

    /// The session's CSRF token; machines have none.
    pub(crate) fn csrf(&self) -> Option<&str> {
        match &self.credential {
            Credential::Session { csrf, .. } => Some(csrf),
            Credential::Token { .. } => None,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(Problem::unauthenticated)
    }
}

/// Where a request came from.
pub(crate) struct Source(pub(crate) IpAddr);

impl FromRequestParts<Arc<Api>> for Source {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Infallible> {
        let Peer(peer) = peer_of(parts);
        let told = told_source(api, &parts.headers);
        Ok(Self(throttle::source(told.unwrap_or(peer.ip()))))
    }
}

/// The other end of the connection: the front, where there is one.
pub(crate) struct Peer(pub(crate) SocketAddr);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(peer_of(parts))
    }
}

fn peer_of(parts: &Parts) -> Peer {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    Peer(
        peer.map_or(SocketAddr::from(([0, 0, 0, 0], 0)), |ConnectInfo(peer)| {
            *peer
        }),
    )
}

/// Where a request came from, if a front of ours says so.
pub(crate) fn told_source(api: &Api, headers: &HeaderMap) -> Option<IpAddr> {
    api.gatekeeper
        .behind_tls
        .then(|| forwarded_for(headers))
        .flatten()
}

/// Whom our front says it speaks for: the last address, which the front itself wrote. Those before it came from outside.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

/// Finds who is behind a request's credentials.
pub(super) async fn identify(api: &Api, headers: &HeaderMap) -> Answer<Caller> {
    let now = api.clock.now();
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let secret = value
            .to_str()
            .ok()
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, secret)| secret.trim())
            .filter(|secret| secret.len() <= SECRET_MAX)
            .ok_or_else(Problem::unauthenticated)?;
        let token = api
            .storage
            .token(now, secret)
            .await?
            .ok_or_else(Problem::unauthenticated)?;
        return Ok(Caller {
            actor: token.actor(),
            display_name: token.name,
            credential: Credential::Token {
                scopes: token.scopes,
            },
        });
    }
    let secret = cookie(headers).ok_or_else(Problem::unauthenticated)?;
    let session = api
        .storage
        .session(now, secret)
        .await?
        .ok_or_else(Problem::unauthenticated)?;
    let User {
        username,
        display_name,
        role,
        unit,
    } = session.user;
    Ok(Caller {
        actor: Actor {
            username,
            role,
            unit,
        },
        display_name,
        credential: Credential::Session {
            token: secret.to_owned(),
            csrf: session.csrf,
        },
    })
}

/// A person's session, to be looked at again and again.
pub(crate) struct Login {
    pub(crate) person: Username,
    token: String,
}

/// The session that a request's cookie names; refused when it is over, `None` without cookie.
pub(crate) async fn session_of(api: &Api, headers: &HeaderMap) -> Answer<Option<Login>> {
    let Some(token) = cookie(headers) else {
        return Ok(None);
    };
    let session = api.storage.session(api.clock.now(), token).await?;
    let session = session.ok_or_else(Problem::unauthenticated)?;
    Ok(Some(Login {
        person: session.user.username,
        token: token.to_owned(),
    }))
}

/// Whether a session still lives. Asking does not keep it from going idle: an open phone is nobody at work.
pub(crate) async fn is_still_in(api: &Api, login: &Login) -> Answer<bool> {
    Ok(api
        .storage
        .is_signed_in(api.clock.now(), &login.token)
        .await?)
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == COOKIE && value.len() <= SECRET_MAX)
        .map(|(_, value)| value)
}

/// Lets people in and out.
pub(super) struct Gatekeeper {
    passwords: Passwords,
    attempts: Guesses,
    limits: SessionLimits,
    /// Cookies are marked Secure.
    encrypted: bool,
    behind_tls: bool,
}

/// Slows guessing of one thing, for each name it is guessed for and each source the guesses come from.
pub(super) struct Guesses(Mutex<Attempts>);

struct Attempts {
    names: Throttle<String>,
    sources: Throttle<IpAddr>,
}

/// Ten wrong passwords for one name at once, then one every half minute.
const NAME_ATTEMPTS: u32 = 10;
const NAME_REFILL: Duration = Duration::from_secs(30);
/// Ten wrong codes for one number, then one every ten minutes: eight digits last a lifetime.
const CODE_REFILL: Duration = Duration::from_secs(600);
/// A whole hall of people may sit behind one address.
const SOURCE_ATTEMPTS: u32 = 60;
const SOURCE_REFILL: Duration = Duration::from_secs(5);
const KEYS_MAX: usize = 10_000;

impl Guesses {
    fn of_passwords() -> Self {
        Self::new(NAME_REFILL)
    }

    pub(super) fn of_codes() -> Self {
        Self::new(CODE_REFILL)
    }

    fn new(refill: Duration) -> Self {
        Self(Mutex::new(Attempts {
            names: Throttle::new(NAME_ATTEMPTS, refill, KEYS_MAX),
            sources: Throttle::new(SOURCE_ATTEMPTS, SOURCE_REFILL, KEYS_MAX),
        }))
    }

    /// Charges one attempt to a name and a source, or says how long to wait.
    pub(super) fn charge(&self, now: Instant, name: &str, source: IpAddr) -> Answer<()> {
        let mut attempts = self.attempts();
        let name = name.to_owned();
        let by_name = attempts.names.check(now, &name);
        let by_source = attempts.sources.check(now, &source);
        if let Err(wait) = by_name.and(by_source) {
            return Err(Problem::too_many(wait.as_secs() + 1));
        }
        attempts.names.charge(now, name);
        attempts.sources.charge(now, source);
        Ok(())
    }

    /// Gives back what a right answer was charged.
    pub(super) fn refund(&self, name: &str, source: IpAddr) {
        let mut attempts = self.attempts();
        attempts.names.refund(&name.to_owned());
        attempts.sources.refund(&source);
    }

    fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.0
            .lock()
            .expect("no panic happens while the attempts are held")
    }
}

impl Gatekeeper {
    pub(super) fn new(
        clock: &dyn Clock,
        limits: SessionLimits,
        encrypted: bool,
        behind_tls: bool,
    ) -> Self {
        Self {
            passwords: Passwords::new(clock),
            attempts: Guesses::of_passwords(),
            limits,
            encrypted,
            behind_tls,
        }
    }

    /// The cookie that carries `token`, or ends with an empty one.
    pub(super) fn cookie(&self, token: &str) -> HeaderValue {
        let secure = if self.encrypted { "; Secure" } else { "" };
        // The session's own limits end it; the browser forgets it when it closes.
        let age = if token.is_empty() { "; Max-Age=0" } else { "" };
        HeaderValue::from_str(&format!(
            "{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict{secure}{age}"
        ))
        .expect("a token is hexadecimal")
    }
}

/// Signs somebody in. A wrong password and an unknown name are told apart neither by words nor by time.
pub(super) async fn sign_in(
    api: &Api,
    source: IpAddr,
    username: Username,
    password: String,
) -> Answer<(User, NewSession)> {
    let wrong = || {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "wrong_credentials",
            "用户名或密码错误 (wrong name or password)",
        )
    };
    if username.0.is_empty() || username.0.len() > 64 || password.len() > password::PASSWORD_MAX {
        return Err(wrong());
    }
    let keeper = &api.gatekeeper;
    keeper
        .attempts
        .charge(api.clock.instant(), &username.0, source)?;
    let (user, hash) = api.storage.login(&username).await?.unzip();
    let matches = keeper.passwords.verify(hash, password).await?;
    let now = api.clock.now();
    let Some(user) = user.filter(|_| matches) else {
        audit(api, username, "login_failed", source).await?;
        return Err(wrong());
    };
    keeper.attempts.refund(&username.0, source);
    let session = api
        .storage
        .open_session(now, &user.username, keeper.limits)
        .await?;
    audit(api, user.username.clone(), "login", source).await?;
    Ok((user, session))
}

/// Signs `caller` out; a machine's token lives on.
pub(super) async fn sign_out(api: &Api, caller: &Caller, source: IpAddr) -> Answer<()> {
    if let Credential::Session { token, .. } = &caller.credential {
        api.storage.close_session(token).await?;
        audit(api, caller.actor.username.clone(), "logout", source).await?;
    }
    Ok(())
}

async fn audit(api: &Api, by: Username, action: &str, source: IpAddr) -> Answer<()> {
    let deed = Deed {
        at: api.clock.now(),
        by,
        action: action.to_owned(),
        object: String::new(),
        detail: serde_json::json!({"source": source}),
    };
    Ok(api.storage.audit(deed).await?)
}

/// Compares secrets without telling by time how much of them is right.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String does not fail");
        text
    })
}
