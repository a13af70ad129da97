//! A server in a folder of its own with people to ask and phones to call: what most tests of the whole program begin with.

use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::http::Person;
use crate::phone::{Call, Phone};
use crate::server::{Place, Server};

/// No answer of a site takes longer than this, however loaded the machine is.
pub const SOON: Duration = Duration::from_secs(30);

/// A server that runs, and where.
pub struct Site {
    pub server: Server,
    pub place: Place,
    _folder: TempDir,
}

impl Site {
    /// Starts `program` with `organisation` and `settings` (`LIMITS__CALLS`, …).
    pub fn new(program: &str, organisation: &str, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut place = Place::new(program, folder.path());
        for (key, value) in settings {
            place.set(key, value);
        }
        place.apply(organisation);
        Self {
            server: place.start(),
            place,
            _folder: folder,
        }
    }

    /// A registered phone.
    pub fn phone(&self, user: &str) -> Phone {
        let mut phone = Phone::new(self.server.sip, user, "secret");
        assert_eq!(phone.register(3600), 200, "{user} registers");
        phone
    }

    /// A citizen's phone behind the carrier.
    pub fn citizen(&self, number: &str) -> Phone {
        Phone::new(self.server.sip, number, "")
    }

    /// Who may look at everything.
    pub fn supervisor(&self) -> Person {
        Person::login(&self.server.http, "supervisor", "hotline-demo")
    }

    /// The record of an ended call.
    pub fn record(&self, sip_call_id: &str) -> Value {
        self.supervisor().wait_for(
            &format!("/api/v1/calls?sip_call_id={sip_call_id}"),
            SOON,
            |page| Some(page["items"][0].clone()).filter(|call| !call["termination"].is_null()),
        )
    }

    /// A citizen and an agent who hear each other.
    pub fn bridged(&self, citizen: (&mut Phone, f64), agent: (&mut Phone, f64)) -> (Call, Call) {
        let ((citizen, citizen_hz), (agent, agent_hz)) = (citizen, agent);
        let here = citizen.call("12345", citizen_hz).expect("12345 answers");
        let ringing = agent.ring();
        let there = agent.answer(ringing, agent_hz);
        assert!(
            here.audio.hears(agent_hz, true, SOON),
            "{}",
            self.server.log()
        );
        assert!(
            there.audio.hears(citizen_hz, true, SOON),
            "{}",
            self.server.log()
        );
        (here, there)
    }

    /// The server met no bug, ends in peace, and `hotline check` finds nothing.
    pub fn close(mut self) {
        self.met_no_bug();
        assert!(self.server.stop().success(), "{}", self.server.log());
        assert_eq!(self.place.check(), Vec::<String>::new());
    }

    /// It runs, and has met none of its own bugs so far.
    pub fn met_no_bug(&mut self) {
        assert!(self.server.is_running(), "{}", self.server.log());
        let panics =
            ["", "{where=\"signalling\"}"].map(|label| format!("hotline_panics_total{label}"));
        for series in panics {
            assert_eq!(self.server.metric(&series), 0.0, "{}", self.server.log());
        }
    }
}
