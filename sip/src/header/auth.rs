//! WWW-Authenticate, Authorization and their Proxy- twins, as text. What they mean is in [`crate::digest`].

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::Malformed;
use super::scan::{is_token, quoted_end, split_list, trim, unquote};

/// What a server asks: `Digest realm="…", nonce="…", …`.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge(Auth);

/// What a client answers: `Digest username="…", response="…", …`.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials(Auth);

#[derive(Clone, PartialEq, Eq)]
struct Auth {
    scheme: String,
    /// Names as written, values with their quotes.
    params: Vec<(String, String)>,
}

macro_rules! auth_header {
    ($name:ident) => {
        impl $name {
            /// Starts an empty one of the scheme `Digest`.
            pub(crate) fn digest() -> Self {
                Self(Auth {
                    scheme: "Digest".to_owned(),
                    params: Vec::new(),
                })
            }

            /// The scheme as written: `Digest`.
            pub fn scheme(&self) -> &str {
                &self.0.scheme
            }

            /// True for the Digest scheme.
            pub fn is_digest(&self) -> bool {
                self.0.scheme.eq_ignore_ascii_case("Digest")
            }

            /// A parameter with quoting undone.
            pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
                self.0.param(name)
            }

            pub(crate) fn add_quoted(&mut self, name: &str, value: &str) {
                let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
                self.0
                    .params
                    .push((name.to_owned(), format!("\"{escaped}\"")));
            }

            pub(crate) fn add(&mut self, name: &str, value: impl fmt::Display) {
                self.0.params.push((name.to_owned(), value.to_string()));
            }
        }

        impl FromStr for $name {
            type Err = Malformed;
            fn from_str(text: &str) -> Result<Self, Malformed> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            /// Scheme only: the rest is secret or personal.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({} …)"), self.0.scheme)
            }
        }
    };
}

auth_header!(Challenge);
auth_header!(Credentials);

impl Auth {
    fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        let (_, value) = self
            .params
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        Some(
            match value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) {
                Some(inner) => unquote(inner),
                None => Cow::Borrowed(value),
            },
        )
    }
}

impl FromStr for Auth {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let text = trim(text);
        let (scheme, rest) = text.split_at(text.find([' ', '\t']).unwrap_or(text.len()));
        if !is_token(scheme) {
            return Err(Malformed("no scheme"));
        }
        let mut params: Vec<(String, String)> = Vec::new();
        for param in split_list(rest).filter(|param| !param.is_empty()) {
            let (name, value) = param
                .split_once('=')
                .ok_or(Malformed("parameter without a value"))?;
            let (name, value) = (trim(name), trim(value));
            let is_value = if value.starts_with('"') {
                quoted_end(value) == Some(value.len())
            } else {
                !value.contains(['"', ' '])
            };
            if !is_token(name) || !is_value {
                return Err(Malformed("bad parameter"));
            }
            // A second "nonce" or "response" would let two readers see two different credentials.
            if params.iter().any(|(n, _)| n.eq_ignore_ascii_case(name)) {
                return Err(Malformed("parameter given twice"));
            }
            params.push((name.to_owned(), value.to_owned()));
        }
        Ok(Self {
            scheme: scheme.to_owned(),
            params,
        })
    }
}

impl fmt::Display for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.scheme)?;
        for (index, (name, value)) in self.params.iter().enumerate() {
            write!(f, "{} {name}={value}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}
