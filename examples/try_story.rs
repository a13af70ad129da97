//! `cargo xtask try`: tells the whole story against the running demo and prints the chain.

use std::io::Write as _;

use testkit::sms_provider::SmsProvider;
use testkit::story::{World, run};

fn main() {
    let env =
        |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let address = |name: &str, default: &str| {
        env(name, default)
            .parse()
            .expect("an address like 127.0.0.1:5060")
    };
    let world = World {
        http: env("HOTLINE_TRY_HTTP", "http://127.0.0.1:8080"),
        sip: address("HOTLINE_TRY_SIP", "127.0.0.1:5060"),
        carrier: address("HOTLINE_TRY_CARRIER", "127.0.0.1:5090"),
        sms: SmsProvider::start(address("HOTLINE_TRY_SMS", "127.0.0.1:9000")),
        speech: Some(testkit::sound::citizen_speech()),
    };
    let mut out = std::io::stdout();
    let mut say = |line: &str| writeln!(out, "  ✓ {line}").expect("somebody reads this");
    let chain = run(&world, &mut say);
    let mut print = |line: String| writeln!(out, "{line}").expect("somebody reads this");
    print(format!("\ncall       {}", chain.call));
    print(format!("recording  {}.wav", chain.recording));
    print(format!("ticket     {}", chain.ticket));
    for recording in &chain.revisit_recordings {
        print(format!("revisit    {recording}.wav"));
    }
    for event in &chain.events {
        print(event.clone());
    }
}
