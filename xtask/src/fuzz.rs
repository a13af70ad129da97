//! `cargo xtask fuzz`: every target of every crate for a while each.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::{Done, root, run, say};

pub(crate) fn fuzz(arguments: &[String]) -> Done {
    let seconds: u32 = match arguments {
        [] => 60,
        [seconds] => seconds
            .parse()
            .map_err(|_| format!("`{seconds}` is not a number of seconds"))?,
        _ => return Err("fuzz takes one number of seconds".to_owned()),
    };
    for (tool, arguments, install) in [
        (
            "the nightly toolchain",
            ["+nightly", "--version"],
            "rustup toolchain install nightly",
        ),
        (
            "cargo-fuzz",
            ["fuzz", "--version"],
            "cargo install cargo-fuzz",
        ),
    ] {
        let there = rustup_cargo()
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !there.is_ok_and(|status| status.success()) {
            return Err(format!("{tool} is missing: {install}"));
        }
    }
    let targets = targets();
    if targets.is_empty() {
        return Err("there is no fuzz target".to_owned());
    }
    for (folder, name) in targets {
        say(&format!(
            "\n== {}: {name} for {seconds} s",
            folder.display()
        ));
        run(rustup_cargo()
            .current_dir(&folder)
            .args(["+nightly", "fuzz", "run", &name, "--"])
            .arg(format!("-max_total_time={seconds}")))?;
    }
    Ok(())
}

/// rustup's cargo, which knows `+nightly`; the one in CARGO is a toolchain's own.
fn rustup_cargo() -> Command {
    let mut cargo = Command::new("cargo");
    // What `cargo xtask` was started with would overrule `+nightly`.
    cargo.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
    cargo
}

/// Crate folder and target name, for each `<crate>/fuzz/fuzz_targets/<name>.rs`.
fn targets() -> Vec<(PathBuf, String)> {
    let mut targets = Vec::new();
    for krate in [root().to_owned(), root().join("sip"), root().join("media")] {
        let files = fs::read_dir(krate.join("fuzz/fuzz_targets"));
        for file in files.into_iter().flatten().flatten() {
            let path = file.path();
            if path.extension().is_some_and(|end| end == "rs")
                && let Some(name) = path.file_stem()
            {
                targets.push((krate.clone(), name.to_string_lossy().into_owned()));
            }
        }
    }
    targets.sort();
    targets
}
