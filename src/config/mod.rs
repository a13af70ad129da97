//! `hotline.toml` and the organisation file. One file for each section: shape, default, check.
//!
//! Every key has a default, so no file is needed, and every key can be set as `HOTLINE__SECTION__KEY`. What is not
//! understood stops the start and names file, line or variable, and the reason.

mod acd;
mod auth;
mod drain;
mod http;
mod limits;
mod log;
mod media;
pub mod organisation;
mod recordings;
mod retention;
mod sip;
mod sms;
mod storage;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};

pub use self::acd::Acd;
pub use self::auth::Auth;
pub use self::drain::Drain;
pub use self::http::{Http, Tls};
pub use self::limits::Limits;
pub use self::log::{Format, Log};
pub use self::media::{Media, PortRange};
pub use self::recordings::Recordings;
pub use self::retention::Retention;
pub use self::sip::{Digest, DigestOffer, Sip, SipTls};
pub use self::sms::Sms;
pub use self::storage::Storage;

/// The file that is read from the working directory when none is named, if it is there.
pub const DEFAULT_FILE: &str = "hotline.toml";
const PREFIX: &str = "HOTLINE__";

/// All of `hotline.toml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the default database and recordings live.
    pub data_dir: PathBuf,
    pub http: Http,
    pub sip: Sip,
    pub media: Media,
    pub storage: Storage,
    pub recordings: Recordings,
    pub retention: Retention,
    pub sms: Sms,
    pub acd: Acd,
    pub limits: Limits,
    pub drain: Drain,
    pub auth: Auth,
    pub log: Log,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("./data"),
            http: Http::default(),
            sip: Sip::default(),
            media: Media::default(),
            storage: Storage::default(),
            recordings: Recordings::default(),
            retention: Retention::default(),
            sms: Sms::default(),
            acd: Acd::default(),
            limits: Limits::default(),
            drain: Drain::default(),
            auth: Auth::default(),
            log: Log::default(),
        }
    }
}

/// What stops the start, and where it is written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("cannot read the configuration {}: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("{}:{line}: {reason}", path.display())]
    File {
        path: PathBuf,
        line: usize,
        reason: String,
    },
    #[error("{name}: {reason}")]
    Variable { name: String, reason: String },
}

impl Config {
    /// Reads the named file (or [`DEFAULT_FILE`] if there is one), then the environment.
    pub fn load(
        file: Option<&Path>,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let path = file.unwrap_or(Path::new(DEFAULT_FILE));
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(fault) if file.is_none() && fault.kind() == std::io::ErrorKind::NotFound => {
                String::new()
            }
            Err(fault) => {
                return Err(Error::Unreadable {
                    path: path.to_owned(),
                    reason: fault.to_string(),
                });
            }
        };
        Self::parse(path, &text, env)
    }

    /// Reads `text`, which `path` held, then those of `env` that begin with `HOTLINE__`.
    pub fn parse(
        path: &Path,
        text: &str,
        env: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let fault = |fault: toml::de::Error| Error::File {
            path: path.to_owned(),
            line: line_of(text, &fault),
            reason: fault.message().to_owned(),
        };
        let mut config: Self = toml::from_str(text).map_err(fault)?;
        let mut table: toml::Table = toml::from_str(text).map_err(fault)?;
        for (name, value) in env {
            let Some(key) = name.strip_prefix(PREFIX) else {
                continue;
            };
            config =
                set(&mut table, key, &value).map_err(|reason| Error::Variable { name, reason })?;
        }
        Ok(config)
    }

    /// `storage.url`, or an SQLite file in the data folder.
    pub fn storage_url(&self) -> String {
        match &self.storage.url {
            Some(url) => url.as_str().to_owned(),
            None => format!("sqlite:{}", self.data_dir.join("hotline.db").display()),
        }
    }

    /// The SQLite file, where the database is one.
    pub fn database_file(&self) -> Option<PathBuf> {
        let url = self.storage_url();
        let path = url.strip_prefix("sqlite:")?.trim_start_matches("//");
        let path = path.split('?').next().unwrap_or(path);
        (path != ":memory:").then(|| PathBuf::from(path))
    }

    /// `storage.data_key_file`, or one in the data folder.
    pub fn data_key_file(&self) -> PathBuf {
        match &self.storage.data_key_file {
            Some(file) => file.clone(),
            None => self.data_dir.join("data.key"),
        }
    }

    /// Where the files of attachments are: beside the recordings' folder, on the same disk.
    pub fn attachments_folder(&self) -> PathBuf {
        self.recordings_folder().with_file_name("attachments")
    }

    /// The folder of `recordings.url`, or one in the data folder.
    pub fn recordings_folder(&self) -> PathBuf {
        match &self.recordings.url {
            Some(url) => url.folder().to_owned(),
            None => self.data_dir.join("recordings"),
        }
    }
}

/// An address to listen on, with an example where it is none.
fn socket<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        serde::de::Error::custom(format!(
            "an address and port are written 192.0.2.10:5060 or [2001:db8::1]:5060, not {text:?}"
        ))
    })
}

/// Puts one variable into `table` and reads all of it, so that a refusal is this variable's.
fn set(table: &mut toml::Table, key: &str, value: &str) -> Result<Config, String> {
    let keys: Vec<String> = key.split("__").map(str::to_ascii_lowercase).collect();
    let text = toml::Value::String(value.to_owned());
    // `8` may be meant as a number or as a text: whichever the key takes.
    let typed = toml::from_str::<toml::Table>(&format!("value = {value}"))
        .ok()
        .filter(|only| only.len() == 1)
        .and_then(|mut only| only.remove("value"));
    let mut first_refusal = None;
    for value in typed.into_iter().chain([text]) {
        let mut with = table.clone();
        insert(&mut with, &keys, value)?;
        match Config::deserialize(with.clone()) {
            Ok(config) => {
                *table = with;
                return Ok(config);
            }
            Err(refusal) => {
                first_refusal.get_or_insert(refusal.message().to_owned());
            }
        }
    }
    Err(first_refusal.expect("a text was tried at least"))
}

fn insert(table: &mut toml::Table, keys: &[String], value: toml::Value) -> Result<(), String> {
    match keys {
        [] => Ok(()),
        [last] => {
            table.insert(last.clone(), value);
            Ok(())
        }
        [section, rest @ ..] => table
            .entry(section.clone())
            .or_insert_with(|| toml::Value::Table(toml::Table::new()))
            .as_table_mut()
            .ok_or_else(|| format!("{section} is a key, not a section"))
            .and_then(|table| insert(table, rest, value)),
    }
}

/// The line a fault of `text` is on; the first when it names none.
fn line_of(text: &str, fault: &toml::de::Error) -> usize {
    fault.span().map_or(1, |span| line_at(text, span.start))
}

/// The line, counted from 1, of a byte of `text`.
fn line_at(text: &str, offset: usize) -> usize {
    text.bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, env: &[(&str, &str)]) -> Result<Config, String> {
        let env = env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::parse(Path::new("hotline.toml"), text, env).map_err(|error| error.to_string())
    }

    #[test]
    fn no_file_is_the_promised_default() {
        let config = parse("", &[]).unwrap();
        assert_eq!(config.http.listen, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(config.sip.listen, "127.0.0.1:5060".parse().unwrap());
        assert_eq!(config.media.port_range.ports(), 20_000..=29_999);
        assert_eq!(config.storage_url(), "sqlite:./data/hotline.db");
        assert_eq!(config.recordings_folder(), Path::new("./data/recordings"));
        assert_eq!(config, Config::default());
    }

    #[test]
    fn the_example_file_shows_the_defaults() {
        let example = include_str!("../../deploy/hotline.toml");
        let shown: String = example
            .lines()
            .map(|line| line.strip_prefix("#: ").unwrap_or(line).to_owned() + "\n")
            .collect();
        // Keys without a default of their own are shown with an example, marked `#= `.
        assert_eq!(parse(&shown, &[]), Ok(Config::default()));
        let with_all: String = shown
            .lines()
            .map(|line| line.strip_prefix("#= ").unwrap_or(line).to_owned() + "\n")
            .collect();
        let all = parse(&with_all, &[]).unwrap();
        assert!(all.storage.url.is_some() && all.recordings.url.is_some());
        assert!(all.sip.advertised_address.is_some());
        assert!(matches!(all.http.tls, Some(Tls::Files { .. })));
        let tls = all.sip.tls.unwrap();
        assert!(matches!(tls.identity, Tls::Files { .. }) && tls.roots.is_some());
    }

    #[test]
    fn every_key_outside_scripts_may_set_is_a_variable() {
        let config = parse(
            "data_dir = '/srv/a'\n[log]\nlevel = 'warn'\n",
            &[
                ("HOME", "/root"),
                ("HOTLINE_CONFIG", "not ours to judge"),
                ("HOTLINE__DATA_DIR", "/srv/b"),
                ("HOTLINE__HTTP__LISTEN", "0.0.0.0:80"),
                (
                    "HOTLINE__HTTP__TLS",
                    "{ certificate = 'a.pem', key = 'b.pem' }",
                ),
                ("HOTLINE__HTTP__ORIGINS", "['https://desk.example']"),
                ("HOTLINE__SIP__LISTEN", "[::1]:5080"),
                (
                    "HOTLINE__SIP__TLS",
                    "{ listen = '[::1]:5081', certificate = 'development' }",
                ),
                ("HOTLINE__STORAGE__URL", "postgres://hotline@db/hotline"),
                ("HOTLINE__RECORDINGS__URL", "file:/srv/sound"),
                ("HOTLINE__MEDIA__PORT_RANGE", "30000-30999"),
                ("HOTLINE__SMS__SIGNATURE", "12345"),
                ("HOTLINE__SMS__TIMEOUT_S", "3"),
                ("HOTLINE__LOG__LEVEL", "info,hotline=debug"),
            ],
        )
        .unwrap();
        assert_eq!(config.data_dir, Path::new("/srv/b"));
        assert_eq!(config.http.listen.port(), 80);
        assert!(matches!(config.http.tls, Some(Tls::Files { .. })));
        assert_eq!(config.http.origins, ["https://desk.example"]);
        assert!(config.sip.listen.is_ipv6());
        let tls = config.sip.tls.as_ref().unwrap();
        assert_eq!(tls.listen.port(), 5_081);
        assert_eq!(tls.identity, Tls::Development);
        assert_eq!(config.storage_url(), "postgres://hotline@db/hotline");
        assert_eq!(config.recordings_folder(), Path::new("/srv/sound"));
        assert_eq!(config.media.port_range.ports(), 30_000..=30_999);
        assert_eq!(
            config.sms.signature, "12345",
            "a text that looks like a number"
        );
        assert_eq!(config.sms.timeout_s.get(), 3);
        assert_eq!(config.log.level, "info,hotline=debug");
    }

    #[test]
    fn what_is_not_understood_stops_the_start_and_says_where() {
        let table = [
            ("data_dir = ", "hotline.toml:1: "),
            (
                "data_dir = 'a'\ndata_dir = 'b'",
                "hotline.toml:2: duplicate key",
            ),
            (
                "\n[htp]\nlisten = 'x'",
                "hotline.toml:2: unknown field `htp`",
            ),
            (
                "[http]\nlisten = '127.0.0.1:80'\nlissten = 'x'",
                "hotline.toml:3: unknown field `lissten`",
            ),
            (
                "[http]\n\nlisten = 'localhost'",
                "hotline.toml:3: an address and port are written",
            ),
            (
                "[http]\ntls = 'on'",
                "hotline.toml:2: tls is \"development\", or {",
            ),
            (
                "[http]\n\ntls = { certificate = 'a.pem' }",
                "hotline.toml:3: \"development\", or {",
            ),
            (
                "[sip]\nadvertised_address = '1.2.3'",
                "hotline.toml:2: invalid IP address syntax",
            ),
            (
                "[sip.tls]\nlisten = '[::]:5061'\ncertificate = 'a.pem'",
                "hotline.toml:1: sip.tls wants a key",
            ),
            (
                "[sip]\ntls = { certificate = 'a.pem', key = 'b.pem' }",
                "hotline.toml:2: missing field `listen`",
            ),
            ("[sip]\ndigest = []", "hotline.toml:2: sip.digest wants"),
            (
                "[sip]\ndigest = ['MD4']",
                "hotline.toml:2: unknown variant `MD4`",
            ),
            (
                "[media]\nport_range = '20000'",
                "hotline.toml:2: a port range is written",
            ),
            (
                "[media]\nport_range = '20001-30000'",
                "hotline.toml:2: the first port must be even",
            ),
            (
                "[media]\nport_range = '30000-20000'",
                "hotline.toml:2: a port range needs",
            ),
            (
                "[limits]\ncalls = 0",
                "hotline.toml:2: invalid value: integer `0`",
            ),
            (
                "[limits]\ncalls = -1",
                "hotline.toml:2: invalid value: integer `-1`",
            ),
            (
                "[storage]\nurl = 'mysql://x'",
                "hotline.toml:2: storage.url must begin with",
            ),
            (
                "[recordings]\nurl = 's3://bucket'",
                "hotline.toml:2: an s3:// store is not built in yet",
            ),
            (
                "[recordings]\nurl = 'file:'",
                "hotline.toml:2: recordings.url must be",
            ),
            ("[log]\nlevel = 'hotline=loud'", "hotline.toml:2: "),
            (
                "[log]\nlevel = 'loud'",
                "hotline.toml:2: `loud` is no level",
            ),
            (
                "[log]\nformat = 'xml'",
                "hotline.toml:2: unknown variant `xml`",
            ),
        ];
        for (text, begins) in table {
            let error = parse(text, &[]).expect_err(text);
            assert!(error.starts_with(begins), "{text:?} gave {error:?}");
        }
    }

    #[test]
    fn a_bad_variable_is_named() {
        let table = [
            ("HOTLINE__HTP__LISTEN", "x", "unknown field `htp`"),
            (
                "HOTLINE__LIMITS__CALLS",
                "many",
                "invalid type: string \"many\"",
            ),
            ("HOTLINE__LIMITS__CALLS", "0", "invalid value: integer `0`"),
            (
                "HOTLINE__DATA_DIR__X",
                "x",
                "data_dir is a key, not a section",
            ),
            ("HOTLINE__HTTP", "x", "invalid type: string \"x\""),
            ("HOTLINE__", "x", "unknown field ``"),
        ];
        for (name, value, reason) in table {
            let error = parse("data_dir = 'd'", &[(name, value)]).expect_err(name);
            let begins = format!("{name}: {reason}");
            assert!(error.starts_with(&begins), "{name}={value} gave {error:?}");
        }
    }

    #[test]
    fn a_named_file_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none.toml");
        let error = Config::load(Some(&missing), []).unwrap_err();
        assert!(matches!(error, Error::Unreadable { .. }), "{error}");
    }
}
