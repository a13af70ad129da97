//! What a review of call control found, each told once so that it stays found.

use super::*;

/// Whose voices a recording has on which track, of the parties still there.
fn tracks(story: &Story) -> Vec<(u8, LegRole)> {
    let recording = story.call().recording.expect("the call is recorded");
    let studio = story.world.studio.lock().unwrap();
    let tracks = &studio.takes[&recording].tracks;
    let live = |leg| story.call().live_legs().any(|live| live.id == leg);
    let mut tracks: Vec<(u8, LegRole)> = tracks
        .iter()
        .filter(|track| live(track.leg))
        .map(|track| (track.number, track.role))
        .collect();
    tracks.sort_by_key(|(number, _)| *number);
    tracks
}

#[test]
fn an_agent_whose_phone_is_heard_again_is_not_asked_any_more() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &[]);
    let agent = story.phone("agent1");
    story.pass(SECOND);
    // The line is broken for a while: nothing is heard, and no question is answered in time.
    story.world.phones[agent].muted = true;
    story.world.phones[agent].alive = false;
    story.pass(3 * SECOND);
    assert_eq!(story.hears(LegRole::Citizen), lost());
    story.world.phones[agent].alive = true;
    story.world.phones[agent].muted = false;
    story.pass(SECOND);
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    assert_eq!(story.leg(LegRole::Agent).silence_due, None);
    story.pass(30 * SECOND);
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn an_agent_who_is_only_rung_declines_with_the_hang_up_button() {
    let mut story = Story::with(&["agent1", "agent2"]);
    let (citizen, line) = story.citizen_dials("12345");
    story.pass(SECOND);
    let rung = story.leg(LegRole::Agent).user.clone().unwrap();
    story.press(&rung.0, CallCommand::HangUp).unwrap();
    assert_eq!(story.line(&rung.0, LineState::Ringing), None);
    let other = story.leg(LegRole::Agent).user.clone().unwrap();
    assert_ne!(other, rung);
    story.answers(&other.0);
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_supervisor_who_barged_in_keeps_the_citizen_when_the_agent_leaves() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &["super1"]);
    story.press("super1", CallCommand::Barge).unwrap();
    story.answers("super1");
    let talk = story.line("agent1", LineState::Up).unwrap();
    story.hangs_up(story.phone("agent1"), talk);
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    assert_eq!(
        story.leg(LegRole::Agent).user,
        Some(Username::from("super1"))
    );
    assert_eq!(tracks(&story), [(0, LegRole::Citizen), (1, LegRole::Agent)]);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn what_a_supervisor_whispers_after_barging_is_not_recorded() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &["super1"]);
    story.press("super1", CallCommand::Barge).unwrap();
    story.answers("super1");
    assert!(tracks(&story).contains(&(3, LegRole::Supervisor)));
    story.press("super1", CallCommand::Whisper).unwrap();
    assert_eq!(tracks(&story), [(0, LegRole::Citizen), (1, LegRole::Agent)]);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_supervisor_who_takes_over_in_a_consultation_brings_the_specialist_along() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &["super1", "spec1"]);
    story.press("super1", CallCommand::Monitor).unwrap();
    story.answers("super1");
    let target = "spec1".to_owned();
    story
        .press("agent1", CallCommand::Consult { target })
        .unwrap();
    story.answers("spec1");
    story.press("super1", CallCommand::TakeOver).unwrap();
    let mut heard = story.hears_people(LegRole::Citizen);
    heard.sort_by_key(|role| *role as u8);
    assert_eq!(heard, [LegRole::Agent, LegRole::Specialist]);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_pause_ends_with_the_talk_of_whoever_asked_for_it() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &["agent2"]);
    let pause = || CallCommand::PauseRecording {
        reason: "bank details".to_owned(),
    };
    story.press("agent1", pause()).unwrap();
    let again = story.press("agent1", pause());
    assert!(
        matches!(again, Err(CallRefusal::WrongState(_))),
        "{again:?}"
    );
    // The phone dies, and the next agent gets the citizen.
    story.world.kill(story.phone("agent1"));
    story.pass(10 * SECOND);
    story.answers("agent2");
    assert!(!story.call().recording_paused);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_citizen_may_not_transfer_themselves() {
    let (mut story, citizen, line) = Story::talk_with("agent1", &["spec1"]);
    story
        .world
        .with_phone(citizen, |phone, now| phone.refer(now, line, "spec1"));
    story.pass(SECOND);
    assert_eq!(story.hears_people(LegRole::Citizen), [LegRole::Agent]);
    assert_eq!(story.line("spec1", LineState::Ringing), None);
    story.hangs_up(citizen, line);
    story.ends();
}

#[test]
fn a_phone_that_rings_with_early_media_hears_no_citizen() {
    let mut story = Story::with(&["agent1"]);
    story.mute.insert(story.phone("agent1"));
    let (citizen, line) = story.citizen_dials("12345");
    story.pass(SECOND);
    let agent = story.phone("agent1");
    let ringing = story.line("agent1", LineState::Ringing).unwrap();
    story
        .world
        .with_phone(agent, |phone, now| phone.ring(now, ringing, true));
    story.pass(SECOND);
    assert_eq!(story.leg(LegRole::Agent).stage, Stage::Early);
    assert_eq!(story.hears(LegRole::Agent), Hears::Nothing);
    story.hangs_up(citizen, line);
    story.ends();
}
