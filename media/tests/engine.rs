//! The engine on real sockets: what phones hear, what recordings get, who is let in. Each test waits for packets and
//! events, never for time; where sound must be paced, a phone speaks whenever it hears.

mod support;

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hotline_media::rtcp::{self, Report, ReportBlock};
use hotline_media::rtp;
use hotline_media::{
    CallKey, Chunk, Engine, Error, Event, Finished, Full, Hears, Law, LegId, Play, PlayId,
    RecordingKey, Repeat, Rtcp, StartError, Tap,
};
use support::{CALL, FRAME, Notebook, Phone, RECORDING, Room, prompt, share, tone};

fn play(hz: f64, frames: usize, repeat: Repeat) -> Play {
    Play {
        id: PlayId(1),
        prompts: vec![prompt(hz, frames)],
        repeat,
    }
}

/// Two phones that hear each other.
fn bridge(room: &Room, one: &Phone, other: &Phone) {
    room.engine
        .hear(one.leg, Hears::Legs(vec![other.leg]))
        .unwrap();
    room.engine
        .hear(other.leg, Hears::Legs(vec![one.leg]))
        .unwrap();
}

/// Music that gives the beat: whoever hears it speaks whenever a frame of it comes.
fn metronome(room: &mut Room) -> Phone {
    let phone = room.phone();
    room.engine
        .hear(phone.leg, Hears::Play(play(50.0, 10, Repeat::Forever)))
        .unwrap();
    phone
}

#[test]
fn a_bridge_carries_each_sound_to_the_other_side_as_it_was() {
    let mut room = Room::new();
    let (mut citizen, mut agent) = (room.phone(), room.phone());
    bridge(&room, &citizen, &agent);
    room.settle();
    let (mut at_agent, mut at_citizen) = (Vec::new(), Vec::new());
    let mut last: Option<rtp::Header> = None;
    for n in 0..50 {
        citizen.say(400.0);
        agent.say(1_000.0);
        let (header, codes) = agent.hear();
        assert_eq!(header.marker, n == 0);
        if let Some(last) = last {
            assert_eq!(header.sequence, last.sequence.wrapping_add(1));
            assert_eq!(header.timestamp, last.timestamp.wrapping_add(160));
            assert_eq!(header.ssrc, last.ssrc);
        }
        last = Some(header);
        at_agent.extend(codes.iter().map(|code| Law::A.decode(*code)));
        at_citizen.extend(citizen.hear_samples());
    }
    assert!(share(&at_agent, 400.0) > 0.99);
    assert!(share(&at_citizen, 1_000.0) > 0.99);
    room.engine.close(citizen.leg).unwrap();
    let stats = room.wait(|event| match event {
        Event::Closed { leg, stats } if *leg == citizen.leg => Some(*stats),
        _ => None,
    });
    assert_eq!(
        (
            stats.packets_received,
            stats.packets_sent,
            stats.packets_lost
        ),
        (50, 50, 0)
    );
}

#[test]
fn laws_that_differ_are_transcoded_on_the_way() {
    let mut room = Room::new();
    let mut citizen = room.phone();
    let mut agent = room.phone_with(|remote| {
        remote.codec = Law::Mu.into();
        remote.payload_type = 96;
    });
    bridge(&room, &citizen, &agent);
    room.settle();
    let (mut at_agent, mut at_citizen) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        citizen.say(440.0);
        agent.say(1_100.0);
        let (header, codes) = agent.hear();
        assert_eq!(header.payload_type, 96);
        at_agent.extend(codes.iter().map(|code| Law::Mu.decode(*code)));
        at_citizen.extend(citizen.hear_samples());
    }
    assert!(share(&at_agent, 440.0) > 0.99);
    assert!(share(&at_citizen, 1_100.0) > 0.99);
}

#[test]
fn loss_on_one_side_is_seen_on_the_other_and_counted() {
    let mut room = Room::new();
    let (mut citizen, agent) = (room.phone(), room.phone());
    bridge(&room, &citizen, &agent);
    room.settle();
    citizen.say(400.0);
    citizen.advance();
    citizen.say(400.0);
    let (first, _) = agent.hear();
    let (third, _) = agent.hear();
    assert_eq!(third.sequence.wrapping_sub(first.sequence), 2);
    assert_eq!(third.timestamp.wrapping_sub(first.timestamp), 320);
    room.engine.close(citizen.leg).unwrap();
    let lost = room.wait(|event| match event {
        Event::Closed { leg, stats } if *leg == citizen.leg => Some(stats.packets_lost),
        _ => None,
    });
    assert_eq!(lost, 1);
}

#[test]
fn a_prompt_is_heard_whole_and_its_end_is_told_once() {
    let mut room = Room::new();
    let phone = room.phone();
    let two = Play {
        id: PlayId(9),
        prompts: vec![prompt(400.0, 3), prompt(900.0, 2)],
        repeat: Repeat::Once,
    };
    room.engine.hear(phone.leg, Hears::Play(two)).unwrap();
    let heard: Vec<_> = (0..5).map(|_| phone.hear()).collect();
    room.wait_for(Event::PromptDone {
        leg: phone.leg,
        id: PlayId(9),
    });
    assert!(phone.hears_nothing());
    let samples: Vec<i16> = heard
        .iter()
        .flat_map(|(_, codes)| codes.iter().map(|code| Law::A.decode(*code)))
        .collect();
    assert!(share(&samples[..3 * FRAME], 400.0) > 0.99);
    assert!(share(&samples[3 * FRAME..], 900.0) > 0.99);
    for (n, (header, _)) in heard.iter().enumerate() {
        assert_eq!(header.marker, n == 0);
        assert_eq!(
            header.timestamp,
            heard[0].0.timestamp.wrapping_add(n as u32 * 160)
        );
    }
    let done = room
        .stop()
        .into_iter()
        .filter(|event| matches!(event, Event::PromptDone { .. }))
        .count();
    assert_eq!(done, 1);
}

#[test]
fn a_prompt_given_before_the_far_side_is_known_waits_for_it() {
    let mut room = Room::new();
    let leg = LegId(500);
    room.engine.open(leg, CALL).unwrap();
    room.engine
        .hear(leg, Hears::Play(play(400.0, 2, Repeat::Once)))
        .unwrap();
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    room.settle();
    let remote = hotline_media::Remote::new(socket.local_addr().unwrap(), Law::A);
    room.engine.connect(leg, remote).unwrap();
    for _ in 0..2 {
        assert_eq!(socket.recv(&mut [0; 300]).unwrap(), 172);
    }
    room.wait_for(Event::PromptDone { leg, id: PlayId(1) });
}

#[test]
fn hold_music_goes_on_past_its_end_and_talk_follows_it_without_a_break() {
    let mut room = Room::new();
    let (citizen, mut agent) = (room.phone(), room.phone());
    room.engine
        .hear(citizen.leg, Hears::Play(play(500.0, 3, Repeat::Forever)))
        .unwrap();
    let music: Vec<_> = (0..10).map(|_| citizen.hear()).collect();
    for (n, (_, codes)) in music.iter().enumerate() {
        assert_eq!(codes, &music[n % 3].1, "frame {n}");
    }
    room.engine
        .hear(citizen.leg, Hears::Legs(vec![agent.leg]))
        .unwrap();
    room.settle();
    agent.say(1_000.0);
    let mut before = music[9].0;
    loop {
        let (header, codes) = citizen.hear();
        assert_eq!(header.sequence, before.sequence.wrapping_add(1));
        assert_eq!(header.ssrc, before.ssrc);
        let step = header.timestamp.wrapping_sub(before.timestamp);
        before = header;
        let is_music = music.iter().any(|(_, frame)| *frame == codes);
        if !is_music {
            assert!(header.marker);
            assert!((160..8_000).contains(&step), "step {step}");
            break;
        }
        assert_eq!(step, 160);
    }
}

#[test]
fn an_echo_returns_what_was_said() {
    let mut room = Room::new();
    let mut phone = room.phone();
    room.engine.hear(phone.leg, Hears::Echo).unwrap();
    room.settle();
    let mut heard = Vec::new();
    for _ in 0..20 {
        phone.say(700.0);
        heard.extend(phone.hear_samples());
    }
    assert!(share(&heard, 700.0) > 0.99);
}

#[test]
fn in_a_three_way_each_hears_the_two_others_and_not_themselves() {
    let mut room = Room::new();
    let mut phones = [room.phone(), room.phone(), room.phone()];
    let tones = [400.0, 700.0, 1_100.0];
    for listener in 0..3 {
        let others = (0..3).filter(|other| *other != listener);
        let others = others.map(|other| phones[other].leg).collect();
        room.engine
            .hear(phones[listener].leg, Hears::Legs(others))
            .unwrap();
    }
    let mut heard: [Vec<i16>; 3] = Default::default();
    for _ in 0..60 {
        for (phone, hz) in phones.iter_mut().zip(tones) {
            phone.say(hz);
        }
        for (heard, phone) in heard.iter_mut().zip(&phones) {
            heard.extend(phone.hear_samples());
        }
    }
    for (listener, heard) in heard.iter().enumerate() {
        // The first frames wait in the play-out buffers.
        let heard = &heard[20 * FRAME..];
        for (speaker, hz) in tones.iter().enumerate() {
            let share = share(heard, *hz);
            if speaker == listener {
                assert!(share < 0.02, "{listener} hears itself: {share}");
            } else {
                assert!(share > 0.3, "{listener} hears {speaker}: {share}");
            }
        }
    }
}

#[test]
fn a_whisper_reaches_the_agent_and_not_the_citizen() {
    let mut room = Room::new();
    let (mut citizen, mut agent, mut supervisor) = (room.phone(), room.phone(), room.phone());
    let hear = |leg: &Phone, legs: &[&Phone]| {
        let legs = legs.iter().map(|phone| phone.leg).collect();
        room.engine.hear(leg.leg, Hears::Legs(legs)).unwrap();
    };
    hear(&citizen, &[&agent]);
    hear(&agent, &[&citizen, &supervisor]);
    hear(&supervisor, &[&citizen, &agent]);
    let (mut at_citizen, mut at_agent, mut at_supervisor) = (Vec::new(), Vec::new(), Vec::new());
    room.settle();
    for _ in 0..60 {
        citizen.say(400.0);
        agent.say(700.0);
        supervisor.say(1_100.0);
        at_agent.extend(agent.hear_samples());
        at_citizen.extend(citizen.hear_samples());
        at_supervisor.extend(supervisor.hear_samples());
    }
    assert!(
        share(&at_citizen, 700.0) > 0.99,
        "the citizen hears the agent alone"
    );
    assert!(share(&at_agent[20 * FRAME..], 1_100.0) > 0.3);
    assert!(share(&at_agent[20 * FRAME..], 400.0) > 0.3);
    assert!(share(&at_supervisor[20 * FRAME..], 400.0) > 0.3);
    assert!(share(&at_supervisor[20 * FRAME..], 700.0) > 0.3);
}

#[test]
fn when_one_of_three_hangs_up_the_two_left_hear_each_other_directly() {
    let mut room = Room::new();
    let (mut citizen, agent, specialist) = (room.phone(), room.phone(), room.phone());
    let all = [citizen.leg, agent.leg, specialist.leg];
    for leg in all {
        let others = all.into_iter().filter(|other| *other != leg).collect();
        room.engine.hear(leg, Hears::Legs(others)).unwrap();
    }
    specialist.hear();
    room.engine.close(specialist.leg).unwrap();
    room.settle();
    let mixed = room.engine.metrics().frames_mixed;
    citizen.say(400.0);
    while share(&agent.hear_samples(), 400.0) < 0.9 {}
    room.settle();
    assert_eq!(
        room.engine.metrics().frames_mixed,
        mixed,
        "nobody is mixed any more"
    );
}

#[test]
fn a_prompt_can_lie_over_talk_and_leaves_the_talk_behind() {
    let mut room = Room::new();
    let (citizen, mut agent) = (room.phone(), room.phone());
    let over = Hears::LegsAndPlay(vec![agent.leg], play(1_300.0, 25, Repeat::Once));
    room.engine.hear(citizen.leg, over).unwrap();
    let mut heard = Vec::new();
    for _ in 0..20 {
        agent.say(500.0);
        heard.extend(citizen.hear_samples());
    }
    assert!(share(&heard[5 * FRAME..], 1_300.0) > 0.3);
    assert!(share(&heard[5 * FRAME..], 500.0) > 0.3);
    room.wait_for(Event::PromptDone {
        leg: citizen.leg,
        id: PlayId(1),
    });
    agent.say(500.0);
    loop {
        let (header, codes) = citizen.hear();
        if header.marker {
            let samples: Vec<i16> = codes.iter().map(|code| Law::A.decode(*code)).collect();
            assert!(share(&samples, 500.0) > 0.95);
            break;
        }
    }
}

#[test]
fn keys_pressed_are_told_once_and_pass_the_bridge() {
    let mut room = Room::new();
    let (mut citizen, agent) = (
        room.phone(),
        room.phone_with(|r| r.dtmf_payload_type = Some(96)),
    );
    bridge(&room, &citizen, &agent);
    room.settle();
    for (n, (duration, flags)) in [(160, 0), (320, 0), (480, 0x80), (480, 0x80), (480, 0x80)]
        .into_iter()
        .enumerate()
    {
        let duration = u16::to_be_bytes(duration);
        let mut packet = citizen.packet(101, &[7, flags | 10, duration[0], duration[1]]);
        packet[1] |= u8::from(n == 0) << 7;
        citizen.send(&packet);
        citizen.sequence = citizen.sequence.wrapping_add(1);
        let (header, payload) = agent.hear();
        assert_eq!((header.payload_type, payload[0]), (96, 7));
    }
    room.settle();
    let keys: Vec<Event> = room
        .stop()
        .into_iter()
        .filter(|event| matches!(event, Event::Dtmf { .. }))
        .collect();
    let once = Event::Dtmf {
        leg: citizen.leg,
        digit: '7',
        duration_ms: 60,
    };
    assert_eq!(keys, [once]);
}

#[test]
fn keys_we_press_reach_a_phone_as_events_and_another_as_tones() {
    let mut room = Room::with(|_| {});
    let (talker, events) = (room.phone(), room.phone());
    let tones = room.phone_with(|remote| remote.dtmf_payload_type = None);
    for phone in [&events, &tones] {
        room.engine
            .hear(phone.leg, Hears::Legs(vec![talker.leg]))
            .unwrap();
        for digit in ['4', '#'] {
            room.engine
                .dtmf_out(phone.leg, digit, Duration::from_millis(60))
                .unwrap();
        }
    }
    let mut keys = hotline_media::dtmf::KeyReceiver::default();
    let mut heard = String::new();
    while heard.len() < 2 {
        let (header, payload) = events.hear();
        assert_eq!(header.payload_type, 101);
        let event = hotline_media::dtmf::TelephoneEvent::parse(&payload).unwrap();
        heard.extend(keys.event(header.timestamp, event).map(|key| key.digit));
    }
    assert_eq!(heard, "4#");
    let samples: Vec<i16> = (0..3).flat_map(|_| tones.hear_samples()).collect();
    assert!(share(&samples, 770.0) > 0.4 && share(&samples, 1_209.0) > 0.4);
}

#[test]
fn keys_pressed_as_tones_are_found_where_asked_for() {
    let mut room = Room::new();
    let mut phone = room.phone_with(|remote| {
        remote.dtmf_payload_type = None;
        remote.detect_tones = true;
    });
    for frame in 0..10_u16 {
        let mut samples = [0; FRAME];
        if frame < 4 {
            hotline_media::dtmf::tone_frame(3, frame * 160, &mut samples);
        }
        let mut codes = [0; FRAME];
        Law::A.encode_slice(&samples, &mut codes);
        phone.send(&phone.packet(8, &codes));
        phone.advance();
    }
    let digit = room.wait(|event| match event {
        Event::Dtmf { digit, .. } => Some(*digit),
        _ => None,
    });
    assert_eq!(digit, '3');
}

#[test]
fn only_the_signalled_address_is_heard() {
    let mut room = Room::new();
    let (mut citizen, agent) = (room.phone(), room.phone());
    bridge(&room, &citizen, &agent);
    room.settle();
    let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    for _ in 0..10 {
        citizen.say_from(1_900.0, &stranger);
    }
    citizen.say(400.0);
    assert!(share(&agent.hear_samples(), 400.0) > 0.95);
    assert!(agent.hears_nothing());
}

#[test]
fn a_leg_behind_a_nat_moves_once_and_early() {
    let mut room = Room::new();
    let (mut citizen, mut agent) = (room.phone_with(|remote| remote.nat = true), room.phone());
    bridge(&room, &citizen, &agent);
    room.settle();
    let (mapped, thief) = (
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(),
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(),
    );
    mapped
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    // Noise moves nothing.
    thief
        .send_to(&[0x80, 0x13, 1, 2], citizen.address())
        .unwrap();
    thief
        .send_to(&citizen.packet(77, &[0; 160]), citizen.address())
        .unwrap();
    citizen.say_from(400.0, &mapped);
    agent.hear();
    // From now on it stays: neither the thief nor even the signalled address is heard.
    citizen.say_from(1_900.0, &thief);
    citizen.say(1_900.0);
    citizen.say_from(400.0, &mapped);
    assert!(share(&agent.hear_samples(), 400.0) > 0.95);
    agent.say(600.0);
    mapped.recv(&mut [0; 300]).expect("sound follows the move");
    assert!(citizen.hears_nothing());
}

#[test]
fn after_five_packets_a_leg_behind_a_nat_moves_no_more_until_the_next_offer() {
    let mut room = Room::new();
    let (mut citizen, agent) = (room.phone_with(|remote| remote.nat = true), room.phone());
    bridge(&room, &citizen, &agent);
    room.settle();
    for _ in 0..5 {
        citizen.say(400.0);
        agent.hear();
    }
    let other = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    citizen.say_from(1_900.0, &other);
    citizen.say(400.0);
    assert!(share(&agent.hear_samples(), 400.0) > 0.95);
    // A re-offer names another address; the old one is a stranger from then on.
    let mut remote = citizen.remote.clone();
    remote.rtp = other.local_addr().unwrap();
    remote.nat = false;
    room.engine.connect(citizen.leg, remote).unwrap();
    room.settle();
    citizen.say(1_900.0);
    citizen.say_from(700.0, &other);
    assert!(share(&agent.hear_samples(), 700.0) > 0.95);
}

#[test]
fn strangers_are_counted_so_that_one_way_sound_can_be_explained() {
    let mut room = Room::new();
    let (mut citizen, agent) = (room.phone(), room.phone());
    bridge(&room, &citizen, &agent);
    room.settle();
    let elsewhere = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    for _ in 0..10 {
        citizen.say_from(1_900.0, &elsewhere);
    }
    citizen.say(400.0);
    agent.hear();
    assert_eq!(room.engine.metrics().foreign, 10);
    room.engine.close(citizen.leg).unwrap();
    let stats = room.wait(|event| match event {
        Event::Closed { leg, stats } if *leg == citizen.leg => Some(*stats),
        _ => None,
    });
    assert_eq!((stats.packets_received, stats.packets_dropped), (1, 10));
}

#[test]
fn what_is_no_telephone_sound_is_dropped_and_counted() {
    let mut room = Room::new();
    let mut citizen = room.phone_with(|remote| remote.rtcp = Rtcp::Mux);
    let agent = room.phone();
    bridge(&room, &citizen, &agent);
    room.settle();
    let comfort_noise = citizen.packet(13, &[40]);
    citizen.send(&comfort_noise);
    citizen.send(&citizen.packet(8, &[]));
    citizen.send(&[]);
    citizen.send(&[0x80; 5]);
    citizen.send(&[0xFF; 1_999]);
    citizen.send(&vec![0x80; 9_000]);
    citizen.send(&[0x80, 200, 0xFF, 0xFF]);
    citizen.say(400.0);
    agent.hear();
    let mut seed = 7_u32;
    for n in 1..=2_000 {
        let length = 1 + (seed >> 20) as usize % 300;
        let noise: Vec<u8> = (0..length)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 24) as u8
            })
            .collect();
        citizen.send(&noise);
        // In step with the engine, or the socket's buffer would drop them before it does.
        if n % 16 == 0 {
            citizen.ssrc += 1;
            citizen.say(400.0);
            while share(&agent.hear_samples(), 400.0) < 0.95 {}
        }
    }
    let metrics = room.engine.metrics();
    assert!(metrics.malformed >= 4, "{metrics:?}");
    assert!(metrics.unknown_payload >= 1, "{metrics:?}");
    assert_eq!(metrics.failures, 0);
}

#[test]
fn a_new_ssrc_in_mid_call_is_heard_without_a_jump() {
    let mut room = Room::new();
    let (mut citizen, agent) = (room.phone(), room.phone());
    bridge(&room, &citizen, &agent);
    room.settle();
    citizen.say(400.0);
    let (before, _) = agent.hear();
    citizen.ssrc = 99;
    citizen.sequence = 12;
    citizen.timestamp = 3_000_000_000;
    citizen.say(400.0);
    let (after, _) = agent.hear();
    assert_eq!(after.sequence, before.sequence.wrapping_add(1));
    assert_eq!(after.ssrc, before.ssrc);
    assert!(after.timestamp.wrapping_sub(before.timestamp) < 8_000 && after.marker);
}

#[test]
fn a_closed_legs_port_rests_before_the_next_call_gets_it() {
    let mut room = Room::with(|config| {
        let first = *config.ports.start();
        config.ports = first..=first + 3;
        config.port_rest = Duration::from_secs(3_600);
    });
    let (one, two) = (LegId(1), LegId(2));
    let first = room.engine.open(one, CALL).unwrap();
    assert_eq!(first.rtp % 2, 0);
    assert_eq!(first.rtcp, first.rtp + 1);
    room.engine.close(one).unwrap();
    room.wait(|event| matches!(event, Event::Closed { .. }).then_some(()));
    let second = room.engine.open(two, CALL).unwrap();
    assert_ne!(second.rtp, first.rtp);
    assert!(matches!(
        room.engine.open(LegId(3), CALL),
        Err(Error::NoPorts)
    ));
}

#[test]
fn a_rested_port_is_used_again() {
    let mut room = Room::with(|config| {
        let first = *config.ports.start();
        config.ports = first..=first + 1;
        config.port_rest = Duration::ZERO;
    });
    for leg in 1..20 {
        room.engine
            .open(LegId(leg), CALL)
            .expect("the port is free again");
        room.engine.close(LegId(leg)).unwrap();
        room.wait(|event| {
            matches!(event, Event::Closed { leg: closed, .. } if closed.0 == leg).then_some(())
        });
    }
}

#[test]
fn commands_that_make_no_sense_are_refused_at_once() {
    let mut room = Room::with(|config| config.threads = 4);
    let phone = room.phone();
    let engine = room.engine.clone();
    let nobody = LegId(9_999);
    assert!(matches!(engine.close(nobody), Err(Error::NoSuchLeg(_))));
    assert!(matches!(
        engine.open(phone.leg, CALL),
        Err(Error::DuplicateLeg(_))
    ));
    assert!(matches!(
        engine.hear(phone.leg, Hears::Legs(vec![nobody])),
        Err(Error::NoSuchLeg(_))
    ));
    assert!(matches!(
        engine.hear(phone.leg, Hears::Legs(vec![phone.leg; 9])),
        Err(Error::TooManyLegs)
    ));
    assert!(matches!(
        engine.dtmf_out(phone.leg, 'x', Duration::ZERO),
        Err(Error::NotADigit('x'))
    ));
    assert!(matches!(
        engine.stop_recording(RECORDING),
        Err(Error::NoSuchRecording(_))
    ));
    let empty = Play {
        id: PlayId(1),
        prompts: Vec::new(),
        repeat: Repeat::Forever,
    };
    assert!(matches!(
        engine.hear(phone.leg, Hears::Play(empty)),
        Err(Error::EmptyPlay)
    ));
    // Some other call key lands on another thread.
    let strays: Vec<Result<(), Error>> = (2..12)
        .map(|key| {
            let stray = LegId(10_000 + key);
            engine.open(stray, CallKey(key)).unwrap();
            engine.hear(phone.leg, Hears::Legs(vec![stray]))
        })
        .collect();
    assert!(
        strays
            .iter()
            .any(|stray| matches!(stray, Err(Error::OtherThread(_))))
    );
    room.stop();
    assert!(matches!(
        engine.hear(phone.leg, Hears::Echo),
        Err(Error::Stopped)
    ));
    let mut config = hotline_media::Config::new(Arc::new(|_| {}));
    config.ports = 5_001..=5_002;
    assert!(matches!(
        Engine::start(config.clone()),
        Err(StartError::NoPorts(_))
    ));
    config.ports = 5_000..=5_001;
    config.bind_ip = Ipv4Addr::UNSPECIFIED.into();
    assert!(matches!(
        Engine::start(config),
        Err(StartError::NoAddress(_))
    ));
}

#[test]
fn each_voice_is_recorded_on_its_own_track_where_it_was_said() {
    let mut room = Room::new();
    let (mut citizen, mut agent) = (room.phone(), room.phone());
    let beat = metronome(&mut room);
    bridge(&room, &citizen, &agent);
    let (notebook, reading) = Notebook::new();
    let tracks = vec![(citizen.leg, 0), (agent.leg, 1)];
    room.engine
        .record(
            RECORDING,
            CALL,
            tracks,
            Arc::clone(&notebook) as Arc<dyn Tap>,
        )
        .unwrap();
    room.settle();
    for n in 0..100 {
        beat.hear();
        citizen.say(400.0);
        // The agent is silent in the middle.
        if !(40..60).contains(&n) {
            agent.say(1_000.0);
        } else {
            agent.advance();
        }
    }
    room.engine.stop_recording(RECORDING).unwrap();
    let finished = reading.finished();
    assert!(
        (15_500..17_500).contains(&finished.end_sample),
        "{}",
        finished.end_sample
    );
    assert_eq!(finished.dropped_before, 0);
    let tracks = notebook.tracks();
    assert!(share(&tracks[&0][800..15_000], 400.0) > 0.95);
    assert!(share(&tracks[&1][800..6_000], 1_000.0) > 0.95);
    assert!(
        tracks[&1][7_200..9_000]
            .iter()
            .all(|sample| sample.abs() < 20),
        "silence is filled"
    );
    assert!(share(&tracks[&1][10_400..15_000], 1_000.0) > 0.95);
    // At every moment but the last 600 ms the sound had left: what a crash would lose is less than a second.
    let longest = notebook
        .chunks
        .lock()
        .unwrap()
        .iter()
        .map(|chunk| chunk.samples)
        .max();
    assert_eq!(longest, Some(3_200));
}

#[test]
fn an_agent_replaced_in_mid_call_continues_the_track_and_a_third_party_gets_one_more() {
    let mut room = Room::new();
    let (mut citizen, mut agent) = (room.phone(), room.phone());
    let beat = metronome(&mut room);
    let (notebook, reading) = Notebook::new();
    let tracks = vec![(citizen.leg, 0), (agent.leg, 1)];
    room.engine
        .record(
            RECORDING,
            CALL,
            tracks,
            Arc::clone(&notebook) as Arc<dyn Tap>,
        )
        .unwrap();
    for _ in 0..40 {
        beat.hear();
        citizen.say(400.0);
        agent.say(700.0);
    }
    room.engine.close(agent.leg).unwrap();
    let mut second = room.phone_with(|remote| {
        remote.codec = Law::Mu.into();
        remote.payload_type = 0;
    });
    let mut specialist = room.phone();
    room.engine.set_track(RECORDING, 1, second.leg).unwrap();
    room.engine.set_track(RECORDING, 2, specialist.leg).unwrap();
    room.settle();
    for _ in 0..40 {
        beat.hear();
        citizen.say(400.0);
        second.say(1_000.0);
        specialist.say(1_500.0);
    }
    room.engine.stop_recording(RECORDING).unwrap();
    reading.finished();
    let tracks = notebook.tracks();
    let end = tracks[&0].len();
    assert!(share(&tracks[&0][800..end - 800], 400.0) > 0.95);
    assert!(share(&tracks[&1][800..5_600], 700.0) > 0.95);
    assert!(share(&tracks[&1][end - 5_600..end - 800], 1_000.0) > 0.95);
    assert!(share(&tracks[&2][end - 5_600..end - 800], 1_500.0) > 0.95);
    assert!(tracks[&2][..5_600].iter().all(|sample| sample.abs() < 20));
}

#[test]
fn what_is_said_while_paused_never_leaves() {
    let mut room = Room::new();
    let mut citizen = room.phone();
    let beat = metronome(&mut room);
    let (notebook, reading) = Notebook::new();
    room.engine
        .record(
            RECORDING,
            CALL,
            vec![(citizen.leg, 0)],
            Arc::clone(&notebook) as Arc<dyn Tap>,
        )
        .unwrap();
    let speak = |citizen: &mut Phone, hz: f64| {
        for _ in 0..50 {
            beat.hear();
            citizen.say(hz);
        }
    };
    speak(&mut citizen, 400.0);
    room.engine.pause_recording(RECORDING).unwrap();
    room.engine.pause_recording(RECORDING).unwrap();
    room.settle();
    speak(&mut citizen, 1_700.0);
    room.engine.resume_recording(RECORDING).unwrap();
    room.settle();
    speak(&mut citizen, 900.0);
    room.engine.stop_recording(RECORDING).unwrap();
    let end = reading.finished().end_sample;
    assert!(end > 3 * 7_800);
    let (paused, resumed) = (
        room.wait(|event| match event {
            Event::RecordingPaused { at_sample, .. } => Some(*at_sample as usize),
            _ => None,
        }),
        room.wait(|event| match event {
            Event::RecordingResumed { at_sample, .. } => Some(*at_sample as usize),
            _ => None,
        }),
    );
    let mut track = notebook.tracks().remove(&0).unwrap();
    track.resize(end as usize, 0);
    assert!(share(&track[800..paused - 400], 400.0) > 0.95);
    assert!(
        track[paused..resumed]
            .iter()
            .all(|sample| sample.abs() < 20)
    );
    assert!(share(&track[resumed + 400..], 900.0) > 0.9);
    assert!(share(&track, 1_700.0) < 0.01);
    assert!(resumed - paused > 7_000);
}

#[test]
fn a_tap_that_is_full_loses_sound_which_is_marked_and_the_call_goes_on() {
    let mut room = Room::new();
    let mut citizen = room.phone();
    let beat = metronome(&mut room);
    let (notebook, reading) = Notebook::new();
    room.engine
        .record(
            RECORDING,
            CALL,
            vec![(citizen.leg, 0)],
            Arc::clone(&notebook) as Arc<dyn Tap>,
        )
        .unwrap();
    notebook.is_full.store(true, Ordering::SeqCst);
    let mut speak = |frames| {
        for _ in 0..frames {
            beat.hear();
            citizen.say(400.0);
        }
    };
    speak(40);
    reading.chunk_arrives();
    notebook.is_full.store(false, Ordering::SeqCst);
    speak(50);
    // Full again at the end: the end is offered until it is taken.
    notebook.is_full.store(true, Ordering::SeqCst);
    room.engine.stop_recording(RECORDING).unwrap();
    room.settle();
    notebook.is_full.store(false, Ordering::SeqCst);
    let finished = reading.finished();
    let chunks = notebook.chunks.lock().unwrap();
    let first = chunks.first().unwrap();
    assert!(first.start_sample >= 3_200);
    assert_eq!(first.dropped_before, first.start_sample);
    assert!(
        chunks[1..]
            .iter()
            .all(|chunk| chunk.dropped_before <= 3_200)
    );
    let last = chunks.last().unwrap();
    assert_eq!(
        last.start_sample + u64::from(last.samples),
        finished.end_sample
    );
    assert!(room.engine.metrics().chunks_dropped >= 1);
}

/// A tap with a bug.
struct Broken;

impl Tap for Broken {
    fn chunk(&self, _: Chunk) -> Result<(), Full> {
        panic!("a bug in the receiver of a recording")
    }

    fn finished(&self, _: Finished) -> Result<(), Full> {
        Ok(())
    }
}

#[test]
fn a_bug_in_one_recording_ends_no_call_and_no_other_recording() {
    let mut room = Room::new();
    let mut citizen = room.phone();
    let beat = metronome(&mut room);
    let (notebook, reading) = Notebook::new();
    room.engine
        .record(
            RecordingKey(1),
            CALL,
            vec![(citizen.leg, 0)],
            Arc::new(Broken),
        )
        .unwrap();
    room.engine
        .record(
            RECORDING,
            CALL,
            vec![(citizen.leg, 0)],
            Arc::clone(&notebook) as Arc<dyn Tap>,
        )
        .unwrap();
    let mut frames_after = 0;
    while frames_after < 60 {
        beat.hear();
        citizen.say(400.0);
        frames_after += room.engine.metrics().failures;
    }
    room.engine.stop_recording(RECORDING).unwrap();
    reading.finished();
    let track = notebook.tracks().remove(&0).unwrap();
    // Writing the panic's message may have held the thread up for a while, in between.
    assert!(share(&track[800..3_200], 400.0) > 0.95);
    assert!(share(&track[track.len() - 3_200..track.len() - 800], 400.0) > 0.9);
    assert_eq!(room.engine.metrics().failures, 1);
}

#[test]
fn reports_are_exchanged_and_give_the_round_trip() {
    let mut room = Room::with(|config| config.rtcp_interval = Duration::from_millis(40));
    let control = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    control
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let mut phone = room.phone_with(|remote| remote.rtcp = Rtcp::At(control.local_addr().unwrap()));
    room.engine.hear(phone.leg, Hears::Echo).unwrap();
    room.settle();
    phone.say(400.0);
    phone.advance();
    phone.say(400.0);
    let (echoed, _) = phone.hear();
    let mut buffer = [0; 1_500];
    let length = control.recv(&mut buffer).unwrap();
    let report = rtcp::parse(&buffer[..length], phone.ssrc).unwrap();
    let (ssrc, ntp) = report
        .sender
        .expect("we have sent, so it is a sender report");
    assert_eq!(ssrc, echoed.ssrc);
    let about = report.about_us.unwrap();
    assert_eq!((about.lost, about.extended_highest), (1, 65_532));
    // Answer at once: the round trip is what this test took.
    let mut answer = Vec::new();
    Report {
        ssrc: phone.ssrc,
        sender: None,
        about: Some(ReportBlock {
            ssrc,
            fraction_lost: 0,
            lost: 3,
            extended_highest: 0,
            jitter: 0,
            last_sender_report: ntp,
            delay_since: 0,
        }),
        cname: "phone",
        goodbye: false,
    }
    .write(&mut answer);
    control
        .send_to(&answer, (phone.local.ip, phone.local.rtcp))
        .unwrap();
    while room.engine.metrics().rtcp_in == 0 {
        control.recv(&mut buffer).unwrap();
    }
    room.engine.close(phone.leg).unwrap();
    let stats = room.wait(|event| match event {
        Event::Closed { leg, stats } if *leg == phone.leg => Some(*stats),
        _ => None,
    });
    assert_eq!(stats.remote_packets_lost, Some(3));
    assert!(stats.rtt_us.unwrap() < 5_000_000);
    assert_eq!(stats.packets_lost, 1);
    // The last word is goodbye.
    loop {
        let length = control.recv(&mut buffer).unwrap();
        if rtcp::parse(&buffer[..length], 0).unwrap().goodbye {
            break;
        }
    }
}

#[test]
fn a_phone_that_falls_silent_is_told_once_and_a_muted_one_never() {
    let mut room = Room::with(|config| config.silence_after = Duration::from_millis(50));
    let mut quiet = room.phone();
    let muted = room.phone_with(|remote| remote.direction.receive = false);
    let never_spoke = room.phone();
    quiet.say(400.0);
    room.wait_for(Event::FirstPacket { leg: quiet.leg });
    room.wait_for(Event::Silent { leg: quiet.leg });
    quiet.say(400.0);
    room.wait_for(Event::Audible { leg: quiet.leg });
    // Three more times over would be told by then if it were.
    let beat = metronome(&mut room);
    for _ in 0..15 {
        beat.hear();
    }
    let silent: Vec<LegId> = room
        .stop()
        .into_iter()
        .filter_map(|event| match event {
            Event::Silent { leg } => Some(leg),
            _ => None,
        })
        .collect();
    assert_eq!(silent.iter().filter(|leg| **leg == quiet.leg).count(), 2);
    assert!(!silent.contains(&muted.leg));
    assert!(!silent.contains(&never_spoke.leg));
}

#[test]
fn a_phone_that_suppresses_silence_is_not_taken_for_dead() {
    let mut room = Room::with(|config| config.silence_after = Duration::from_millis(200));
    let beat = metronome(&mut room);
    let mut phone = room.phone();
    for _ in 0..40 {
        beat.hear();
        phone.send(&phone.packet(13, &[40]));
        phone.advance();
    }
    let silent = |event: &Event| matches!(event, Event::Silent { leg } if *leg == phone.leg);
    assert!(!room.stop().iter().any(silent));
}

#[test]
fn stopping_ends_recordings_and_legs_and_says_so() {
    let mut room = Room::new();
    let citizen = room.phone();
    let (notebook, reading) = Notebook::new();
    room.engine
        .record(
            RECORDING,
            CALL,
            vec![(citizen.leg, 0)],
            notebook as Arc<dyn Tap>,
        )
        .unwrap();
    let events = room.stop();
    reading.finished();
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Closed { leg, .. } if *leg == citizen.leg))
    );
}

#[test]
fn tones_of_the_tests_are_what_they_say() {
    assert!(share(&tone(440.0, 0, 1_600), 440.0) > 0.99);
    assert!(share(&tone(440.0, 0, 1_600), 880.0) < 0.01);
}
