//! What must hold whatever happens: looked at after every step of call control (`check`), four times a second (`watch`)
//! and when everybody has gone home (`at_the_end`). A broken law panics; the runner says which seed it was.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use hotline::domain::acd::AgentState;
use hotline::domain::call::{Cdr, LegRole};
use hotline::domain::id::{CallId, LegId, Username};
use hotline::signalling::call::{Call, Doing, Leg, Listening, Room, Silence, Stage};
use hotline::signalling::control::Control;
use hotline::signalling::journal::{CommitToken, Entry};
use hotline::signalling::media::Hears;

use crate::phone::{LineState, Phone};
use crate::studio::Studio;

/// A citizen may hear nothing for so long while the call is up.
const NOTHING_MAX: Duration = Duration::from_secs(3);
/// A dead phone's leg is gone after so long, and its citizen back in the queue.
const DEAD_MAX: Duration = Duration::from_secs(10);
/// And the citizen hears something else than that phone after so long.
const PROMPT_MAX: Duration = Duration::from_secs(3);
/// Or so long when it was mute before: nobody could hear the difference, it was only asked now and then.
const MUTE_PROMPT_MAX: Duration = Duration::from_secs(6);
/// One that was never heard is not missed at once, but it is asked.
const UNHEARD_DEAD_MAX: Duration = Duration::from_secs(40);
/// A citizen's line that died is gone after so long, and the agent free.
const CITIZEN_DEAD_MAX: Duration = Duration::from_secs(75);
/// A phone may believe in a call that is over here for as long as a BYE may take on a bad line (64·T1), and a little more.
const ORPHAN_MAX: Duration = Duration::from_secs(40);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Commit {
    Waiting,
    Kept,
    Refused,
}

#[derive(Debug)]
struct Death {
    at: Instant,
    call: CallId,
    leg: LegId,
    dead_by: Instant,
    prompt_by: Instant,
}

#[derive(Default)]
pub(crate) struct Laws {
    begun: BTreeSet<CallId>,
    pub(crate) ended: BTreeMap<CallId, Cdr>,
    tokens: BTreeMap<CommitToken, String>,
    /// By the SIP Call-ID of the citizen who is to be answered.
    commits: BTreeMap<String, Commit>,
    nothing_since: BTreeMap<LegId, Instant>,
    deaths: Vec<Death>,
    orphans: BTreeMap<(String, String), Instant>,
    /// How often each thing of interest happened, so that a run shows it was no walk in the park.
    pub(crate) seen: BTreeMap<&'static str, u32>,
}

impl Laws {
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    // ---- the database ----------------------------------------------------------------------------------------------

    pub(crate) fn journalled(&mut self, entry: &Entry, token: Option<CommitToken>) {
        match entry {
            Entry::Answered(answered) => {
                self.begun.insert(answered.cdr.id);
                let token = token.expect("an answer waits for its commit");
                let before = self
                    .commits
                    .insert(answered.cdr.sip_call_id.clone(), Commit::Waiting);
                assert_eq!(before, None, "call {} was committed twice", answered.cdr.id);
                self.tokens.insert(token, answered.cdr.sip_call_id.clone());
            }
            Entry::Progressed(cdr) => {
                self.begun.insert(cdr.id);
                assert!(
                    !self.ended.contains_key(&cdr.id),
                    "call {} goes on after its end",
                    cdr.id
                );
            }
            Entry::Ended(cdr) => {
                let termination = cdr
                    .termination
                    .as_ref()
                    .expect("an ended call has a termination");
                assert!(
                    !termination.reason.is_empty() && cdr.ended_at.is_some(),
                    "{cdr:?}"
                );
                assert!(
                    cdr.legs.iter().all(|leg| leg.ended_at.is_some()),
                    "a leg outlives its call: {cdr:?}"
                );
                self.count(match termination.reason.as_str() {
                    "abandoned_in_queue" => "end: abandoned in queue",
                    "caller_hung_up" => "end: caller hung up",
                    "agent_hung_up" => "end: agent hung up",
                    "not_kept" => "end: not kept",
                    "cancelled" => "end: cancelled",
                    "server_stopped" => "end: server stopped",
                    _ => "end: other",
                });
                self.begun.insert(cdr.id);
                let before = self.ended.insert(cdr.id, (**cdr).clone());
                assert!(before.is_none(), "call {} ended twice", cdr.id);
            }
            Entry::AgentState(change) => {
                assert_ne!(
                    change.reason, "reaped",
                    "the distributor had to free {} from a call nobody held",
                    change.agent
                );
                assert_ne!(change.from, change.to, "no change: {change:?}");
            }
        }
    }

    pub(crate) fn committed(&mut self, token: CommitToken, kept: bool) {
        let call_id = self
            .tokens
            .remove(&token)
            .expect("each commit is told once");
        self.count(if kept {
            "answer kept"
        } else {
            "answer not kept"
        });
        self.commits
            .insert(call_id, if kept { Commit::Kept } else { Commit::Refused });
    }

    /// Looks at a datagram that leaves the server: no 200 may answer a citizen before the commit.
    pub(crate) fn sent(&self, bytes: &[u8]) {
        if !bytes.starts_with(b"SIP/2.0 200") {
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        let header = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name))
                .map(str::trim)
        };
        if header("CSeq:").is_some_and(|cseq| cseq.ends_with("INVITE"))
            && let Some(commit) = header("Call-ID:").and_then(|call_id| self.commits.get(call_id))
        {
            assert_eq!(*commit, Commit::Kept, "a 200 left before its commit");
        }
    }

    // ---- every step ------------------------------------------------------------------------------------------------

    pub(crate) fn check(&mut self, now: Instant, control: &Control, studio: &Studio) {
        assert!(
            studio.complaints.is_empty(),
            "the media side was told nonsense: {:?}",
            studio.complaints
        );
        let mut people: BTreeMap<&Username, Person> = BTreeMap::new();
        for call in control.calls() {
            self.begun.insert(call.id);
            assert!(
                !self.ended.contains_key(&call.id),
                "call {} lives after its record",
                call.id
            );
            self.check_call(call, studio);
            self.note_silence(now, call, studio);
            for leg in call.live_legs() {
                let Some(user) = &leg.user else { continue };
                let person = people.entry(user).or_default();
                match leg.stage {
                    Stage::Calling | Stage::Early if leg.offer.is_some() => {
                        person.offered.push(call.id)
                    }
                    Stage::Calling | Stage::Early | Stage::Arriving => person.ringing.push(call.id),
                    Stage::Up if matches!(call.doing, Doing::Echoing | Doing::Announcing(_)) => {}
                    Stage::Up => person.up.push(call.id),
                    Stage::Ended => {}
                }
            }
        }
        for (username, state, call) in control.agents() {
            let nobody = Person::default();
            let person = people.get(username).unwrap_or(&nobody);
            assert!(
                person.offered.len() <= 1,
                "{username} is offered {:?}",
                person.offered
            );
            assert!(
                person.up.len() <= 1,
                "{username} is in calls {:?} at once",
                person.up
            );
            match state {
                AgentState::Offered => {
                    assert_eq!(
                        person.offered.first().copied(),
                        call,
                        "{username} is offered a call nobody rings for"
                    );
                    assert!(
                        person.up.is_empty(),
                        "{username} is offered a call while in {:?}",
                        person.up
                    );
                }
                AgentState::Talking => {
                    let there = call.is_some_and(|call| {
                        person.up.contains(&call) || person.ringing.contains(&call)
                    });
                    assert!(
                        there,
                        "{username} talks in {call:?}, but has no leg there: {person:?}"
                    );
                    assert!(
                        person.up.iter().all(|up| Some(*up) == call),
                        "{username} talks in {call:?}, but is in {person:?}"
                    );
                }
                AgentState::Offline
                | AgentState::Ready
                | AgentState::WrapUp
                | AgentState::Break { .. } => {
                    assert!(
                        person.up.is_empty(),
                        "{username} is {state:?}, but in {:?}",
                        person.up
                    );
                    assert!(
                        person.offered.is_empty(),
                        "{username} is {state:?}, but rings for {:?}",
                        person.offered
                    );
                }
            }
        }
    }

    fn check_call(&self, call: &Call, studio: &Studio) {
        let up = |leg: &&Leg| leg.stage == Stage::Up;
        let agents = call
            .legs
            .iter()
            .filter(up)
            .filter(|leg| leg.role == LegRole::Agent)
            .count();
        assert!(
            agents <= 1,
            "call {} has {agents} answering agents",
            call.id
        );
        assert!(
            matches!(call.doing, Doing::Ending { .. }) || call.live_legs().next().is_some(),
            "call {} lives without a leg: {:?}",
            call.id,
            call.doing
        );
        if call.queue.is_some()
            && call
                .legs
                .iter()
                .any(|leg| leg.role == LegRole::Citizen && leg.stage == Stage::Up)
        {
            let commit = self.commits.get(&call.cdr.sip_call_id);
            assert_eq!(
                commit,
                Some(&Commit::Kept),
                "call {} was answered before it was kept",
                call.id
            );
        }
        for leg in call.live_legs() {
            let Some(channel) = studio.channels.get(&leg.sound) else {
                panic!("leg {} has no port", leg.id)
            };
            assert!(
                !channel.closed && channel.call == call.id,
                "leg {} lives on a closed port",
                leg.id
            );
            if let Hears::Legs(heard) = &channel.hears {
                for speaker in heard {
                    check_ear(call, leg, *speaker, studio);
                }
            }
        }
        if let (Some(recording), false) =
            (call.recording, matches!(call.doing, Doing::Ending { .. }))
        {
            let take = studio
                .takes
                .get(&recording)
                .expect("a recording that is named was begun");
            assert!(
                !take.finished && take.call == call.id,
                "recording {recording} ended before its call"
            );
            assert_eq!(
                take.paused, call.recording_paused,
                "recording {recording} is not as paused as shown"
            );
            for leg in call
                .live_legs()
                .filter(up)
                .filter(|leg| call.track_of(leg.id).is_some())
            {
                let on_track = take.tracks.iter().any(|track| track.leg == leg.sound);
                assert!(
                    on_track,
                    "leg {} ({:?}) of call {} is not recorded",
                    leg.id, leg.role, call.id
                );
            }
        }
    }

    fn note_silence(&mut self, now: Instant, call: &Call, studio: &Studio) {
        for leg in &call.legs {
            let channel = studio.channels.get(&leg.sound);
            let nothing = leg.role == LegRole::Citizen
                && leg.stage == Stage::Up
                && !matches!(call.doing, Doing::Ending { .. })
                // Who made no offer is not known to listen anywhere before the ACK.
                && channel.is_some_and(|channel| channel.remote.is_some() && channel.hears == Hears::Nothing);
            if nothing {
                self.nothing_since.entry(leg.id).or_insert(now);
            } else {
                self.nothing_since.remove(&leg.id);
            }
        }
    }

    // ---- four times a second ---------------------------------------------------------------------------------------

    /// Notes which legs a phone leaves behind when its power fails in the middle of talk.
    pub(crate) fn phone_died(&mut self, now: Instant, phone: IpAddr, control: &Control) {
        for call in control
            .calls()
            .filter(|call| matches!(call.doing, Doing::Talking))
        {
            for leg in call.live_legs().filter(|leg| leg.stage == Stage::Up) {
                // Who holds us without sending anything is asked only every now and then.
                let was_there = leg.remote.as_ref().is_some_and(|remote| {
                    remote.remote.ip() == phone && remote.direction.receives()
                });
                if was_there {
                    self.count("phone died in talk");
                    let (dead_max, prompt_max) = match (leg.role, leg.heard, leg.silence) {
                        (LegRole::Citizen, _, _) => (CITIZEN_DEAD_MAX, CITIZEN_DEAD_MAX),
                        (_, false, _) => (UNHEARD_DEAD_MAX, UNHEARD_DEAD_MAX),
                        (_, true, Silence::None) => (DEAD_MAX, PROMPT_MAX),
                        (_, true, _) => (DEAD_MAX, MUTE_PROMPT_MAX),
                    };
                    self.deaths.push(Death {
                        at: now,
                        call: call.id,
                        leg: leg.id,
                        dead_by: now + dead_max,
                        prompt_by: now + prompt_max,
                    });
                }
            }
        }
    }

    pub(crate) fn watch(
        &mut self,
        now: Instant,
        control: &Control,
        studio: &Studio,
        phones: &[Phone],
    ) {
        for (leg, since) in &self.nothing_since {
            assert!(
                now <= *since + NOTHING_MAX,
                "the citizen at leg {leg} hears nothing since {:?}",
                now - *since
            );
        }
        self.deaths.retain(|death| {
            let Some(call) = control.calls().find(|call| call.id == death.call) else {
                return false;
            };
            let Some(leg) = call.leg(death.leg).filter(|leg| leg.stage == Stage::Up) else {
                return false;
            };
            assert!(
                now <= death.dead_by,
                "leg {} ({:?}) of call {} is dead since {:?} and still up: {:?}",
                leg.id,
                leg.role,
                call.id,
                now - death.at,
                leg.silence,
            );
            for citizen in call
                .live_legs()
                .filter(|leg| leg.role == LegRole::Citizen && leg.stage == Stage::Up)
            {
                let hears = studio
                    .channels
                    .get(&citizen.sound)
                    .map(|channel| &channel.hears);
                let only_the_dead =
                    matches!(hears, Some(Hears::Legs(legs)) if *legs == [leg.sound]);
                assert!(
                    !only_the_dead || now <= death.prompt_by,
                    "the citizen of call {} listens to a dead phone since {:?}",
                    call.id,
                    now - death.at,
                );
            }
            true
        });
        self.watch_phones(now, control, phones);
    }

    fn watch_phones(&mut self, now: Instant, control: &Control, phones: &[Phone]) {
        let here: BTreeSet<&str> = control
            .calls()
            .flat_map(Call::live_legs)
            .map(|leg| leg.sip_call_id.as_str())
            .collect();
        let mut orphans = BTreeMap::new();
        for phone in phones.iter().filter(|phone| phone.alive) {
            let lines = phone
                .lines
                .values()
                .filter(|line| line.state == LineState::Up);
            for line in lines.filter(|line| !here.contains(line.call_id.as_str())) {
                let key = (phone.name.clone(), line.call_id.clone());
                let since = self.orphans.get(&key).copied().unwrap_or(now);
                assert!(
                    now <= since + ORPHAN_MAX,
                    "{} is left in a call that ended: {}",
                    key.0,
                    key.1
                );
                orphans.insert(key, since);
            }
        }
        self.orphans = orphans;
    }

    // ---- the end ---------------------------------------------------------------------------------------------------

    /// Everybody has hung up, and time enough has passed for every message to arrive or be given up.
    pub(crate) fn at_the_end(&self, control: &Control, studio: &Studio, phones: &[Phone]) {
        assert_eq!(control.live_calls(), 0, "calls are left");
        let ended: BTreeSet<CallId> = self.ended.keys().copied().collect();
        assert_eq!(self.begun, ended, "each call that began has one record");
        assert_eq!(
            studio.open_ports(),
            0,
            "ports are left open: {:?}",
            studio.channels
        );
        for (recording, take) in &studio.takes {
            assert!(take.finished, "recording {recording} was never finished");
            let named = self.ended[&take.call].recording_id;
            assert_eq!(
                named,
                Some(*recording),
                "the record of call {} names another recording",
                take.call
            );
        }
        for (call, cdr) in &self.ended {
            if let Some(recording) = cdr.recording_id {
                assert!(
                    studio.takes.contains_key(&recording),
                    "call {call} names a recording that never began"
                );
            }
        }
        for (agent, state, _) in control.agents() {
            let at_rest = match state {
                AgentState::Ready | AgentState::Offline | AgentState::Break { .. } => true,
                AgentState::Offered | AgentState::Talking | AgentState::WrapUp => false,
            };
            assert!(at_rest, "{agent} is stuck: {state:?}");
        }
        let tables = control.endpoint_stats();
        let left = tables.legs + tables.client_transactions + tables.server_transactions;
        assert_eq!(left, 0, "the endpoint kept something: {tables:?}");
        for phone in phones {
            assert!(
                phone.lines.is_empty() && phone.is_empty(),
                "{} kept something: {:?}",
                phone.name,
                phone.lines
            );
        }
    }
}

/// What one of our people is in, as the legs tell.
#[derive(Debug, Default)]
struct Person {
    offered: Vec<CallId>,
    ringing: Vec<CallId>,
    up: Vec<CallId>,
}

/// Who may hear whom.
fn check_ear(call: &Call, listener: &Leg, speaker: LegId, studio: &Studio) {
    let says = || {
        format!(
            "{:?} {:?} hears leg {speaker} of call {}",
            listener.role, listener.room, call.id
        )
    };
    assert_ne!(speaker, listener.sound, "{}: itself", says());
    let Some(speaker) = call.live_legs().find(|leg| leg.sound == speaker) else {
        panic!("{}, which is not there", says());
    };
    assert!(
        studio
            .channels
            .get(&speaker.sound)
            .is_some_and(|channel| !channel.closed),
        "{}: no port",
        says()
    );
    match speaker.room {
        Room::Listening(Listening::Monitor) => panic!("{}: who only listens", says()),
        Room::Listening(Listening::Whisper) => {
            assert_eq!(
                listener.role,
                LegRole::Agent,
                "{}: a whisper for the agent",
                says()
            );
        }
        // What is said aside is not for the citizen, and the citizen is not heard aside.
        Room::Aside => assert_ne!(listener.room, Room::Main, "{}: said aside", says()),
        Room::Main => assert_ne!(listener.room, Room::Aside, "{}: said to others", says()),
    }
}
