//! A PostgreSQL of the tests' own, from the installed binaries: started by the first test that asks, reached
//! over a socket in a temporary folder, gone with the test process however that ends.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::{Connection, PgConnection};

/// Holding the server's standard input keeps it alive: its guardian ends it when that closes.
struct Server {
    folder: PathBuf,
    _guardian: Child,
    _alive_while_open: ChildStdin,
}

static SERVER: OnceLock<Server> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// Ends PostgreSQL, and removes its folder, when its own standard input closes: also after `kill -9` of the tests.
const GUARDIAN: &str = r#"
"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c max_connections=300 \
    -c logging_collector=off >"$2/log" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -QUIT "$server"
wait "$server"
rm -rf "$2"
"#;

/// The URL of a new, empty database.
pub(crate) async fn new_database() -> String {
    let server = SERVER.get_or_init(start);
    let name = format!("t{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let mut admin = connect(&url(&server.folder, "postgres")).await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut admin)
        .await
        .unwrap();
    url(&server.folder, &name)
}

fn url(folder: &Path, database: &str) -> String {
    format!(
        "postgres://hotline@localhost/{database}?host={}",
        folder.display()
    )
}

/// Waits for the server to come up.
async fn connect(url: &str) -> PgConnection {
    let mut last = None;
    for _ in 0..300 {
        match PgConnection::connect(url).await {
            Ok(connection) => return connection,
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("PostgreSQL did not come up: {last:?}");
}

fn start() -> Server {
    let bin = binaries();
    // Short: a socket's path has at most 107 bytes.
    let folder = std::env::temp_dir().join(format!("hotline-pg-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let owner = unprivileged();
    if let Some((uid, gid)) = owner {
        chown(&folder, Some(uid), Some(gid)).unwrap();
    }
    let run = |program: OsString| {
        let mut command = Command::new(program);
        command.current_dir(&folder);
        if let Some((uid, gid)) = owner {
            command.uid(uid).gid(gid);
        }
        command
    };
    let made = run(bin.join("initdb").into())
        .args([
            "-A",
            "trust",
            "-U",
            "hotline",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            "-D",
        ])
        .arg(folder.join("data"))
        .output()
        .unwrap();
    assert!(
        made.status.success(),
        "initdb: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    let mut guardian = run("sh".into())
        .args(["-c", GUARDIAN, "guardian"])
        .args([&bin, &folder])
        .stdin(Stdio::piped())
        // A Ctrl-C on the tests must reach the guardian as a closed pipe, not as a signal.
        .process_group(0)
        .spawn()
        .unwrap();
    let stdin = guardian.stdin.take().unwrap();
    Server {
        folder,
        _guardian: guardian,
        _alive_while_open: stdin,
    }
}

/// The newest installed PostgreSQL.
fn binaries() -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            Some((version, path.join("bin")))
        })
        .filter(|(_, bin)| bin.join("postgres").exists())
        .collect();
    found.sort();
    found.pop().map_or_else(
        || panic!("no PostgreSQL under /usr/lib/postgresql: apt-get install postgresql"),
        |(_, bin)| bin,
    )
}

/// PostgreSQL refuses to run as root: as root it runs as the user its package made, or as nobody.
fn unprivileged() -> Option<(u32, u32)> {
    let root = fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0);
    if !root {
        return None;
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    ["postgres", "nobody"].iter().find_map(|name| {
        let line = passwd
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2);
        Some((ids.next()?.parse().ok()?, ids.next()?.parse().ok()?))
    })
}
