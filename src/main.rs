//! Arguments → configuration → `app`.

fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
