//! A real browser: Chromium calls a leg that echoes, presses a key, restarts ICE, hangs up, and says what it heard and over what.
#![expect(
    clippy::print_stderr,
    reason = "what the browser reports is printed when the test fails"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hotline_media::{
    Breakdown, CallKey, Codec, Config, Engine, Event, Hears, IceCredentials, Law, LegId,
    LocalWebRtc, Opus, Remote, RemoteWebRtc, Security,
};

const PAGE: &str = r#"<!doctype html><title>call</title><script>
const post = (path, body) => fetch(path, { method: "POST", body }).then((answer) => answer.text());
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
(async () => {
  const sound = new AudioContext({ sampleRate: 48000 });
  await sound.resume();
  const tone = new OscillatorNode(sound, { frequency: 1000 });
  const out = new MediaStreamAudioDestinationNode(sound);
  tone.connect(out); tone.start();
  const call = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  const ear = new AnalyserNode(sound, { fftSize: 4096 });
  call.ontrack = ({ track }) => {
    const stream = new MediaStream([track]);
    // Chromium decodes a remote track only while an element plays it.
    const element = new Audio(); element.srcObject = stream; element.muted = true; element.play();
    new MediaStreamAudioSourceNode(sound, { mediaStream: stream }).connect(ear);
  };
  const sender = call.addTrack(out.stream.getAudioTracks()[0], out.stream);
  const began = performance.now();
  await call.setLocalDescription(await call.createOffer());
  const answer = await post("/offer", call.localDescription.sdp);
  await call.setRemoteDescription({ type: "answer", sdp: answer });
  while (call.connectionState !== "connected" && performance.now() - began < 10000) await wait(5);
  const connected = performance.now() - began;
  sender.dtmf.insertDTMF("7", 100);
  await wait(2500);
  const bins = new Float32Array(ear.frequencyBinCount);
  ear.getFloatFrequencyData(bins);
  const peak = bins.indexOf(Math.max(...bins)) * sound.sampleRate / ear.fftSize;
  const stats = [...(await call.getStats()).values()];
  const transport = stats.find((stat) => stat.type === "transport") ?? {};
  const inbound = stats.find((stat) => stat.type === "inbound-rtp") ?? {};
  const remote = stats.find((stat) => stat.type === "remote-inbound-rtp") ?? {};
  // A restart of ICE while the sound goes on.
  await call.setLocalDescription(await call.createOffer({ iceRestart: true }));
  await call.setRemoteDescription({ type: "answer", sdp: await post("/restart", call.localDescription.sdp) });
  await wait(1500);
  const after = [...(await call.getStats()).values()].find((stat) => stat.type === "inbound-rtp") ?? {};
  await post("/result", JSON.stringify({ state: call.connectionState, connected_ms: Math.round(connected), peak_hz: peak,
    dtls: transport.tlsVersion, cipher: transport.dtlsCipher, srtp: transport.srtpCipher,
    packets: inbound.packetsReceived, lost: inbound.packetsLost, rtt: remote.roundTripTime,
    after_restart: after.packetsReceived - inbound.packetsReceived }));
  call.close();
  await post("/done", "");
})().catch((error) => post("/result", "failed: " + error).then(() => post("/done", "")));
</script>"#;

/// Far longer than a loaded machine takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The one codec that the answer leaves, and the clock of its keys.
#[derive(Clone, Copy)]
struct Spoken {
    codec: Codec,
    lines: &'static str,
    clock: u32,
    ports: u16,
}

#[test]
fn chromium_hears_its_own_tone() {
    hears_its_own_tone(Spoken {
        codec: Codec::G711(Law::A),
        lines: "a=rtpmap:8 PCMA/8000",
        clock: 8_000,
        ports: 46_000,
    });
}

#[test]
fn chromium_hears_its_own_tone_in_opus_with_keys_at_48_khz() {
    hears_its_own_tone(Spoken {
        codec: Codec::Opus(Opus {
            fec: true,
            ..Opus::default()
        }),
        lines: "a=rtpmap:111 opus/48000/2\r\n\
                a=fmtp:111 maxplaybackrate=8000;sprop-maxcapturerate=8000;useinbandfec=1",
        clock: 48_000,
        ports: 46_100,
    });
}

fn hears_its_own_tone(spoken: Spoken) {
    let (sender, events) = std::sync::mpsc::sync_channel(1_000);
    let mut config = Config::new(Arc::new(move |event| {
        let _ = sender.try_send(event);
    }));
    config.ports = spoken.ports..=spoken.ports + 39;
    let engine = Engine::start(config).unwrap();
    let leg = LegId(1);
    let local = engine.open_webrtc(leg, CallKey(1)).unwrap();
    engine.hear(leg, Hears::Echo).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let browser = Chromium::open(address);
    // Should the browser never come back, this ends the wait for it.
    let late = Arc::new(AtomicBool::new(false));
    let is_late = Arc::clone(&late);
    let patience = std::thread::spawn(move || {
        std::thread::park_timeout(PATIENCE);
        is_late.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(address);
    });
    let mut result = String::new();
    for stream in listener.incoming() {
        let (path, body, stream) = request(stream.unwrap());
        match path.as_str() {
            "/" => reply(stream, "text/html", PAGE),
            "/offer" => {
                let remote = remote_of(&body, spoken);
                let answer = answer(&local, &local.ice, 1, &remote, spoken);
                engine.connect(leg, remote).unwrap();
                reply(stream, "text/plain", &answer);
            }
            "/restart" => {
                let ice = engine.restart_ice(leg).unwrap();
                let remote = remote_of(&body, spoken);
                let answer = answer(&local, &ice, 2, &remote, spoken);
                engine.connect(leg, remote).unwrap();
                reply(stream, "text/plain", &answer);
            }
            "/result" => {
                result = body;
                reply(stream, "text/plain", "");
            }
            "/done" => {
                reply(stream, "text/plain", "");
                break;
            }
            // Browsers open connections ahead of need and may close them unused.
            "" => assert!(
                !late.load(Ordering::Relaxed),
                "Chromium was not done in time"
            ),
            _ => reply(stream, "text/plain", ""),
        }
    }
    patience.thread().unpark();
    let mut seen = Vec::new();
    while !matches!(seen.last(), Some(Event::Broken { .. })) {
        seen.push(events.recv_timeout(PATIENCE).expect("it has hung up"));
    }
    drop(browser);
    eprintln!("{result}\n{seen:?}\n{:?}", engine.metrics());
    assert!(result.contains(r#""state":"connected""#));
    let number = |name: &str| -> f64 {
        let (_, rest) = result.split_once(&format!("\"{name}\":")).unwrap();
        let end = rest.find([',', '}']).unwrap();
        rest[..end].parse().unwrap()
    };
    assert!((number("peak_hz") - 1_000.0).abs() < 30.0);
    assert!(number("packets") > 80.0 && number("after_restart") > 50.0);
    let why = Breakdown::ClosedByPeer;
    assert!(seen.contains(&Event::Secured { leg }));
    assert!(seen.contains(&Event::Broken { leg, why }));
    let is_seven = |event: &Event| matches!(event, Event::Dtmf { digit: '7', .. });
    assert!(seen.iter().any(is_seven));
}

/// Headless, with a profile of its own; gone when it is dropped.
struct Chromium(Child, PathBuf);

impl Chromium {
    fn open(page: SocketAddr) -> Self {
        let profile = std::env::temp_dir().join(format!("media-chromium-{}", page.port()));
        Self(
            Command::new("chromium")
                .args([
                    "--headless",
                    "--no-sandbox",
                    "--no-first-run",
                    "--disable-gpu",
                ])
                .arg("--autoplay-policy=no-user-gesture-required")
                .arg("--allow-loopback-in-peer-connection")
                .arg("--disable-features=WebRtcHideLocalIpsWithMdns")
                .arg(format!("--user-data-dir={}", profile.display()))
                .arg(format!("http://{page}/"))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("Chromium starts"),
            profile,
        )
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
        let _ = std::fs::remove_dir_all(&self.1);
    }
}

fn request(stream: TcpStream) -> (String, String, TcpStream) {
    // One that is open and says nothing must not keep the others waiting.
    let unused = Some(Duration::from_secs(1));
    stream.set_read_timeout(unused).unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if !matches!(reader.read_line(&mut line), Ok(1..)) {
        return (String::new(), String::new(), reader.into_inner());
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if header.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (path, String::from_utf8(body).unwrap(), reader.into_inner())
}

fn reply(mut stream: TcpStream, kind: &str, body: &str) {
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
}

fn remote_of(sdp: &str, spoken: Spoken) -> Remote {
    let value = |name: &str| {
        let line = sdp.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name}")).trim().to_owned()
    };
    let telephone_event = sdp
        .lines()
        .filter_map(|line| line.strip_prefix("a=rtpmap:"))
        .find_map(|line| line.strip_suffix(&format!(" telephone-event/{}", spoken.clock)))
        .map(|number| number.parse().unwrap());
    let mut remote = Remote::new("0.0.0.0:9".parse().unwrap(), spoken.codec);
    remote.dtmf_payload_type = telephone_event;
    remote.dtmf_clock_hz = spoken.clock;
    remote.security = Security::Dtls(RemoteWebRtc {
        ice: IceCredentials {
            ufrag: value("a=ice-ufrag:"),
            pwd: value("a=ice-pwd:"),
        },
        fingerprint: value("a=fingerprint:sha-256 ").parse().unwrap(),
    });
    remote
}

fn answer(
    local: &LocalWebRtc,
    ice: &IceCredentials,
    version: u32,
    remote: &Remote,
    spoken: Spoken,
) -> String {
    let number = remote.payload_type;
    let keys = remote
        .dtmf_payload_type
        .expect("it offers keys on that clock");
    let (ip, port) = (local.address.ip(), local.address.port());
    let (ufrag, pwd, fingerprint) = (&ice.ufrag, &ice.pwd, local.fingerprint);
    [
        "v=0".to_owned(),
        format!("o=- 1 {version} IN IP4 {ip}"),
        "s=-".to_owned(),
        "t=0 0".to_owned(),
        "a=group:BUNDLE 0".to_owned(),
        "a=ice-lite".to_owned(),
        format!("m=audio {port} UDP/TLS/RTP/SAVPF {number} {keys}"),
        format!("c=IN IP4 {ip}"),
        "a=mid:0".to_owned(),
        "a=sendrecv".to_owned(),
        "a=rtcp-mux".to_owned(),
        "a=setup:passive".to_owned(),
        format!("a=ice-ufrag:{ufrag}"),
        format!("a=ice-pwd:{pwd}"),
        format!("a=fingerprint:sha-256 {fingerprint}"),
        format!("a=candidate:1 1 udp 2130706431 {ip} {port} typ host"),
        "a=end-of-candidates".to_owned(),
        spoken.lines.to_owned(),
        format!("a=rtpmap:{keys} telephone-event/{}", spoken.clock),
        String::new(),
    ]
    .join("\r\n")
}
