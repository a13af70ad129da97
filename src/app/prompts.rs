//! The sounds callers hear: built into the binary, each replaceable by a file of the same name in `<data_dir>/prompts`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use hotline_media::Prompt;
use tracing::warn;

macro_rules! built_in {
    ($($name:literal),+ $(,)?) => {
        const BUILT_IN: &[(&str, &[u8])] =
            &[$(($name, include_bytes!(concat!("../../deploy/prompts/", $name, ".wav")))),+];
    };
}

built_in![
    "agent_lost",
    "closing",
    "flagged",
    "music",
    "number_1",
    "number_2",
    "number_3",
    "number_4",
    "number_5",
    "number_6",
    "number_7",
    "number_8",
    "number_9",
    "number_10",
    "position_after",
    "position_before",
    "position_many",
    "waiting",
];

/// All prompts, decoded once. Announcements named by the organisation are read when first played.
#[derive(Debug)]
pub(super) struct Prompts {
    folder: PathBuf,
    named: HashMap<&'static str, Arc<Prompt>>,
    announcements: Mutex<HashMap<String, Arc<Prompt>>>,
}

impl Prompts {
    /// Reads every prompt. A replacement that is no prompt stops the start with its name.
    pub(super) fn load(data_dir: &Path) -> anyhow::Result<Self> {
        let folder = data_dir.join("prompts");
        let mut named = HashMap::new();
        for (name, built_in) in BUILT_IN {
            let file = folder.join(format!("{name}.wav"));
            let replaced = match std::fs::read(&file) {
                Ok(bytes) => Some(bytes),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                Err(error) => {
                    return Err(error)
                        .with_context(|| format!("cannot read prompt {}", file.display()));
                }
            };
            let prompt = Prompt::from_wav(replaced.as_deref().unwrap_or(built_in))
                .with_context(|| format!("prompt {} is not usable", file.display()))?;
            named.insert(*name, Arc::new(prompt));
        }
        Ok(Self {
            folder,
            named,
            announcements: Mutex::default(),
        })
    }

    pub(super) fn named(&self, name: &str) -> Arc<Prompt> {
        Arc::clone(self.named.get(name).unwrap_or(&self.named["waiting"]))
    }

    pub(super) fn music(&self) -> Arc<Prompt> {
        Arc::clone(&self.named["music"])
    }

    /// `prompts/closing.wav`: a built-in or replaced prompt, or a file of the prompts folder.
    pub(super) fn announcement(&self, file: &str) -> Arc<Prompt> {
        let name = file.rsplit('/').next().unwrap_or(file);
        if let Some(prompt) = self.named.get(name.trim_end_matches(".wav")) {
            return Arc::clone(prompt);
        }
        let mut announcements = self
            .announcements
            .lock()
            .expect("no panic happens while announcements are held");
        if let Some(prompt) = announcements.get(name) {
            return Arc::clone(prompt);
        }
        let read = std::fs::read(self.folder.join(name))
            .ok()
            .and_then(|bytes| Prompt::from_wav(&bytes).ok());
        let prompt = match read {
            Some(prompt) => Arc::new(prompt),
            None => {
                warn!(
                    name,
                    "announcement {name} is missing or no 8 kHz mono WAV: the closing words are played"
                );
                Arc::clone(&self.named["closing"])
            }
        };
        announcements.insert(name.to_owned(), Arc::clone(&prompt));
        prompt
    }
}
