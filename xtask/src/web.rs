//! The web pages: what they are built with, when that is needed, and their client.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::{Done, cargo, on_path, root, run, say, target};

/// The oldest Node.js that the pages' tools run on.
const NODE_MIN: u32 = 20;

/// What the built pages are made of.
const SOURCES: [&str; 6] = [
    "src",
    "public",
    "index.html",
    "vite.config.ts",
    "tsconfig.json",
    "package-lock.json",
];

fn web() -> PathBuf {
    root().join("web")
}

/// npm, in the pages' folder. Colours would hide the closing lines.
pub(crate) fn npm<const N: usize>(arguments: [&str; N]) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(web()).args(arguments).env("NO_COLOR", "1");
    npm
}

/// Brings the packages in when they are not, or not those of the lock file. npm keeps its cache outside the clone.
pub(crate) fn install() -> Done {
    check_node()?;
    let lock = changed(&web().join("package-lock.json"));
    if changed(&web().join("node_modules/.package-lock.json")) >= lock {
        return Ok(());
    }
    say("installing the web pages' packages …");
    run(&mut npm([
        "ci",
        "--prefer-offline",
        "--no-audit",
        "--no-fund",
    ]))
}

/// Builds the pages when one of their sources is newer than they are.
pub(crate) fn build_when_stale() -> Done {
    let built = changed(&web().join("dist/pages/index.html"));
    let newest = SOURCES.map(|source| changed(&web().join(source)));
    if newest.into_iter().max() <= Some(built) {
        return Ok(());
    }
    install()?;
    say("building the web pages …");
    run(&mut npm(["run", "--silent", "build"]))
}

/// The OpenAPI document's committed copy, and the client that is generated from it.
pub(crate) fn client() -> Done {
    install()?;
    run(cargo([
        "test",
        "--workspace",
        "--quiet",
        "--test",
        "api",
        "--",
        "openapi",
    ])
    .env("HOTLINE_BLESS", "1"))?;
    run(&mut npm(["run", "--silent", "client"]))
}

/// Real people's stories in a real browser, against the server's debug build: one file after the other, since each has a server
/// and telephones of its own.
pub(crate) fn browser_tests() -> Command {
    let mut node = Command::new("node");
    node.current_dir(root())
        .args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
        .args(stories())
        .env("HOTLINE_BIN", target().join("debug/hotline"))
        .env(
            "HOTLINE_MOVED_BIN",
            target().join("debug/examples/shifted_server"),
        )
        .env("NO_COLOR", "1");
    node
}

fn stories() -> Vec<PathBuf> {
    let files = fs::read_dir(root().join("tests/browser")).into_iter();
    let mut stories: Vec<PathBuf> = files
        .flatten()
        .flatten()
        .map(|file| file.path())
        .filter(|path| path.to_string_lossy().ends_with(".test.js"))
        .collect();
    stories.sort();
    stories
}

fn check_node() -> Done {
    let asked = Command::new("node").arg("--version").output();
    let version = asked.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let major: Option<u32> = version.ok().and_then(|version| {
        version
            .trim()
            .strip_prefix('v')?
            .split('.')
            .next()?
            .parse()
            .ok()
    });
    match major {
        Some(major) if major >= NODE_MIN && on_path("npm") => Ok(()),
        Some(major) if major >= NODE_MIN => Err(need("npm is missing")),
        Some(major) => Err(need(&format!("this is Node.js {major}"))),
        None => Err(need("Node.js is missing")),
    }
}

fn need(why: &str) -> String {
    format!(
        "{why}: the web pages are built with Node.js {NODE_MIN} or later and its npm; on Debian: apt-get install nodejs npm"
    )
}

/// When a file, or the newest file below a folder, was last changed; long ago when there is none.
fn changed(path: &Path) -> SystemTime {
    let own = fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .unwrap_or(SystemTime::UNIX_EPOCH);
    let below = fs::read_dir(path).into_iter().flatten().flatten();
    below
        .map(|entry| changed(&entry.path()))
        .fold(own, SystemTime::max)
}
