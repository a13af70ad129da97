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
    let compiler = Compiler::of_this_machine()?;
    let targets = targets();
    if targets.is_empty() {
        return Err("there is no fuzz target".to_owned());
    }
    for (folder, name) in targets {
        say(&format!(
            "\n== {}: {name} for {seconds} s",
            folder.display()
        ));
        // The first folder takes what the fuzzer finds; what the tests read is a good beginning, and only read.
        let corpus = PathBuf::from("fuzz/corpus").join(&name);
        fs::create_dir_all(folder.join(&corpus))
            .map_err(|fault| format!("{}: {fault}", corpus.display()))?;
        let mut fuzz = compiler.cargo();
        fuzz.current_dir(&folder)
            .args(["fuzz", "run"])
            .args(compiler.options())
            .arg(&name)
            .arg(corpus);
        for seeds in seeds(&name) {
            if folder.join(seeds).is_dir() {
                fuzz.arg(seeds);
            }
        }
        run(fuzz
            .arg("--")
            .arg(format!("-max_total_time={seconds}"))
            .arg("-max_len=4096"))?;
    }
    Ok(())
}

/// What compiles the targets.
enum Compiler {
    Nightly,
    /// The toolchain of the project, allowed what only nightly is; it may have no sanitizers.
    Bootstrap,
}

impl Compiler {
    fn of_this_machine() -> Result<Self, String> {
        let nightly = rustup_cargo()
            .args(["+nightly", "--version"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let compiler = match nightly {
            Ok(status) if status.success() => Self::Nightly,
            Ok(_) | Err(_) => Self::Bootstrap,
        };
        let there = compiler
            .cargo()
            .args(["fuzz", "--version"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if there.is_ok_and(|status| status.success()) {
            Ok(compiler)
        } else {
            Err("cargo-fuzz is missing: cargo install cargo-fuzz --locked".to_owned())
        }
    }

    fn cargo(&self) -> Command {
        let mut cargo = rustup_cargo();
        match self {
            Self::Nightly => cargo.arg("+nightly"),
            Self::Bootstrap => cargo.env("RUSTC_BOOTSTRAP", "1"),
        };
        cargo
    }

    fn options(&self) -> &'static [&'static str] {
        match self {
            Self::Nightly => &[],
            Self::Bootstrap => &["--sanitizer", "none"],
        }
    }
}

/// rustup's cargo, which knows `+nightly`; the one in CARGO is a toolchain's own.
fn rustup_cargo() -> Command {
    let mut cargo = Command::new("cargo");
    // What `cargo xtask` was started with would overrule `+nightly`.
    cargo.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
    cargo
}

/// Folders of the crate with inputs to begin with.
fn seeds(target: &str) -> &'static [&'static str] {
    match target {
        "message" => &[
            "tests/fixtures/rfc4475",
            "tests/fixtures/rfc5118",
            "tests/fixtures/regressions",
        ],
        "stream" => &["tests/fixtures/rfc4475"],
        "sdp" => &["fuzz/seeds/sdp"],
        _ => &[],
    }
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
