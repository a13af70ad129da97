//! Arguments → configuration → `app`.

use std::process::ExitCode;

use clap::Parser as _;
use hotline::cli::{Cli, Command};
use hotline::config::Config;
use hotline::telemetry;

/// 0: done. 1: the answer is no (`check` found a difference). 2: it could not be done.
fn main() -> ExitCode {
    let cli = Cli::parse();
    match start(cli) {
        Ok(code) => code,
        Err(fault) => {
            complain(&fault);
            ExitCode::from(2)
        }
    }
}

fn start(cli: Cli) -> anyhow::Result<ExitCode> {
    let env = std::env::vars_os().filter_map(|(name, value)| {
        Some((name.into_string().ok()?, value.to_string_lossy().into()))
    });
    let config = Config::load(cli.config.as_deref(), env)?;
    let metrics = telemetry::init(&config.log)?;
    run(config, cli.command, metrics)
}

/// Until `app` is assembled: says what it would do.
fn run(config: Config, command: Command, _metrics: telemetry::Metrics) -> anyhow::Result<ExitCode> {
    anyhow::bail!("this build cannot {command:?} with {config:?} yet")
}

#[expect(
    clippy::print_stderr,
    reason = "the log may not be set up, and a person started this"
)]
fn complain(fault: &anyhow::Error) {
    eprintln!("hotline: {fault:#}");
}
