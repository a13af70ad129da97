//! Commands on their way to one media thread. A lock, not a channel: the standard library's bounded channel lets a receiver spin
//! while a sender is half-way through, and a media thread that runs at a higher real-time priority than the sender, on the
//! same core, would then spin for ever. A thread that waits for a lock sleeps, and its holder runs.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use super::{COMMANDS_MAX, Command, Error};

/// Bounded by [`COMMANDS_MAX`]: a further command is refused with [`Error::Busy`].
#[derive(Default)]
pub(super) struct Mailbox(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    commands: VecDeque<Command>,
    /// The thread has ended: nobody will read again.
    closed: bool,
}

impl Mailbox {
    pub(super) fn put(&self, command: Command) -> Result<(), Error> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(Error::Stopped);
        }
        if waiting.commands.len() >= COMMANDS_MAX {
            return Err(Error::Busy);
        }
        waiting.commands.push_back(command);
        Ok(())
    }

    /// Everything that waits, in order.
    pub(super) fn take(&self) -> VecDeque<Command> {
        std::mem::take(&mut self.lock().commands)
    }

    /// From now on every command is refused. Returns what came in before.
    pub(super) fn close(&self) -> VecDeque<Command> {
        let mut waiting = self.lock();
        waiting.closed = true;
        std::mem::take(&mut waiting.commands)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0
            .lock()
            .expect("no panic happens while the mailbox is held")
    }
}
