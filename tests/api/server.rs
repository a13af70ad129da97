//! The listener itself, over real sockets.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use hotline::api::server::serve;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

async fn serving(router: Router) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    serving_with(None, router).await
}

async fn serving_with(
    tls: Option<Arc<ServerConfig>>,
    router: Router,
) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, tls, router, async {
        let _ = stopped.await;
    }));
    (address, stop, server)
}

/// Everything the server says to `request` until it hangs up.
async fn said(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset after the answer is as good as an end.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_route_learns_who_called() {
    let who = get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string());
    let (address, _stop, _) = serving(Router::new().route("/", who)).await;
    let answer = said(
        address,
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.ends_with("127.0.0.1"), "{answer}");
}

#[tokio::test]
async fn a_head_too_large_is_refused_and_the_next_caller_served() {
    let (address, _stop, _) = serving(Router::new().route("/", get(|| async { "fine" }))).await;
    let long = format!(
        "GET / HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n",
        "x".repeat(64 * 1024)
    );
    let many = format!(
        "GET / HTTP/1.1\r\nHost: h\r\n{}\r\n",
        "X: x\r\n".repeat(100)
    );
    for request in [&long, &many, "\0\0\0\0\r\n\r\n"] {
        let answer = said(address, request).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    let answer = said(
        address,
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.ends_with("fine"), "{answer}");
}

#[tokio::test]
async fn stopping_lets_the_running_request_finish_and_takes_no_other() {
    let (entered, mut has_entered) = tokio::sync::mpsc::channel::<()>(1);
    let gate = std::sync::Arc::new(tokio::sync::Notify::new());
    let slow = get({
        let gate = gate.clone();
        move || async move {
            entered.send(()).await.unwrap();
            gate.notified().await;
            "finished"
        }
    });
    let (address, stop, server) = serving(Router::new().route("/", slow)).await;
    let running = tokio::spawn(said(address, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    has_entered.recv().await.unwrap();
    stop.send(()).unwrap();
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    gate.notify_one();
    assert!(running.await.unwrap().ends_with("finished"));
    server.await.unwrap();
}

#[tokio::test]
async fn who_does_not_speak_tls_is_let_go_and_who_does_is_served() {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = own.signing_key.serialize_der().try_into().unwrap();
    let server = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let router = Router::new().route("/", get(|| async { "fine" }));
    let (address, _stop, _) = serving_with(Some(Arc::new(server)), router).await;

    let plain = said(address, "GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert!(!plain.contains("fine"), "{plain}");
    let mut silent = TcpStream::connect(address).await.unwrap();
    silent.write_all(&[22, 3, 1]).await.unwrap();

    let mut roots = RootCertStore::empty();
    roots.add(own.cert.der().clone()).unwrap();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let client = ClientConfig::builder_with_protocol_versions(&[version])
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = TlsConnector::from(Arc::new(client))
            .connect(name, stream)
            .await
            .unwrap();
        let request = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("fine"), "{answer}");
    }
}
