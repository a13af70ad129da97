//! Arguments → configuration → `app`.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;
use hotline::app::{self, Server, archive, keeping};
use hotline::cli::{Cli, Command};
use hotline::clock::{Clock, SystemClock};
use hotline::config::Config;
use hotline::telemetry;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info};

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
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(run(config, cli.command, metrics))
}

async fn run(
    config: Config,
    command: Command,
    metrics: telemetry::Metrics,
) -> anyhow::Result<ExitCode> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let mut config = config;
    match command {
        Command::Serve { demo } => {
            if demo {
                config.http.citizen_calls = true;
                let storage = app::open_storage(&config, Arc::clone(&clock)).await?;
                app::apply_demo(&storage, &*clock).await?;
                storage.close().await;
            }
            serve(&config, clock, metrics).await?;
        }
        Command::Apply { file } => {
            let text = std::fs::read_to_string(&file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            let storage = app::open_storage(&config, Arc::clone(&clock)).await?;
            let changes = app::apply(&storage, &*clock, &text)
                .await
                .with_context(|| file.display().to_string())?;
            for change in &changes {
                let word = if change.added { "added" } else { "changed" };
                say(&format!("{word} {} {}", change.kind, change.name))?;
            }
            say(&format!("{} entries added or changed", changes.len()))?;
            for warning in app::warnings(&storage).await? {
                warn(&warning)?;
            }
            if !changes.is_empty() {
                say(
                    "a running server reads them on SIGHUP (systemctl reload hotline); calendars at its next start",
                )?;
            }
            storage.close().await;
        }
        Command::Check => {
            for warning in keeping::warnings(&config, Arc::clone(&clock)).await? {
                warn(&warning)?;
            }
            let differences = keeping::check(&config, clock).await?;
            for difference in &differences {
                say(difference)?;
            }
            if !differences.is_empty() {
                return Ok(ExitCode::from(1));
            }
            say("no differences")?;
        }
        Command::Export {
            dir,
            tickets,
            cluster,
            since,
            until,
        } => {
            let selection = archive::selection(tickets, cluster.as_deref(), since.zip(until))?;
            say(&archive::export(&config, clock, &selection, &dir).await?)?;
        }
        Command::Import { dir } => say(&archive::import(&config, clock, &dir).await?)?,
        Command::Backup { dir } => say(&keeping::backup(&config, clock, &dir).await?)?,
        Command::Restore { dir } => say(&keeping::restore(&config, clock, &dir).await?)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(
    config: &Config,
    clock: Arc<dyn Clock>,
    metrics: telemetry::Metrics,
) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    let mut hang_up = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
    let server = Server::start(config, clock, metrics).await?;
    loop {
        tokio::select! {
            () = either(&mut terminate, &mut interrupt) => break,
            _ = hang_up.recv() => {
                if let Err(fault) = server.reload().await {
                    error!(%fault, "the organisation was not read anew: {fault:#}");
                }
            }
        }
    }
    info!("stopping: live calls may end first, a second signal hangs them up");
    server.stop(either(&mut terminate, &mut interrupt)).await;
    Ok(())
}

async fn either(one: &mut Signal, other: &mut Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = other.recv() => {}
    }
}

/// The answer of a command, for a person or a script.
fn say(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{line}").context("nobody reads the answer")
}

/// What a person should know beside the answer, which scripts read.
fn warn(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stderr(), "{line}").context("nobody reads the warning")
}

#[expect(
    clippy::print_stderr,
    reason = "the log may not be set up, and a person started this"
)]
fn complain(fault: &anyhow::Error) {
    eprintln!("hotline: {fault:#}");
}
