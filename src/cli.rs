//! What can be typed after `hotline`. Nothing is done here.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Contact-centre server for a 12345 government hotline.
///
/// Calls, queues, recordings, tickets, callbacks: one program, one folder. Without a configuration file it keeps
/// everything in ./data, serves the web on 127.0.0.1:8080 and SIP on 127.0.0.1:5060 (UDP and TCP).
#[derive(Debug, Parser)]
#[command(version, after_long_help = EXAMPLES)]
pub struct Cli {
    /// Configuration file [without it: hotline.toml in this folder, if there is one]
    ///
    /// Every key can also be set as a variable, which goes before the file: HOTLINE__HTTP__LISTEN=0.0.0.0:8080.
    #[arg(long, global = true, env = "HOTLINE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Command,
}

/// What is wished of the program.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Run the server
    ///
    /// SIGTERM (or Ctrl-C) drains: no new calls, live ones finish up to drain.timeout_s. A second SIGTERM stops at once. SIGHUP
    /// reads the organisation anew; live calls go on.
    Serve {
        /// Apply the demonstration organisation first: 800 agents, public passwords, never for real use
        #[arg(long)]
        demo: bool,
    },
    /// Bring an organisation file into the database
    ///
    /// Units, users, extensions, trunks, queues, numbers, specialists, SMS gateways, calendars. Prints what changed; applied
    /// twice, the second time changes nothing. With any fault nothing is changed, and every fault is told with its line. A server
    /// that is running reads the change on SIGHUP.
    Apply {
        /// The organisation, e.g. deploy/organisation.demo.toml
        file: PathBuf,
    },
    /// Verify database, recordings and their hash chain
    ///
    /// Changes nothing. Exit status 1 and a list when anything differs.
    Check,
    /// Copy database and recordings' manifests while the server runs
    Backup {
        /// An empty or new folder
        dir: PathBuf,
    },
    /// Write tickets with everything that belongs to them into a folder
    ///
    /// State, events, supervision, calls, messages, recordings with their manifests; a sheet with the SHA-256 of each file.
    Export {
        /// An empty or new folder
        dir: PathBuf,
        /// A ticket's number, e.g. 20261123-000001; may be given several times
        #[arg(long = "ticket", value_name = "NUMBER")]
        tickets: Vec<String>,
        /// All tickets of one same-event cluster, by its id
        #[arg(long, value_name = "ID")]
        cluster: Option<String>,
        /// Tickets opened from this day on (Beijing), with --until
        #[arg(long, value_name = "YYYY-MM-DD", requires = "until")]
        since: Option<String>,
        /// Tickets opened before this day
        #[arg(long, value_name = "YYYY-MM-DD", requires = "since")]
        until: Option<String>,
    },
    /// Take in what another server exported
    ///
    /// Every file is verified first; a ticket that is there already refuses the whole.
    Import {
        /// A folder that `hotline export` wrote
        dir: PathBuf,
    },
    /// Bring a backup into an empty place
    ///
    /// Refuses when the configured database or recordings' folder already holds something.
    Restore {
        /// A folder that `hotline backup` wrote
        dir: PathBuf,
    },
}

const EXAMPLES: &str = "\
Examples:
  hotline serve --demo                            try it: http://127.0.0.1:8080
  hotline apply deploy/organisation.demo.toml     who works here, which numbers, which queues
  HOTLINE__SIP__LISTEN=192.0.2.10:5060 hotline serve
  hotline backup /srv/backup/2025-01-24 && hotline check";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_promised_commands_are_there() {
        let table = [
            ("hotline serve", Command::Serve { demo: false }),
            (
                "hotline serve --config a.toml --demo",
                Command::Serve { demo: true },
            ),
            (
                "hotline apply o.toml",
                Command::Apply {
                    file: "o.toml".into(),
                },
            ),
            ("hotline check", Command::Check),
            (
                "hotline backup there",
                Command::Backup {
                    dir: "there".into(),
                },
            ),
            (
                "hotline export there --ticket 20250603-000001 --ticket 20250603-000002",
                Command::Export {
                    dir: "there".into(),
                    tickets: vec!["20250603-000001".into(), "20250603-000002".into()],
                    cluster: None,
                    since: None,
                    until: None,
                },
            ),
            (
                "hotline import there",
                Command::Import {
                    dir: "there".into(),
                },
            ),
            (
                "hotline restore there",
                Command::Restore {
                    dir: "there".into(),
                },
            ),
        ];
        for (line, command) in table {
            assert_eq!(parse(line).unwrap().command, command, "{line}");
        }
        for line in [
            "hotline",
            "hotline apply",
            "hotline export there --since 2025-06-03",
            "hotline serve now",
            "hotline srve",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_configuration_may_be_named_before_or_after_the_command() {
        for line in [
            "hotline --config a.toml check",
            "hotline check --config a.toml",
        ] {
            assert_eq!(parse(line).unwrap().config, Some("a.toml".into()), "{line}");
        }
    }
}
