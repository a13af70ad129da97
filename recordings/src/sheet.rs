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
    pub(crate) gaps: Vec<Gap>,
    pub(crate) pause: Option<OpenPause>,
}

/// A pause nobody ended yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenPause {
    pub(crate) from_sample: u64,
    pub(crate) by: String,
    pub(crate) why: String,
}

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    Begin(Begin),
    Join(Party),
    Pause(OpenPause),
    Resume { at_sample: u64 },
    Lost { from_sample: u64, to_sample: u64 },
}

impl Sheet {
    pub(crate) fn new(begin: Begin) -> Self {
        Self {
            begin,
            gaps: Vec::new(),
            pause: None,
        }
    }

    /// Takes one more fact in.
    pub(crate) fn apply(&mut self, line: Line) {
        match line {
            Line::Begin(begin) => self.begin = begin,
            Line::Join(party) => {
                self.begin
                    .parties
                    .retain(|known| known.track != party.track);
                self.begin.parties.push(party);
            }
            Line::Pause(pause) => {
                self.pause.get_or_insert(pause);
            }
            Line::Resume { at_sample } => self.end_pause(at_sample),
            Line::Lost {
                from_sample,
                to_sample,
            } => self.gaps.push(Gap {
                from_sample,
                to_sample,
                cause: GapCause::Lost,
            }),
        }
    }

    /// Ends the running pause, if there is one, no earlier than it began.
    pub(crate) fn end_pause(&mut self, at_sample: u64) {
        if let Some(OpenPause {
            from_sample,
            by,
            why,
        }) = self.pause.take()
            && at_sample > from_sample
        {
            self.gaps.push(Gap {
                from_sample,
                to_sample: at_sample,
                cause: GapCause::Paused { by, why },
            });
        }
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
