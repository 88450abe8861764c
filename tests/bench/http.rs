//! As little HTTP/1.1 as it takes: the load must cost less than what it loads.
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::Outcome;

/// No answer takes longer than this, or the bench gives up.
const PATIENCE: Duration = Duration::from_secs(15);

/// An answer.
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

/// One kept connection, one request at a time.
pub struct Client {
    stream: TcpStream,
    token: String,
    buffer: Vec<u8>,
}

impl Client {
    pub fn connect(address: SocketAddr, token: &str) -> Outcome<Self> {
        Ok(Self { stream: connect(address)?, token: token.to_owned(), buffer: Vec::new() })
    }

    pub fn get(&mut self, path: &str) -> Outcome<Reply> {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n"))
    }

    /// Sends a request as it is written.
    pub fn ask(&mut self, request: &str) -> Outcome<Reply> {
        self.exchange(request.as_bytes())
    }

    /// Sends JSON with the token.
    pub fn call(&mut self, method: &str, path: &str, body: &str) -> Outcome<Reply> {
        self.send(method, path, "application/json", body)
    }

    /// Sends anything with the token.
    pub fn send(&mut self, method: &str, path: &str, kind: &str, body: &str) -> Outcome<Reply> {
        let (token, length) = (&self.token, body.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.exchange(request.as_bytes())
    }

    fn exchange(&mut self, request: &[u8]) -> Outcome<Reply> {
        self.stream.write_all(request)?;
        self.buffer.clear();
        let mut chunk = [0; 16 * 1024];
        loop {
            let n_read = self.stream.read(&mut chunk)?;
            if n_read == 0 {
                return Err("the connection was closed".into());
            }
            self.buffer.extend_from_slice(chunk.get(..n_read).unwrap_or_default());
            if let Some(reply) = parse(&self.buffer)? {
                return Ok(reply);
            }
        }
    }
}

fn connect(address: SocketAddr) -> Outcome<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// The answer, once all of it is there. Knows `Content-Length` alone.
fn parse(bytes: &[u8]) -> Outcome<Option<Reply>> {
    let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(bytes.get(..end).unwrap_or_default())?.to_owned();
    let status = head.split(' ').nth(1).ok_or("no status")?.parse()?;
    let body = bytes.get(end + 4..).unwrap_or_default();
    let length = match header(&head, "content-length") {
        Some(length) if status != 304 => length.parse()?,
        _ => 0,
    };
    if body.len() < length {
        return Ok(None);
    }
    Ok(Some(Reply { status, head, body: body.to_vec() }))
}

/// The value of a header.
pub fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

/// Repeats one request on `n_connections` at once for some time; how many answers came per second.
///
/// One thread walks the connections: reads the answer of each and asks again at once, so that all
/// but one of them wait for the server at any time. Two system calls per answer, no polling: the
/// server is what limits. All answers must be as long as the first.
pub fn flood(
    address: SocketAddr,
    request: &str,
    n_connections: usize,
    time: Duration,
) -> Outcome<f64> {
    let mut client = Client::connect(address, "")?;
    let reply = client.exchange(request.as_bytes())?;
    let length = client.buffer.len();
    if !matches!(reply.status, 200 | 304) {
        return Err(format!("{} instead of the page", reply.status).into());
    }
    let mut streams = Vec::new();
    for _ in 0..n_connections {
        let mut stream = connect(address)?;
        stream.write_all(request.as_bytes())?;
        streams.push(stream);
    }
    let mut answer = vec![0; length];
    let (began, mut n_answers) = (Instant::now(), 0_u32);
    while began.elapsed() < time {
        for stream in &mut streams {
            stream.read_exact(&mut answer)?;
            stream.write_all(request.as_bytes())?;
            n_answers += 1;
        }
    }
    Ok(f64::from(n_answers) / began.elapsed().as_secs_f64())
}
