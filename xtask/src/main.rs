//! `cargo xtask …`: what a person at a fresh clone needs, and nothing a shell script would do better. No dependencies, so that
//! it builds in a second.

mod fuzz;
mod peers;
mod steps;
mod up;
mod web;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const HELP: &str = "\
cargo xtask <command>

  up [arguments]     everything on a fresh machine: checks tools, builds the web pages when they are stale and a
                     release, runs the server with the demonstration organisation; the arguments go to
                     `hotline serve --demo`
  test [step …]      everything the project tests, cheapest first: fmt, web, clippy, unit, integration, browser;
                     named steps run alone. Installs the real peers it needs with apt when root on Debian,
                     else says exactly what to install
  try [arguments]    against the running demo: one citizen's call with real sound, followed to its end;
                     prints the chain with ids and file names
  client             writes the OpenAPI document's committed copy and the web pages' client from it anew
  fuzz [seconds]     runs every fuzz target for so long (60): needs cargo-fuzz; on nightly with sanitizers where there is
                     one, else on this toolchain without
  help               this

Everything is built below one folder, `target/` or CARGO_TARGET_DIR.
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next();
    let rest: Vec<String> = arguments.collect();
    let done = match command.as_deref() {
        Some("up") => up::up(&rest),
        Some("test") => steps::test(&rest),
        Some("try") => try_story(&rest),
        Some("client") => web::client(),
        Some("fuzz") => fuzz::fuzz(&rest),
        Some("help" | "--help" | "-h") | None => {
            say(HELP);
            Ok(())
        }
        Some(other) => Err(format!(
            "there is no command `{other}`; `cargo xtask help` lists them"
        )),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            say(&format!("\nxtask: {reason}\n"));
            ExitCode::FAILURE
        }
    }
}

/// The story is a program of the project like any other; it talks to a server over HTTP and SIP as an outsider would.
fn try_story(arguments: &[String]) -> Result<(), String> {
    let mut story = cargo([
        "run",
        "--quiet",
        "--release",
        "--example",
        "try_story",
        "--",
    ]);
    run(story.args(arguments))
}

/// What a command says when it went wrong.
type Done = Result<(), String>;

#[expect(clippy::print_stdout, reason = "a task runner talks to a terminal")]
fn say(text: &str) {
    println!("{text}");
}

/// The workspace's top folder.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the workspace")
}

/// Where cargo builds.
fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// cargo, in the workspace.
fn cargo<const N: usize>(arguments: [&str; N]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).args(arguments);
    cargo
}

/// Runs to the end; anything but success is a reason to stop.
fn run(command: &mut Command) -> Done {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{}` ended with {status}", shown(command))),
        Err(error) => Err(format!("`{}` did not start: {error}", shown(command))),
    }
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name();
    program
        .into_iter()
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether a program is on the PATH.
fn on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}
