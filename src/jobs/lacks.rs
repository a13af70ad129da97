//! Writes down what units lack of the duties of article 7, so that it can be held against them (article 28(6)) when they have
//! mended it.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Job, Pending, Report};
use crate::domain::organisation::{Lack, Profile};
use crate::domain::time::Timestamp;
use crate::storage::{Fault, Storage};

/// Closed hours without anybody that ended between two looks are not missed: a look goes as far back as the last.
const EVERY_MS: i64 = 3_600_000;

/// Looks at every unit's profile, and at the duty that was kept.
pub struct Lacks {
    pub storage: Storage,
}

impl Lacks {
    async fn look(&self, now: Timestamp) -> Result<Report, Fault> {
        let tree = self.storage.tree().await?;
        let profiles = self.storage.profiles().await?;
        let since_last = now.plus_millis(-EVERY_MS);
        let unmanned = self.storage.unmanned(since_last, now).await?;
        let nothing = Profile::default();
        let mut lacking = BTreeSet::new();
        for stand in tree.as_of(now) {
            if stand.unit.kind.handles_demands() {
                let code = &stand.unit.code;
                let lacks = profiles.get(code).unwrap_or(&nothing).lacks();
                lacking.extend(lacks.into_iter().map(|lack| (code.clone(), lack)));
                if unmanned.contains(code) {
                    lacking.insert((code.clone(), Lack::Roster));
                }
            }
        }
        let done = self.storage.keep_lacks(now, lacking).await?;
        Ok(Report {
            done,
            ..Report::default()
        })
    }
}

impl Job for Lacks {
    fn name(&self) -> &'static str {
        "lacks"
    }

    fn every(&self) -> Duration {
        Duration::from_millis(EVERY_MS.unsigned_abs())
    }

    fn run_once(&self, now: Timestamp) -> Pending<'_, Result<Report, Fault>> {
        Box::pin(self.look(now))
    }
}
