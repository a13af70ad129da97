//! Far sides that speak G.722 or Opus and nothing else, through the engine: into mixes and out of them, onto recordings; keys on
//! the wire's clock. The far side's codec is the same code, whose words are compared with others' in its unit tests.

#[expect(dead_code, reason = "shared with tests that need all of it")]
mod support;

use hotline_media::codec::{Codec, Coder, FRAME_MAX, HEARD_MAX, Opus};
use hotline_media::dtmf::TelephoneEvent;
use hotline_media::rtp::{Header, WireClock};
use hotline_media::{Event, Hears, Play, PlayId, Repeat};

use support::{CALL, FRAME, Notebook, Phone, RECORDING, Room, prompt, share, tone};

/// A phone behind a coder of its own.
struct Coded {
    phone: Phone,
    coder: Coder,
    clock: WireClock,
    ticks: u32,
    said: usize,
    heard: u64,
}

const OPUS: Codec = Codec::Opus(Opus {
    fec: true,
    bitrate_max: 40_000,
});

impl Coded {
    fn in_room(room: &mut Room, codec: Codec) -> Self {
        let phone = room.phone_with(|remote| {
            remote.codec = codec;
            remote.payload_type = codec.usual_payload_type();
            remote.dtmf_clock_hz = 8_000 * codec.ticks();
        });
        Self {
            phone,
            coder: Coder::new(codec, 0).expect("not G.711"),
            clock: WireClock::default(),
            ticks: codec.ticks(),
            said: 0,
            heard: 0,
        }
    }

    fn say(&mut self, hz: f64) {
        let samples = tone(hz, self.said, FRAME);
        self.said += FRAME;
        let mut frame = [0; FRAME_MAX];
        let samples = samples.as_slice().try_into().expect("a frame");
        let length = self.coder.encode(samples, &mut frame).expect("it is coded");
        let packet = self
            .phone
            .packet(self.phone.remote.payload_type, &frame[..length]);
        self.phone.send(&packet);
        self.advance();
    }

    fn advance(&mut self) {
        self.phone.sequence = self.phone.sequence.wrapping_add(1);
        let ticks = FRAME as u32 * self.ticks;
        self.phone.timestamp = self.phone.timestamp.wrapping_add(ticks);
    }

    fn hear(&mut self) -> (Header, Vec<i16>) {
        let (mut header, payload) = self.phone.hear();
        let wire = header;
        header.timestamp = self.clock.samples(self.ticks, &header);
        self.heard += FRAME as u64;
        let mut samples = [0; HEARD_MAX];
        let heard = self
            .coder
            .decode(&header, &payload, self.heard, &mut samples);
        let heard = heard.expect("we send what can be decoded");
        (wire, samples[heard.made_up..][..heard.sound].to_vec())
    }
}

fn bridge(room: &Room, one: &Phone, other: &Phone) {
    for (one, other) in [(one.leg, other.leg), (other.leg, one.leg)] {
        room.engine.hear(one, Hears::Legs(vec![other])).unwrap();
    }
}

#[test]
fn a_coded_leg_and_a_plain_one_hear_each_other_and_are_recorded() {
    for codec in [Codec::G722, OPUS] {
        let mut room = Room::new();
        let (mut coded, mut plain) = (Coded::in_room(&mut room, codec), room.phone());
        bridge(&room, &coded.phone, &plain);
        let (notebook, reading) = Notebook::new();
        let tracks = vec![(coded.phone.leg, 0), (plain.leg, 1)];
        room.engine
            .record(RECORDING, CALL, tracks, notebook.clone())
            .unwrap();
        room.settle();
        let (mut here, mut there) = (Vec::new(), Vec::new());
        for n in 0..60 {
            coded.say(440.0);
            plain.say(700.0);
            let (header, samples) = coded.hear();
            assert_eq!(header.payload_type, codec.usual_payload_type());
            if n > 0 {
                here.extend(samples);
            }
            there.extend(plain.hear_samples());
        }
        let settled = |samples: &[i16]| samples[samples.len() - 4_000..].to_vec();
        assert!(share(&settled(&here), 700.0) > 0.9, "{codec:?}");
        assert!(share(&settled(&there), 440.0) > 0.9, "{codec:?}");
        room.engine.stop_recording(RECORDING).unwrap();
        reading.finished();
        let tracks = notebook.tracks();
        assert!(share(&tracks[&0][2_000..8_000], 440.0) > 0.9, "{codec:?}");
        assert!(share(&tracks[&1][2_000..8_000], 700.0) > 0.9, "{codec:?}");
    }
}

#[test]
fn the_wires_clock_goes_on_by_its_own_ticks() {
    let mut room = Room::new();
    let mut coded = Coded::in_room(&mut room, OPUS);
    let play = Play {
        id: PlayId(1),
        prompts: vec![prompt(600.0, 30)],
        repeat: Repeat::Once,
    };
    room.engine
        .hear(coded.phone.leg, Hears::Play(play))
        .unwrap();
    let (first, _) = coded.hear();
    let mut heard = Vec::new();
    for n in 1..30_u32 {
        let (header, samples) = coded.hear();
        assert_eq!(header.timestamp, first.timestamp.wrapping_add(n * 960));
        heard.extend(samples);
    }
    assert!(share(&heard[800..], 600.0) > 0.9);
    room.wait_for(Event::PromptDone {
        leg: coded.phone.leg,
        id: PlayId(1),
    });
}

#[test]
fn keys_cross_between_the_clocks() {
    let mut room = Room::new();
    let (mut coded, plain) = (Coded::in_room(&mut room, OPUS), room.phone());
    bridge(&room, &coded.phone, &plain);
    room.settle();
    // Key 5 for 1.6 s at 48 kHz: 16 bits tell 1.37 s of it, the rest goes on under a new timestamp (RFC 4733 §2.5.1.3).
    let begun = coded.phone.timestamp;
    for (timestamp, duration, end) in [
        (begun, 24_000, false),
        (begun, u16::MAX, false),
        (begun.wrapping_add(65_535), 11_265, true),
        (begun.wrapping_add(65_535), 11_265, true),
    ] {
        let event = TelephoneEvent {
            event: 5,
            end,
            volume: 10,
            duration,
        };
        coded.phone.timestamp = timestamp;
        let packet = coded.phone.packet(101, &event.to_bytes());
        coded.phone.send(&packet);
        coded.phone.sequence = coded.phone.sequence.wrapping_add(1);
    }
    let leg = coded.phone.leg;
    room.wait(|event| match event {
        Event::Dtmf {
            leg: at,
            digit: '5',
            duration_ms: 1_595..=1_605,
        } if *at == leg => Some(()),
        _ => None,
    });
    // The plain side is pressed the same key, on its clock.
    let pressed = loop {
        let (header, payload) = plain.hear();
        if header.payload_type == 101 {
            let event = TelephoneEvent::parse(&payload).unwrap();
            if event.end {
                break event;
            }
        }
    };
    assert_eq!((pressed.event, pressed.duration / 160), (5, 80));
    // And the other way.
    room.engine
        .dtmf_out(leg, '9', std::time::Duration::from_millis(100))
        .unwrap();
    let pressed = loop {
        let (header, payload) = coded.phone.hear();
        let event = TelephoneEvent::parse(&payload).filter(|event| event.end);
        if let Some(event) = event.filter(|_| header.payload_type == 101) {
            break event;
        }
    };
    assert_eq!((pressed.event, pressed.duration), (9, 4_800));
}

#[test]
fn a_new_session_with_another_codec_changes_how_both_are_joined() {
    let mut room = Room::new();
    let (mut changing, mut plain) = (room.phone(), room.phone());
    bridge(&room, &changing, &plain);
    room.settle();
    plain.say(700.0);
    assert_eq!(changing.hear().0.payload_type, 8);

    let mut remote = changing.remote.clone();
    remote.codec = Codec::G722;
    remote.payload_type = 9;
    room.engine.connect(changing.leg, remote).unwrap();
    room.settle();
    plain.say(700.0);
    let (header, payload) = loop {
        let heard = changing.hear();
        if heard.0.payload_type == 9 {
            break heard;
        }
    };
    assert_eq!((header.payload_type, payload.len()), (9, FRAME));

    room.engine
        .connect(changing.leg, changing.remote.clone())
        .unwrap();
    room.settle();
    let mixed = room.engine.metrics().frames_mixed;
    changing.say(440.0);
    assert!(share(&plain_forwarded(&plain), 440.0) > 0.9);
    room.settle();
    assert_eq!(room.engine.metrics().frames_mixed, mixed, "forwarded again");
}

/// The first packet that is no silence.
fn plain_forwarded(plain: &Phone) -> Vec<i16> {
    loop {
        let samples = plain.hear_samples();
        if samples.iter().any(|sample| sample.abs() > 1_000) {
            return samples;
        }
    }
}

#[test]
fn hostile_packets_are_dropped_and_counted_and_the_leg_goes_on() {
    for codec in [Codec::G722, OPUS] {
        let mut room = Room::new();
        let (mut coded, mut plain) = (Coded::in_room(&mut room, codec), room.phone());
        bridge(&room, &coded.phone, &plain);
        room.settle();
        coded.say(440.0);
        let number = codec.usual_payload_type();
        // A frame longer than any, and a flood of ten seconds of sound at once.
        let too_long = coded.phone.packet(number, &[0xFF; 1_900]);
        coded.phone.send(&too_long);
        for _ in 0..500 {
            coded.say(440.0);
        }
        let other = coded.phone.packet(8, &[0xD5; 160]);
        coded.phone.send(&other);
        room.settle();
        let metrics = room.engine.metrics();
        assert!(metrics.malformed >= 1, "{metrics:?}");
        assert!(metrics.unexpected > 300, "{metrics:?}");
        assert_eq!(metrics.unknown_payload, 1, "{metrics:?}");
        let mut heard = Vec::new();
        for _ in 0..100 {
            coded.say(440.0);
            plain.say(700.0);
            heard = plain.hear_samples();
            if share(&heard, 440.0) > 0.9 {
                break;
            }
        }
        assert!(share(&heard, 440.0) > 0.9, "{codec:?}");
        assert!(
            !room
                .stop()
                .iter()
                .any(|event| matches!(event, Event::Failed { .. }))
        );
    }
}
