//! The door for phones in browsers: who is let in, what is carried, and how a connection ends.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hotline::api::server::serve;
use hotline::domain::staff::Role;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::Error;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::world::World;

type Phone = WebSocketStream<TcpStream>;

/// A listener that serves the world.
async fn served(world: &World) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(
        listener,
        None,
        world.router.clone(),
        std::future::pending(),
    ));
    address
}

/// The upgrade, with more headers; the status when it is refused.
async fn connect(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Phone, u16> {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut request = "ws://hotline.example/sip".into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match client_async(request, stream).await {
        Ok((phone, response)) => {
            assert_eq!(response.headers()["sec-websocket-protocol"], "sip");
            Ok(phone)
        }
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

const SIP: (&str, &str) = ("sec-websocket-protocol", "sip");
const OURS: (&str, &str) = ("origin", "https://hotline.example");

/// The agent's page, with its cookie.
async fn page(world: &World, address: SocketAddr) -> (Phone, String) {
    let cookie = world.person(Role::Agent).await.header("cookie");
    let phone = connect(address, &[SIP, OURS, ("cookie", &cookie)])
        .await
        .unwrap();
    (phone, cookie)
}

/// The next thing that is no keep-alive.
async fn next(phone: &mut Phone) -> Message {
    loop {
        match phone.next().await {
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(message)) => return message,
            other => panic!("{other:?}"),
        }
    }
}

async fn close_code(phone: &mut Phone) -> u16 {
    match next(phone).await {
        Message::Close(Some(frame)) => frame.code.into(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_is_let_in() {
    let world = World::new().await;
    let address = served(&world).await;
    let agent = world.person(Role::Agent).await.header("cookie");
    let auditor = world.person(Role::Auditor).await.header("cookie");
    let stale = "hotline_session=0123456789abcdef";
    let foreign = ("origin", "https://evil.example");
    let in_the_clear = ("origin", "http://hotline.example");
    // What it is, its headers, and what it is refused with.
    type Case<'a> = (&'a str, &'a [(&'static str, &'a str)], Option<u16>);
    let table: [Case<'_>; 9] = [
        ("an agent's page", &[SIP, OURS, ("cookie", &agent)], None),
        // From this machine or over TLS: it must then prove itself by each request.
        ("a desk phone", &[SIP], None),
        (
            "a foreign page",
            &[SIP, foreign, ("cookie", &agent)],
            Some(403),
        ),
        ("a foreign page without login", &[SIP, foreign], Some(403)),
        (
            "a page that came in the clear",
            &[SIP, in_the_clear, ("cookie", &agent)],
            Some(403),
        ),
        (
            "a cookie from no page",
            &[SIP, ("cookie", &agent)],
            Some(403),
        ),
        (
            "a login that is over",
            &[SIP, OURS, ("cookie", stale)],
            Some(401),
        ),
        (
            "a person without extension",
            &[SIP, OURS, ("cookie", &auditor)],
            Some(403),
        ),
        (
            "another protocol",
            &[("sec-websocket-protocol", "xmpp"), OURS, ("cookie", &agent)],
            Some(400),
        ),
    ];
    for (who, headers, refused) in table {
        assert_eq!(connect(address, headers).await.err(), refused, "{who}");
    }
    let heard = world.floor.heard.lock().unwrap().clone();
    assert_eq!(
        heard,
        [
            "agent opened, encrypted: true",
            "somebody opened, encrypted: true"
        ]
    );
    let reply = world.nobody().get("/sip").await;
    assert_eq!(reply.refusal(), (426, "websocket_required".to_owned()));
}

#[tokio::test]
async fn each_message_is_carried_whole_and_a_keep_alive_is_answered() {
    let world = World::new().await;
    let address = served(&world).await;
    let (mut phone, _) = page(&world, address).await;
    let largest = "x".repeat(64 * 1024);
    for text in ["OPTIONS sip:a SIP/2.0\r\n\r\n", "呼叫", &largest] {
        phone.send(Message::text(text)).await.unwrap();
        assert_eq!(next(&mut phone).await, Message::text(text));
    }
    let latin_1 = Bytes::from_static(b"caf\xe9");
    phone.send(Message::Binary(latin_1.clone())).await.unwrap();
    assert_eq!(next(&mut phone).await, Message::Binary(latin_1));
    phone.send(Message::text("\r\n\r\n")).await.unwrap();
    assert_eq!(next(&mut phone).await, Message::text("\r\n"));
}

#[tokio::test]
async fn a_message_of_a_megabyte_ends_its_connection_and_no_other() {
    let world = World::new().await;
    let address = served(&world).await;
    let (mut phone, cookie) = page(&world, address).await;
    let mut other = connect(address, &[SIP, OURS, ("cookie", &cookie)])
        .await
        .unwrap();
    // The server may stop reading in the middle of it.
    let _ = phone.send(Message::text("x".repeat(1 << 20))).await;
    assert_eq!(close_code(&mut phone).await, u16::from(CloseCode::Size));
    other.send(Message::text("still here")).await.unwrap();
    assert_eq!(next(&mut other).await, Message::text("still here"));
}

#[tokio::test]
async fn the_phone_is_told_why_it_is_let_go() {
    let world = World::new().await;
    let address = served(&world).await;
    let (mut phone, _) = page(&world, address).await;
    phone.send(Message::text("replace me")).await.unwrap();
    assert_eq!(close_code(&mut phone).await, 4001);
}

#[tokio::test]
async fn a_login_that_ends_ends_the_page_too() {
    let world = World::new().await;
    let address = served(&world).await;
    let agent = world.person(Role::Agent).await;
    let cookie = agent.header("cookie");
    let mut phone = connect(address, &[SIP, OURS, ("cookie", &cookie)])
        .await
        .unwrap();
    assert_eq!(agent.post("/api/v1/logout", json!({})).await.status, 204);
    // Looked at every ten seconds.
    let code = tokio::time::timeout(Duration::from_secs(15), close_code(&mut phone));
    assert_eq!(code.await.unwrap(), 4003);
}

#[tokio::test]
async fn a_flood_of_connections_is_stopped_at_its_source() {
    let world = World::new().await;
    let address = served(&world).await;
    let mut open = Vec::new();
    let refused = loop {
        match connect(address, &[SIP]).await {
            Ok(phone) => open.push(phone),
            Err(status) => break status,
        }
        assert!(open.len() < 1_000);
    };
    assert_eq!((refused, open.len()), (503, 64));
    // Who has a login still comes in; and a place given back is a place.
    let (_page, _) = page(&world, address).await;
    drop(open);
    let again = async {
        while connect(address, &[SIP]).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), again)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_page_learns_which_phone_it_may_be() {
    let world = World::new().await;
    let me = world.person(Role::Agent).await.get("/api/v1/me").await.ok();
    assert_eq!(
        me["phone"],
        json!({"extension": "agent1000", "sip_uri": "sip:agent1000@192.0.2.1", "websocket": "/sip"})
    );
    let me = world
        .person(Role::Auditor)
        .await
        .get("/api/v1/me")
        .await
        .ok();
    assert_eq!(me["phone"], json!(null));
}
