//! What is known of a recording before it is sealed, kept in memory and line by line in `open/<id>.jsonl`, so that a crash
//! loses neither who was heard nor who paused.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{At, Error};
use crate::manifest::{Gap, GapCause, Party};
use crate::{Begin, RecordingId};

/// The growing sheet.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    pub(crate) begin: Begin,
    pauses: Vec<Pause>,
    /// First sample of each lost stretch and the first after it.
    lost: Vec<(u64, u64)>,
}

#[derive(Debug, Clone)]
struct Pause {
    from_sample: u64,
    /// None while it lasts.
    to_sample: Option<u64>,
    by: String,
    why: String,
}

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    Begin(Begin),
    Join(Party),
    Pause {
        from_sample: u64,
        by: String,
        why: String,
    },
    Resume {
        at_sample: u64,
    },
    Lost {
        from_sample: u64,
        to_sample: u64,
    },
}

impl Sheet {
    pub(crate) fn new(begin: Begin) -> Self {
        Self {
            begin,
            pauses: Vec::new(),
            lost: Vec::new(),
        }
    }

    /// Takes one more fact in. A pause within a pause is the first one; an end without a pause is nothing.
    pub(crate) fn apply(&mut self, line: Line) {
        let last = self.pauses.last_mut();
        let lasting = last.filter(|pause| pause.to_sample.is_none());
        match line {
            Line::Begin(begin) => self.begin = begin,
            Line::Join(party) => {
                self.begin
                    .parties
                    .retain(|known| known.track != party.track);
                self.begin.parties.push(party);
            }
            Line::Pause {
                from_sample,
                by,
                why,
            } => {
                if lasting.is_none() {
                    self.pauses.push(Pause {
                        from_sample,
                        to_sample: None,
                        by,
                        why,
                    });
                }
            }
            Line::Resume { at_sample } => {
                if let Some(pause) = lasting {
                    pause.to_sample = Some(at_sample.max(pause.from_sample));
                }
            }
            Line::Lost {
                from_sample,
                to_sample,
            } => self.lost.push((from_sample, to_sample)),
        }
    }

    /// Whether nothing is to be kept at this sample, and the first sample, up to `end`, at which that changes.
    pub(crate) fn paused_at(&self, at: u64, end: u64) -> (bool, u64) {
        for pause in &self.pauses {
            let to = pause.to_sample.unwrap_or(u64::MAX);
            if at < pause.from_sample {
                return (false, end.min(pause.from_sample));
            }
            if at < to {
                return (true, end.min(to));
            }
        }
        (false, end)
    }

    /// How much was lost, in samples.
    pub(crate) fn lost_samples(&self) -> u64 {
        self.lost.iter().map(|(from, to)| to - from).sum()
    }

    /// Every gap of a recording of this length, in order.
    pub(crate) fn gaps(&self, samples: u64) -> Vec<Gap> {
        let lost = self.lost.iter().map(|&(from_sample, to_sample)| Gap {
            from_sample,
            to_sample,
            cause: GapCause::Lost,
        });
        let paused = self.pauses.iter().map(|pause| Gap {
            from_sample: pause.from_sample,
            to_sample: pause.to_sample.unwrap_or(samples).min(samples),
            cause: GapCause::Paused {
                by: pause.by.clone(),
                why: pause.why.clone(),
            },
        });
        let mut gaps: Vec<Gap> = lost.chain(paused).collect();
        gaps.retain(|gap| gap.from_sample < gap.to_sample);
        gaps.sort_by_key(|gap| gap.from_sample);
        gaps
    }

    /// Reads a sheet back, as far as it is whole. What a power cut tore off is lost; an unreadable sheet still gives its
    /// recording a manifest, with nobody named in it.
    pub(crate) fn read(path: &Path, id: RecordingId) -> Self {
        let mut sheet = Self::new(Begin {
            id,
            call_id: String::new(),
            started_at_ms: id.millis(),
            parties: Vec::new(),
        });
        let text = std::fs::read(path).unwrap_or_default();
        for line in text.split(|byte| *byte == b'\n') {
            if let Ok(line) = serde_json::from_slice(line) {
                sheet.apply(line);
            }
        }
        // The file's name says which recording this is, whatever stands inside.
        sheet.begin.id = id;
        sheet
    }
}

/// Adds one line to the sheet's file. The file is not kept open: lines are few, descriptors are dear.
pub(crate) fn append(path: &Path, line: &Line) -> Result<(), Error> {
    // A line end in front too: whatever a full disk made of the line before, this one is whole.
    let mut text = vec![b'\n'];
    serde_json::to_writer(&mut text, line).expect("a sheet line is plain data");
    text.push(b'\n');
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .and_then(|mut file: File| file.write_all(&text))
        .at(path)
}
