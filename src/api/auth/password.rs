//! Passwords: argon2id, slow on purpose, so it runs off the async threads and only a few at a time. A name that does
//! not exist costs the same time as one that does.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::api::problem::{Answer, Problem};
use crate::clock::Clock;

/// One verification fills 19 MiB of memory and most of 20 ms of a core.
const HASHING_AT_ONCE: usize = 2;
/// More waiting than this would wait longer than a person does.
const WAITING_MAX: usize = 64;
/// Longer passwords would only cost time.
pub(crate) const PASSWORD_MAX: usize = 256;

/// Verifies passwords under a bound. When `WAITING_MAX` are in line, the next is told 503.
pub(crate) struct Passwords {
    hashing: Semaphore,
    waiting: Semaphore,
    nobody: String,
}

impl Passwords {
    pub(crate) fn new(clock: &dyn Clock) -> Self {
        Self {
            hashing: Semaphore::new(HASHING_AT_ONCE),
            waiting: Semaphore::new(WAITING_MAX),
            nobody: hash_of_nobody(clock),
        }
    }

    /// Whether `password` is the one behind `stored`; without `stored` the same work is done and the answer is no.
    pub(crate) async fn verify(&self, stored: Option<String>, password: String) -> Answer<bool> {
        let overloaded = || Problem::unavailable("overloaded", "too many sign-ins at once");
        let _in_line = self.waiting.try_acquire().map_err(|_| overloaded())?;
        let _turn = self.hashing.acquire().await.map_err(|_| overloaded())?;
        let known = stored.is_some();
        let hash = stored.unwrap_or_else(|| self.nobody.clone());
        let matches = tokio::task::spawn_blocking(move || {
            Argon2::default()
                .verify_password(password.as_bytes(), hash.as_str())
                .is_ok()
        })
        .await
        .map_err(|_| Problem::bug())?;
        Ok(known && matches)
    }
}

/// The hash a missing person's attempt is checked against: same parameters as the real ones.
fn hash_of_nobody(clock: &dyn Clock) -> String {
    let mut random = [0; 48];
    clock.random(&mut random);
    let (salt, password) = random.split_at(16);
    Argon2::default()
        .hash_password_with_salt(password, salt)
        .expect("default parameters and a 16-byte salt are valid")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_name_is_accepted() {
        let passwords = Passwords::new(&SystemClock);
        let stored = Argon2::default()
            .hash_password_with_salt("对的密码".as_bytes(), b"sixteen of bytes")
            .unwrap()
            .to_string();
        let cases = [
            (Some(stored.clone()), "对的密码", true),
            (Some(stored), "wrong", false),
            (None, "对的密码", false),
            (Some("not a hash".to_owned()), "not a hash", false),
        ];
        for (stored, password, expected) in cases {
            let verified = passwords.verify(stored, password.to_owned()).await.unwrap();
            assert_eq!(verified, expected, "{password}");
        }
    }
}
