//! `cargo xtask test`: the steps, cheapest first, and what they said at their end.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Done, cargo, peers, run, say, shown, web};

struct Step {
    name: &'static str,
    command: Command,
}

/// What a step left to say.
struct Outcome {
    name: &'static str,
    took: Duration,
    /// The test runners' own closing lines.
    closing: Vec<String>,
}

fn steps() -> [Step; 6] {
    let step = |name, command| Step { name, command };
    let lints = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    [
        step("fmt", cargo(["fmt", "--all", "--", "--check"])),
        step("web", web::npm(["run", "--silent", "check"])),
        step("clippy", cargo(lints)),
        step("unit", cargo(["test", "--workspace", "--lib", "--bins"])),
        step("integration", cargo(["test", "--workspace", "--test", "*"])),
        step("browser", web::browser_tests()),
    ]
}

pub(crate) fn test(only: &[String]) -> Done {
    let all = steps();
    if let Some(unknown) = only.iter().find(|name| all.iter().all(|s| s.name != *name)) {
        let names: Vec<_> = all.iter().map(|step| step.name).collect();
        return Err(format!(
            "there is no step `{unknown}`; there are {}",
            names.join(", ")
        ));
    }
    let wanted = |name: &str| only.is_empty() || only.iter().any(|one| one == name);
    if wanted("integration") || wanted("browser") {
        peers::install_missing()?;
    }
    if wanted("web") || wanted("browser") {
        web::install()?;
    }
    let mut outcomes = Vec::new();
    for step in all.into_iter().filter(|step| wanted(step.name)) {
        let name = step.name;
        // The browser opens what the program embeds.
        if name == "browser" {
            web::build_when_stale()?;
            // With the features of the whole workspace: what the tests built is used again.
            run(&mut cargo([
                "build",
                "--workspace",
                "--bin",
                "hotline",
                "--example",
                "shifted_server",
            ]))?;
        }
        match step.run() {
            Ok(outcome) => outcomes.push(outcome),
            Err(reason) => {
                say(&summary(&outcomes));
                return Err(format!(
                    "{reason}\nstopped at the step `{name}`; run it alone with `cargo xtask test {name}`"
                ));
            }
        }
    }
    say(&summary(&outcomes));
    say("all steps passed");
    Ok(())
}

impl Step {
    fn run(mut self) -> Result<Outcome, String> {
        let line = shown(&self.command);
        say(&format!("\n== {}: {line}", self.name));
        let began = now();
        let mut child = self
            .command
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("`{line}` did not start: {error}"))?;
        let output = BufReader::new(child.stdout.take().expect("piped above"));
        let mut closing = Vec::new();
        // Bytes, not text: a test may print anything.
        for bytes in output.split(b'\n').map_while(Result::ok) {
            let text = String::from_utf8_lossy(&bytes);
            say(&text);
            closing.extend(closing_line(&text));
        }
        let status = child.wait().map_err(|error| error.to_string())?;
        if !status.success() {
            return Err(format!("`{line}` ended with {status}"));
        }
        Ok(Outcome {
            name: self.name,
            took: began.elapsed(),
            closing,
        })
    }
}

/// What cargo, vitest and Node.js say at their end.
fn closing_line(text: &str) -> Option<String> {
    let text = text.trim();
    if text.starts_with("test result:") || text.starts_with("Tests ") {
        return Some(text.to_owned());
    }
    let node = text.trim_start_matches(['#', '\u{2139}', ' ']);
    let (what, number) = node.split_once(' ')?;
    let what = match what {
        "pass" => "passed",
        "fail" => "failed",
        "skipped" => "ignored",
        _ => return None,
    };
    let number: u64 = number.parse().ok()?;
    Some(format!("{number} {what}"))
}

fn summary(outcomes: &[Outcome]) -> String {
    let mut text = String::from("\n== summary");
    for Outcome {
        name,
        took,
        closing,
    } in outcomes
    {
        let [passed, failed, ignored] = [" passed", " failed", " ignored"].map(|what| {
            closing
                .iter()
                .filter_map(|line| count(line, what))
                .sum::<u64>()
        });
        text.push_str(&format!("\n{name:<12} {:>6.1} s", took.as_secs_f64()));
        if !closing.is_empty() {
            text.push_str(&format!(
                "   {passed} passed, {failed} failed, {ignored} ignored"
            ));
        }
        // Runners that had nothing to run have nothing to say.
        for line in closing
            .iter()
            .filter(|line| count(line, " passed") != Some(0))
        {
            text.push_str(&format!("\n  {line}"));
        }
    }
    text
}

/// The number before `what` in a closing line such as `test result: ok. 23 passed; 0 failed; …`.
fn count(line: &str, what: &str) -> Option<u64> {
    let (before, _) = line.split_once(what)?;
    before.rsplit(' ').next()?.parse().ok()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a task runner times its steps; nothing of the server runs here"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::{closing_line, count};

    #[test]
    fn each_runner_is_understood_at_its_end() {
        let said = closing_line;
        assert_eq!(
            said("      Tests  9 passed (9)").as_deref(),
            Some("Tests  9 passed (9)")
        );
        assert_eq!(said("\u{2139} pass 12").as_deref(), Some("12 passed"));
        assert_eq!(said("# fail 0").as_deref(), Some("0 failed"));
        assert_eq!(said("\u{2139} duration_ms 8123.5"), None);
        assert_eq!(said("pass the salt"), None);
    }

    #[test]
    fn a_closing_line_is_counted() {
        let line = "test result: ok. 23 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 1.28s";
        let counts =
            [" passed", " failed", " ignored", " measured", " lost"].map(|what| count(line, what));
        assert_eq!(counts, [Some(23), Some(1), Some(2), Some(0), None]);
    }
}
