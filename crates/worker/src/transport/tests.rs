use std::io::{self, Read};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use channels::egress::EgressPolicy;
use chrono::DateTime;

use super::{Http, Method, Outbound, Settings};

mod answers;
mod guard;

/// Counts the connections nobody should have made.
struct Canary(TcpListener);

impl Canary {
    fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    fn hits(&self) -> usize {
        self.0.set_nonblocking(true).unwrap();
        std::iter::from_fn(|| self.0.accept().ok()).count()
    }
}

fn settings() -> Settings {
    Settings {
        dns_cache: Duration::ZERO,
        ..Settings::new("Farol/0.1.0 (+https://example.org/bot)", || DateTime::UNIX_EPOCH)
    }
}

fn allowing(net: &str) -> EgressPolicy {
    EgressPolicy::new(vec![net.parse().unwrap()])
}

fn open() -> Http {
    Http::new(allowing("127.0.0.0/8"), settings()).unwrap()
}

fn hasty() -> Http {
    let total_timeout = Duration::from_millis(400);
    let connect_timeout = Duration::from_millis(200);
    let settings = Settings { total_timeout, connect_timeout, ..settings() };
    Http::new(allowing("127.0.0.0/8"), settings).unwrap()
}

fn post(url: impl Into<String>) -> Outbound {
    let headers = vec![("webhook-id".to_owned(), "msg_1".to_owned())];
    Outbound { method: Method::Post, url: url.into(), headers, body: Bytes::from_static(b"{}") }
}

/// Runs `script` on each connection once the request has been read. It gets the request.
fn serve_at(
    address: &str,
    script: impl Fn(&[u8], &mut TcpStream) -> io::Result<()> + Send + 'static,
) -> u16 {
    let listener = TcpListener::bind(address).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut request = Vec::new();
            let mut buffer = [0; 1024];
            while !request.ends_with(b"\r\n\r\n{}") {
                match stream.read(&mut buffer) {
                    Ok(0) | Err(_) => break,
                    Ok(read) => request.extend_from_slice(&buffer[..read]),
                }
            }
            // The client hangs up on most of these scripts, and is right to.
            let _hung_up = script(&request, &mut stream);
        }
    });
    port
}

fn serve(script: impl Fn(&[u8], &mut TcpStream) -> io::Result<()> + Send + 'static) -> String {
    format!("http://127.0.0.1:{}/hook", serve_at("127.0.0.1:0", script))
}
