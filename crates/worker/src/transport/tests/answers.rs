use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::{Canary, hasty, open, post, serve};
use crate::transport::{BODY_MAX, Failure};

fn drip(stream: &mut TcpStream, head: &[u8]) -> io::Result<()> {
    stream.write_all(head)?;
    loop {
        stream.write_all(b"x")?;
        thread::sleep(Duration::from_millis(40));
    }
}

#[tokio::test]
async fn the_request_arrives_as_described() {
    let url = serve(|request, stream| {
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", request.len())?;
        stream.write_all(request)
    });
    let reply = open().send(post(&url)).await;
    let answer = reply.outcome.unwrap();
    let port = url.split(&[':', '/']).nth(4).unwrap();
    let expected = format!(
        "POST /hook HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nwebhook-id: msg_1\r\n\
         accept: */*\r\nuser-agent: Farol/0.1.0 (+https://example.org/bot)\r\n\
         content-length: 2\r\n\r\n{{}}"
    );
    assert_eq!(answer.status, 200);
    assert_eq!(String::from_utf8(answer.body).unwrap(), expected);
    assert!(reply.elapsed > Duration::ZERO);
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    let url = serve(move |_, stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        loop {
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
            if stream.read(&mut [0; 1024])? == 0 {
                return Ok(());
            }
        }
    });
    let http = open();
    for _ in 0..3 {
        assert_eq!(http.send(post(&url)).await.outcome.unwrap().status, 204);
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_redirect_is_the_answer() {
    for status in [301, 302, 303, 307, 308] {
        let canary = Canary::new();
        let location = format!("http://127.0.0.1:{}/", canary.port());
        let url = serve(move |_, stream| {
            write!(stream, "HTTP/1.1 {status} Go\r\nlocation: {location}\r\n")?;
            stream.write_all(b"connection: close\r\ncontent-length: 0\r\n\r\n")
        });
        assert_eq!(open().send(post(url)).await.outcome.unwrap().status, status);
        assert_eq!(canary.hits(), 0);
    }
}

#[tokio::test]
async fn a_proxy_in_the_environment_is_ignored() {
    let canary = Canary::new();
    let proxy = format!("http://127.0.0.1:{}", canary.port());
    let (_crate_name, module) = module_path!().split_once("::").unwrap();
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", &format!("{module}::the_request_arrives_as_described")]);
    again.env_remove("no_proxy").env_remove("NO_PROXY");
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        again.env(name, &proxy);
    }
    let output = again.output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && report.contains("1 passed"), "{report}");
    assert_eq!(canary.hits(), 0);
}

#[tokio::test]
async fn a_dripping_head_is_cut_off() {
    let url = serve(|_, stream| drip(stream, b"HTTP/1.1 200 OK\r\nx-slow: "));
    let reply = hasty().send(post(url)).await;
    assert_eq!(reply.outcome, Err(Failure::Timeout));
    assert!(reply.elapsed < Duration::from_secs(2), "{:?}", reply.elapsed);
}

#[tokio::test]
async fn a_dripping_body_is_cut_off_and_the_answer_counts() {
    let url = serve(|_, stream| drip(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n"));
    let reply = hasty().send(post(url)).await;
    let answer = reply.outcome.unwrap();
    assert_eq!(answer.status, 200);
    assert!((1..100).contains(&answer.body.len()), "{}", answer.body.len());
    assert!(reply.elapsed < Duration::from_secs(2), "{:?}", reply.elapsed);
}

#[tokio::test]
async fn an_endless_body_is_cut_at_the_cap() {
    let url = serve(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")?;
        loop {
            stream.write_all(&[b'x'; 8192])?;
        }
    });
    let reply = open().send(post(url)).await;
    assert_eq!(reply.outcome.unwrap().body.len(), BODY_MAX);
    assert!(reply.elapsed < Duration::from_secs(4), "{:?}", reply.elapsed);
}

#[tokio::test]
async fn a_compressed_body_stays_compressed() {
    let url = serve(|request, stream| {
        assert!(!String::from_utf8_lossy(request).contains("accept-encoding"));
        let head = "connection: close\r\ncontent-encoding: gzip\r\ncontent-length: 4";
        write!(stream, "HTTP/1.1 200 OK\r\n{head}\r\n\r\nbomb")
    });
    assert_eq!(open().send(post(url)).await.outcome.unwrap().body, b"bomb");
}

#[tokio::test]
async fn what_is_not_http_is_malformed() {
    let many_headers = serve(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        for number in 0..20_000 {
            write!(stream, "x-{number}: y\r\n")?;
        }
        stream.write_all(b"\r\n")
    });
    let tls = serve(|_, stream| stream.write_all(&[0x15, 3, 3, 0, 2, 2, 40, b'\r', b'\n']));
    for url in [many_headers, tls] {
        assert_eq!(open().send(post(url)).await.outcome, Err(Failure::Malformed));
    }
}

#[tokio::test]
async fn a_connection_closed_after_the_request_is_ambiguous() {
    let close = serve(|_, _| Ok(()));
    let close_in_head = serve(|_, stream| stream.write_all(b"HTTP/1.1 200 OK\r\nx-"));
    for url in [close, close_in_head] {
        assert_eq!(open().send(post(url)).await.outcome, Err(Failure::Interrupted));
    }
}

#[tokio::test]
async fn a_failed_connection_is_not_ambiguous() {
    let free = Canary::new().port();
    let silent = Canary::new();
    let http = hasty();
    for port in [free, silent.port()] {
        let url = format!("https://127.0.0.1:{port}/");
        assert_eq!(http.send(post(url)).await.outcome, Err(Failure::Connect));
    }
    assert_eq!(silent.hits(), 1);
}

#[tokio::test]
async fn a_peer_that_does_not_speak_tls_has_its_own_class() {
    for reply in ["", "HTTP/1.1 400 Bad Request\r\n\r\n"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept()?;
            let _hello = stream.read(&mut [0; 4096])?;
            stream.write_all(reply.as_bytes())
        });
        assert_eq!(open().send(post(url)).await.outcome, Err(Failure::Tls), "{reply:?}");
    }
}

#[tokio::test]
async fn headers_that_would_reframe_the_message_are_not_sent() {
    let canary = Canary::new();
    for (name, value) in [
        ("Host", "internal"),
        ("content-length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("x-split", "a\r\nx-injected: b"),
        ("bad name", "a"),
        ("", "a"),
    ] {
        let mut request = post(format!("http://127.0.0.1:{}/", canary.port()));
        request.headers.push((name.to_owned(), value.to_owned()));
        assert_eq!(open().send(request).await.outcome, Err(Failure::Unsendable), "{name}");
    }
    assert_eq!(canary.hits(), 0);
}

#[tokio::test]
async fn retry_after_is_read_from_the_answer() {
    let url = serve(|_, stream| {
        let head = "connection: close\r\ncontent-length: 0\r\nretry-after: 1.5";
        write!(stream, "HTTP/1.1 429 Slow Down\r\n{head}\r\n\r\n")
    });
    let answer = open().send(post(url)).await.outcome.unwrap();
    assert_eq!((answer.status, answer.retry_after), (429, Some(Duration::from_millis(1500))));
}
