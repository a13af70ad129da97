//! What recording costs: `cargo run --release -p hotline-recordings --example many -- FOLDER RECORDINGS SECONDS` writes so
//! many two-party recordings through a pool, second by second, seals them, and prints the processor time of each part.

use std::error::Error;
use std::io::Write;

use hotline_recordings::{Begin, Chunk, PoolOptions, RecordingId, Refused, Store, WriterPool};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("FOLDER RECORDINGS SECONDS");
    let (folder, recordings, seconds) = (next()?, next()?.parse::<u32>()?, next()?.parse::<u64>()?);

    let store = Store::open(folder)?;
    let pool = WriterPool::start(store, PoolOptions::default(), |_| {})?;
    let recorder = pool.recorder();
    // Any day will do: 2025-01-24.
    let id = |n: u32| {
        let bits = 1_737_680_400_000_u128 << 80 | 7 << 76 | 0b10 << 62 | u128::from(n);
        RecordingId::from_u128(bits).expect("version and variant are set")
    };
    let noise: Vec<i16> = (0..8_000)
        .map(|at: i32| (at * 7_919 % 16_000 - 8_000) as i16)
        .collect();

    for n in 0..recordings {
        patiently(|| {
            recorder.begin(Begin {
                id: id(n),
                call_id: n.to_string(),
                started_at_ms: 0,
                parties: Vec::new(),
            })
        });
    }
    for second in 0..seconds {
        for n in 0..recordings {
            patiently(|| {
                let start_sample = second * 8_000;
                let tracks = vec![(0, noise.clone()), (1, noise.clone())];
                recorder.chunk(
                    id(n),
                    Chunk {
                        start_sample,
                        tracks,
                    },
                )
            });
        }
    }
    while recorder.counters().waiting > 0 {
        std::thread::yield_now();
    }
    let (writing, memory) = (processor_ms()?, resident_kib()?);
    for n in 0..recordings {
        patiently(|| recorder.finish(id(n), 0, 0, "call_ended"));
    }
    pool.drain();
    let sealing = processor_ms()? - writing;
    let sound_ms = seconds * 1_000;
    writeln!(
        std::io::stdout(),
        "{recordings} recordings of {seconds} s: writing {writing} ms of processor time ({:.1} % of a core live), \
         sealing {sealing} ms, {memory} KiB resident while writing",
        100.0 * writing as f64 / sound_ms as f64,
    )?;
    Ok(())
}

/// A producer in a server drops and counts; here every chunk shall be paid for.
fn patiently(send: impl Fn() -> Result<(), Refused>) {
    while send().is_err() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// User and system time so far (proc(5): fields 14 and 15, in ticks of 10 ms).
fn processor_ms() -> Result<u64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit_once(')').ok_or("stat")?.1.split_whitespace();
    let ticks: Vec<u64> = fields.skip(11).take(2).flat_map(str::parse).collect();
    Ok(ticks.iter().sum::<u64>() * 10)
}

fn resident_kib() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let word = line.and_then(|line| line.split_whitespace().next());
    Ok(word.ok_or("VmRSS")?.parse()?)
}
