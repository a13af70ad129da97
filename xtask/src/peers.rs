//! The real programs our tests talk to. We fake none of them, so they must be there.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{Done, on_path, root, run, say};

struct Peer {
    /// Debian's name for it.
    package: &'static str,
    what_for: &'static str,
    present: fn() -> bool,
    /// Tests that need it, if they are written yet: this folder holds them.
    tests: &'static str,
}

const PEERS: [Peer; 6] = [
    Peer {
        package: "sip-tester",
        what_for: "sipp plays carriers and phones",
        present: || on_path("sipp"),
        tests: "tests",
    },
    Peer {
        package: "openssl",
        what_for: "phones and carriers over TLS",
        present: || on_path("openssl"),
        tests: "tests/tls.rs",
    },
    Peer {
        package: "postgresql",
        what_for: "the storage suite starts a PostgreSQL of its own",
        present: has_postgresql,
        tests: "tests",
    },
    Peer {
        package: "chromium",
        what_for: "a browser calls our legs and drives the pages",
        present: || on_path("chromium"),
        tests: "media/tests/chromium.rs",
    },
    Peer {
        package: "fonts-noto-cjk",
        what_for: "Chinese in the browser tests' pictures",
        present: || Path::new("/usr/share/fonts/opentype/noto").exists(),
        tests: "tests/browser",
    },
    Peer {
        package: "kannel",
        what_for: "the SMPP tests send through a gateway",
        present: || Path::new("/usr/sbin/bearerbox").exists(),
        tests: "tests/kannel",
    },
];

/// Debian keeps the server's programs off the PATH, one folder for each version.
fn has_postgresql() -> bool {
    on_path("initdb")
        || fs::read_dir("/usr/lib/postgresql").is_ok_and(|mut versions| {
            versions.any(|version| {
                version.is_ok_and(|version| version.path().join("bin/initdb").is_file())
            })
        })
}

/// Installs what is missing when that is ours to do, else says what to install.
pub(crate) fn install_missing() -> Done {
    let missing: Vec<&Peer> = PEERS
        .iter()
        .filter(|peer| root().join(peer.tests).exists() && !(peer.present)())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    for peer in &missing {
        say(&format!("missing: {} ({})", peer.package, peer.what_for));
    }
    let packages: Vec<&str> = missing.iter().map(|peer| peer.package).collect();
    if !(is_root() && Path::new("/etc/debian_version").exists()) {
        return Err(format!(
            "please install them; on Debian: sudo apt-get install {}",
            packages.join(" ")
        ));
    }
    run(Command::new("apt-get").args(["update", "--quiet"]))?;
    run(Command::new("apt-get")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["install", "--yes", "--quiet", "--no-install-recommends"])
        .args(&packages))?;
    match missing.iter().find(|peer| !(peer.present)()) {
        Some(peer) => Err(format!("{} is installed but not found", peer.package)),
        None => Ok(()),
    }
}

/// proc(5): the second number after `Uid:` is the effective user.
fn is_root() -> bool {
    fs::read_to_string("/proc/self/status").is_ok_and(|status| {
        let uids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
        uids.and_then(|uids| uids.split_whitespace().nth(1)) == Some("0")
    })
}
