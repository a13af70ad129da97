//! What the store promises, told as stories on real files.

mod backup;
mod crash;
mod full_disk;
mod pool;
mod sound;
mod support;
mod tamper;
