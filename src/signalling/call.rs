//! One live call: its parties, where each stands, and what each therefore hears.
//!
//! A call has two rooms. The citizen is always in `Main`; an agent who puts the citizen on hold or consults a
//! specialist steps `Aside`. Whoever is in a room hears the others in it; a citizen alone in `Main` hears music.
//! Hold, consult, conference, transfer and "leave the two talking" are then only moves between rooms.

use std::net::SocketAddr;
use std::time::Instant;

use hotline_sip::endpoint::LegHandle;
use hotline_sip::header::Transport;
use hotline_sip::sdp::{self, Negotiated, Protection, SessionDescription};

use super::journal::CommitToken;
use super::media::{Carriage, Hears};
use super::registrar::PhoneName;
use crate::domain::acd::OfferToken;
use crate::domain::call::wish::Purpose;
use crate::domain::call::{Cdr, LegRole, Quality};
use crate::domain::id::{CallId, LegId, QueueName, RecordingId, TrunkName, Username};
use crate::domain::staff::Actor;
use crate::domain::time::Timestamp;

/// Where a party stands in its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// With the citizen.
    Main,
    /// Out of the citizen's hearing: holding, or consulting.
    Aside,
    /// A supervisor on top of the others.
    Listening(Listening),
}

impl Room {
    /// The room's name in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Aside => "aside",
            Self::Listening(Listening::Monitor) => "monitor",
            Self::Listening(Listening::Whisper) => "whisper",
        }
    }
}

/// How a supervisor takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listening {
    /// 监听: hears everybody, is heard by nobody.
    Monitor,
    /// 耳语: the agent hears the supervisor, the citizen does not.
    Whisper,
}

/// How far a leg has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// The other side called us and waits for our answer.
    Arriving,
    /// We called and wait for the other side.
    Calling,
    /// We called; the other side sends sound already (early media).
    Early,
    Up,
    /// Over; kept for the record.
    Ended,
}

/// One party's side of a call.
#[derive(Debug)]
pub struct Leg {
    pub id: LegId,
    pub role: LegRole,
    pub room: Room,
    pub stage: Stage,
    /// Whole number or extension, for the record.
    pub party: String,
    /// The person at this leg, when it is one of ours.
    pub user: Option<Username>,
    /// One dialog once answered; several while a phone with several contacts is forked to.
    pub dialogs: Vec<LegHandle>,
    pub sip_call_id: String,
    /// The media side's name for its sound. The leg's own id, unless another of its branches answered.
    pub sound: LegId,
    /// What our side of its media can do, and where it is.
    pub ours: sdp::Local,
    /// The session we last described to this side.
    pub local: SessionDescription,
    pub remote: Option<Negotiated>,
    /// Other kinds of phones that ring for it, until one answers. At most one of each kind.
    pub branches: Vec<Branch>,
    /// We called back early media to a caller that still waits for our answer.
    pub early: bool,
    /// The other side put us on hold.
    pub held_by_remote: bool,
    /// The media side hears nothing from it, since then.
    pub quiet_since: Option<Instant>,
    /// The registered phone at its end: it may come back by another connection.
    pub phone: Option<PhoneName>,
    /// Its connection is gone, since then, and it has not come back.
    pub stranded_since: Option<Instant>,
    pub media_open: bool,
    /// Its media may come from behind a NAT: a phone that registered here. A carrier sends from where it said.
    pub nat: bool,
    /// Last told to the media side.
    pub hears: Hears,
    pub started_at: Timestamp,
    pub answered_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub status: Option<u16>,
    pub quality: Quality,
    /// The queue's offer this leg rings for.
    pub offer: Option<OfferToken>,
    /// The dialog whose REFER asked for this leg; it is told how that goes (RFC 3515).
    pub referrer: Option<LegHandle>,
    /// The carrier's gateway that the last INVITE went to.
    pub gateway: Option<(TrunkName, SocketAddr)>,
    /// Where to try next when this destination fails (trunk fail-over).
    pub alternatives: Vec<Destination>,
    /// Phones that were offered G.711 alone: who refuses that is asked again with all that we can speak.
    pub offered_g711: Vec<(LegHandle, Destination)>,
    /// Who else may be rung when this one does not come.
    pub others: Vec<Target>,
    /// When a ringing leg is given up.
    pub give_up_at: Option<Instant>,
    /// Its sound came once: from then on it can be missed.
    pub heard: bool,
    /// The media side's first and last word on that it sends nothing.
    pub silent: Option<(Instant, Instant)>,
    /// A probe of a phone that fell silent.
    pub silence: Silence,
    /// When that goes on.
    pub silence_due: Option<Instant>,
}

/// What phones of one kind are offered, and the place on the media side that they would be heard at. A page, a phone with keys and a
/// plain one cannot be asked with one offer (RFC 3264 §5): where a leg rings several kinds, each has its own.
#[derive(Debug)]
pub struct Branch {
    pub sound: LegId,
    pub ours: sdp::Local,
    pub local: SessionDescription,
    pub remote: Option<Negotiated>,
    pub dialogs: Vec<LegHandle>,
}

/// What we know of a leg that stopped sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Silence {
    #[default]
    None,
    /// Asked the phone whether it lives (OPTIONS in dialog).
    Probing { told_citizen: bool },
    /// It is taken to live: it answered, or was not asked yet. It is asked again after a while.
    Alive,
}

/// Whom to ring: all of `phones` at once, or `one_by_one` until somebody answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub party: String,
    pub user: Option<Username>,
    pub phones: Vec<Destination>,
    pub one_by_one: Vec<Destination>,
    /// Reached through a trunk.
    pub outside: bool,
    /// Who else will do when they do not come.
    pub others: Vec<Target>,
}

impl Target {
    /// Where an INVITE may go first.
    pub fn destinations(&self) -> impl Iterator<Item = &Destination> {
        self.phones.iter().chain(&self.one_by_one)
    }
}

/// One place to send an INVITE to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Request-URI.
    pub uri: String,
    pub flow: hotline_sip::endpoint::Flow,
    /// Route set learnt from Path (RFC 3327).
    pub path: Vec<String>,
    pub trunk: Option<crate::domain::id::TrunkName>,
    /// A phone that registered here.
    pub registered: bool,
    /// Its stream must be encrypted.
    pub srtp: bool,
}

impl Destination {
    /// What the phone there can take.
    pub fn carriage(&self) -> Carriage {
        carriage_of(&self.flow.transport)
    }
}

/// Whether this is what a phone there is offered.
fn fits(ours: &sdp::Local, destination: &Destination) -> bool {
    let is_web = destination.carriage() == Carriage::WebRtc;
    let may_have_keys = destination.flow.transport.is_encrypted();
    match &ours.protection {
        Protection::Dtls(_) => is_web,
        Protection::Sdes(_) => !is_web && destination.srtp,
        Protection::Possible(_) => !is_web && !destination.srtp && may_have_keys,
        Protection::Plain => !is_web && !destination.srtp && !may_have_keys,
    }
}

/// Who speaks SIP over a WebSocket is a browser, or as good as one.
pub fn carriage_of(transport: &Transport) -> Carriage {
    match transport {
        Transport::Ws | Transport::Wss => Carriage::WebRtc,
        Transport::Udp | Transport::Tcp | Transport::Tls | Transport::Other(_) => Carriage::Rtp,
    }
}

/// What the call as a whole is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doing {
    /// The commit before our 200 OK is under way.
    Committing(CommitToken),
    /// Plays an announcement, then hangs up.
    Announcing(String),
    /// `*43`.
    Echoing,
    /// Waits for a person; `position` as last told, 0 before that.
    Waiting { position: usize, agent_lost: bool },
    /// Parties speak, hold, consult.
    Talking,
    /// One side rings for the other (extension to extension, or outward).
    Ringing,
    /// Everybody is leaving; waits for the media side's last word.
    Ending { give_up_at: Instant },
}

/// A live call. Owned by call control, nobody else.
#[derive(Debug)]
pub struct Call {
    pub id: CallId,
    pub doing: Doing,
    pub legs: Vec<Leg>,
    pub queue: Option<QueueName>,
    /// 重点号码: its caller waits behind others, and hears so.
    pub flagged: bool,
    pub record: bool,
    pub recording: Option<RecordingId>,
    pub recording_paused: bool,
    pub cdr: Cdr,
    /// Our monotonic start, for waits.
    pub started: Instant,
    pub answered: Option<Instant>,
    /// The server placed this call itself, for this purpose and person.
    pub placed: Option<(Purpose, Actor, RecordingId)>,
}

impl Leg {
    /// What our side of the media of phones of this kind can do, and what they are offered.
    pub fn offer_to(
        &self,
        destination: &Destination,
    ) -> Option<(&sdp::Local, &SessionDescription)> {
        let branches = self.branches.iter();
        let others = branches.map(|branch| (&branch.ours, &branch.local));
        let mut all = std::iter::once((&self.ours, &self.local)).chain(others);
        all.find(|(ours, _)| fits(ours, destination))
    }

    /// Phones of this kind take no G.711: they are offered what else we speak from now on.
    pub fn offer_more_to(&mut self, destination: &Destination) {
        let branches = self.branches.iter_mut();
        let others = branches.map(|branch| (&mut branch.ours, &mut branch.local));
        let all = std::iter::once((&mut self.ours, &mut self.local)).chain(others);
        for (ours, local) in all {
            if fits(ours, destination) {
                ours.codecs.append(&mut ours.if_insisted);
                *local = sdp::make_offer(ours, Some(local));
            }
        }
    }

    /// A phone of this kind was asked.
    pub fn asked(&mut self, destination: &Destination, dialog: LegHandle) {
        self.dialogs.push(dialog);
        if fits(&self.ours, destination) {
            return;
        }
        if let Some(branch) = self
            .branches
            .iter_mut()
            .find(|b| fits(&b.ours, destination))
        {
            branch.dialogs.push(dialog);
        }
    }

    /// What was offered by this dialog.
    pub fn offered(&self, dialog: LegHandle) -> &SessionDescription {
        let theirs = |branch: &&Branch| branch.dialogs.contains(&dialog);
        let branch = self.branches.iter().find(theirs);
        branch.map_or(&self.local, |branch| &branch.local)
    }

    /// The branch of this dialog is the leg's own from now on.
    pub fn turn_to(&mut self, dialog: LegHandle) {
        let theirs = |branch: &Branch| branch.dialogs.contains(&dialog);
        let Some(at) = self.branches.iter().position(theirs) else {
            return;
        };
        let mut before = self.dialogs.clone();
        for branch in &self.branches {
            before.retain(|dialog| !branch.dialogs.contains(dialog));
        }
        let branch = &mut self.branches[at];
        branch.dialogs = before;
        std::mem::swap(&mut self.sound, &mut branch.sound);
        std::mem::swap(&mut self.ours, &mut branch.ours);
        std::mem::swap(&mut self.local, &mut branch.local);
        std::mem::swap(&mut self.remote, &mut branch.remote);
        // What the media side was told of the one before.
        self.hears = Hears::Nothing;
    }

    /// Silent, and slow to say that it lives.
    fn is_thought_dead(&self) -> bool {
        self.silence == Silence::Probing { told_citizen: true }
    }
}

impl Call {
    pub fn leg(&self, id: LegId) -> Option<&Leg> {
        self.legs.iter().find(|leg| leg.id == id)
    }

    pub fn leg_mut(&mut self, id: LegId) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.id == id)
    }

    pub fn by_dialog(&mut self, dialog: LegHandle) -> Option<&mut Leg> {
        self.legs
            .iter_mut()
            .find(|leg| leg.dialogs.contains(&dialog))
    }

    /// The agent who has the call now.
    pub fn agent(&self) -> Option<&Leg> {
        self.legs
            .iter()
            .find(|leg| leg.role == LegRole::Agent && leg.stage != Stage::Ended)
    }

    pub fn live_legs(&self) -> impl Iterator<Item = &Leg> {
        self.legs.iter().filter(|leg| leg.stage != Stage::Ended)
    }

    /// What the call looks like from outside.
    pub fn state(&self) -> &'static str {
        match &self.doing {
            Doing::Committing(_) => "arriving",
            Doing::Announcing(_) | Doing::Echoing => "announcing",
            Doing::Waiting { .. } => {
                if self.agent().is_some() {
                    "offered"
                } else {
                    "queued"
                }
            }
            Doing::Ringing => "ringing",
            Doing::Ending { .. } => "ending",
            Doing::Talking => {
                let in_room = |room| {
                    self.live_legs()
                        .filter(|leg| leg.room == room && leg.stage == Stage::Up)
                        .count()
                };
                match (in_room(Room::Main), in_room(Room::Aside)) {
                    (3.., _) => "conference",
                    (_, 2..) => "consulting",
                    (_, 1) if self.live_legs().any(|leg| leg.role == LegRole::Specialist) => {
                        "consulting"
                    }
                    (_, 1) => "held",
                    (_, 0) => "talking",
                }
            }
        }
    }

    /// What every leg with sound should hear now, following only from the call's state. Whom it hears is said as the media side knows them.
    pub fn topology(&self) -> Vec<(LegId, Hears)> {
        let hearable = |leg: &&Leg| {
            let sounds = match leg.stage {
                Stage::Up | Stage::Early => true,
                Stage::Arriving => leg.early,
                Stage::Calling | Stage::Ended => false,
            };
            sounds && leg.media_open && leg.remote.is_some()
        };
        let sounding: Vec<&Leg> = self.legs.iter().filter(hearable).collect();
        sounding
            .iter()
            .map(|leg| (leg.id, self.hears(leg, &sounding)))
            .collect()
    }

    fn hears(&self, leg: &Leg, sounding: &[&Leg]) -> Hears {
        match &self.doing {
            Doing::Committing(_) | Doing::Ending { .. } => return Hears::Nothing,
            Doing::Announcing(file) => return Hears::Announcement(file.clone()),
            Doing::Echoing => return Hears::Echo,
            Doing::Waiting {
                position,
                agent_lost,
            } if leg.role == LegRole::Citizen => {
                return Hears::Prompts {
                    prompts: waiting_prompts(*position, *agent_lost, self.flagged),
                    then_music: true,
                };
            }
            // The phone that rings for a waiting citizen has nobody to listen to yet.
            Doing::Waiting { .. } => return Hears::Nothing,
            Doing::Talking | Doing::Ringing => {}
        }
        if leg.stage == Stage::Early {
            // Whoever has not answered may be heard, but hears nobody.
            return Hears::Nothing;
        }
        let others = sounding
            .iter()
            .filter(|other| other.id != leg.id && self.is_heard(other, leg));
        let legs: Vec<LegId> = others.map(|other| other.sound).collect();
        match (legs.is_empty(), leg.role, &self.doing) {
            (false, _, _) => Hears::Legs(legs),
            (true, LegRole::Citizen, Doing::Talking) => {
                let lost = self.agent().is_some_and(Leg::is_thought_dead);
                let prompts = if lost { vec!["agent_lost"] } else { Vec::new() };
                Hears::Prompts {
                    prompts,
                    then_music: true,
                }
            }
            (true, _, _) => Hears::Nothing,
        }
    }

    fn is_heard(&self, speaker: &Leg, listener: &Leg) -> bool {
        // A phone that died says nothing: its citizen hears the prompt instead.
        if speaker.is_thought_dead() {
            return false;
        }
        match (speaker.room, listener.room) {
            (Room::Listening(Listening::Monitor), _) => false,
            (Room::Listening(Listening::Whisper), _) => listener.role == LegRole::Agent,
            (_, Room::Listening(_)) => true,
            (Room::Main, Room::Main) | (Room::Aside, Room::Aside) => true,
            (Room::Main, Room::Aside) | (Room::Aside, Room::Main) => false,
        }
    }
}

/// What a waiting citizen is told: 您前面还有 N 位. Position 0 is "not yet known".
fn waiting_prompts(position: usize, agent_lost: bool, flagged: bool) -> Vec<&'static str> {
    const NUMBERS: [&str; 10] = [
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
    ];
    // They are told so, and that a person will answer.
    let mut prompts = if flagged { vec!["flagged"] } else { Vec::new() };
    let told = match (agent_lost, position) {
        (true, _) => return vec!["agent_lost"],
        (false, 0) => Vec::new(),
        (false, 1) => vec!["waiting"],
        (false, ahead) => {
            let number = NUMBERS.get(ahead - 2).copied().unwrap_or("position_many");
            vec!["waiting", "position_before", number, "position_after"]
        }
    };
    prompts.extend(told);
    prompts
}
