//! Listening to Server-Sent Events over a socket of one's own, as the WHATWG has them.
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::client::Client;

/// How long an event may take.
const WITHIN: Duration = Duration::from_secs(20);

/// A connection on which events arrive.
pub struct Stream {
    socket: TcpStream,
    /// Status line and headers, in lower case.
    pub head: String,
    raw: Vec<u8>,
    text: Vec<u8>,
    is_chunked: bool,
    ended: bool,
}

/// What one block of lines says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    pub id: Option<i64>,
    pub event: String,
    pub data: Value,
    pub retry: Option<u64>,
    /// A block of nothing but a comment.
    pub is_heartbeat: bool,
}

impl Stream {
    /// Listens as this client at `/api/v1/stream` with what `query` adds and `headers` say.
    ///
    /// # Panics
    /// When nobody answers.
    pub async fn open(client: &Client, query: &str, headers: &str) -> Self {
        Self::from_address(client, "127.0.0.1", query, headers).await
    }

    /// Likewise from another address of this machine.
    ///
    /// # Panics
    /// When nobody answers.
    pub async fn from_address(client: &Client, own: &str, query: &str, headers: &str) -> Self {
        let address: SocketAddr = client.base().trim_start_matches("http://").parse().expect("one");
        let socket = TcpSocket::new_v4().expect("a socket");
        // Little room, so that who does not read is soon known not to.
        socket.set_recv_buffer_size(16 * 1024).expect("a size");
        socket.bind(SocketAddr::new(own.parse().expect("an address"), 0)).expect("an address");
        let mut socket = socket.connect(address).await.expect("a connection");
        let bearer = client.bearer().map(|it| format!("Authorization: Bearer {it}\r\n"));
        let bearer = bearer.unwrap_or_default();
        let request =
            format!("GET /api/v1/stream{query} HTTP/1.1\r\nHost: test\r\n{bearer}{headers}\r\n");
        socket.write_all(request.as_bytes()).await.expect("a listener");
        let mut stream = Self {
            socket,
            head: String::new(),
            raw: Vec::new(),
            text: Vec::new(),
            is_chunked: false,
            ended: false,
        };
        timeout(WITHIN, stream.read_head()).await.expect("an answer");
        stream
    }

    async fn read_head(&mut self) {
        let end = loop {
            if let Some(end) = self.raw.windows(4).position(|it| it == b"\r\n\r\n") {
                break end;
            }
            assert!(self.fill().await, "no answer: {}", String::from_utf8_lossy(&self.raw));
        };
        self.head = String::from_utf8_lossy(&self.raw[..end]).to_lowercase();
        self.raw.drain(..end + 4);
        self.is_chunked = self.header("transfer-encoding") == "chunked";
    }

    /// The status of the answer.
    ///
    /// # Panics
    /// When it is no HTTP.
    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status")
    }

    /// A header in lower case, or nothing.
    pub fn header(&self, name: &str) -> &str {
        let values = self.head.lines().filter_map(|it| it.split_once(':'));
        values.into_iter().find(|it| it.0 == name).map_or("", |it| it.1.trim())
    }

    /// What comes next, comments and all; nothing when the other side ended it.
    ///
    /// # Panics
    /// When neither happens in time.
    #[track_caller]
    pub fn next_block(&mut self) -> impl Future<Output = Option<Told>> {
        let asker = std::panic::Location::caller();
        async move {
            match timeout(WITHIN, self.block()).await {
                Ok(block) => block,
                Err(_) => panic!("{asker}: nothing within {WITHIN:?}"),
            }
        }
    }

    /// The next event; nothing when the other side ended it.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            let told = self.next_block().await?;
            if !told.event.is_empty() {
                return Some(told);
            }
        }
    }

    /// The next event of a stream that goes on.
    ///
    /// # Panics
    /// When it ended.
    pub async fn hear(&mut self) -> Told {
        self.next().await.expect("an event, but the stream ended")
    }

    /// Whether nothing but comments comes for so long.
    pub async fn is_silent(&mut self, time: Duration) -> bool {
        timeout(time, self.next()).await.is_err()
    }

    async fn block(&mut self) -> Option<Told> {
        loop {
            self.unchunk();
            if let Some(end) = self.text.windows(2).position(|it| it == b"\n\n") {
                let block: Vec<u8> = self.text.drain(..end + 2).collect();
                return Some(Told::of(&String::from_utf8(block).expect("text")));
            }
            if self.ended || !self.fill().await {
                return None;
            }
        }
    }

    async fn fill(&mut self) -> bool {
        self.socket.read_buf(&mut self.raw).await.is_ok_and(|n| n > 0)
    }

    /// RFC 9112 §7.1.
    fn unchunk(&mut self) {
        if !self.is_chunked {
            return self.text.append(&mut self.raw);
        }
        while let Some(line) = self.raw.windows(2).position(|it| it == b"\r\n") {
            let size = std::str::from_utf8(&self.raw[..line]).expect("a size");
            let size = usize::from_str_radix(size, 16).expect("a size");
            if self.raw.len() < line + 2 + size + 2 {
                return;
            }
            self.text.extend_from_slice(&self.raw[line + 2..line + 2 + size]);
            self.raw.drain(..line + 2 + size + 2);
            self.ended |= size == 0;
        }
    }
}

impl Told {
    fn of(block: &str) -> Self {
        let mut told = Self::default();
        for line in block.lines() {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "" => told.is_heartbeat = true,
                "id" => told.id = Some(value.parse().expect("a number")),
                "event" => value.clone_into(&mut told.event),
                "data" => told.data = serde_json::from_str(value).expect("JSON"),
                "retry" => told.retry = Some(value.parse().expect("milliseconds")),
                field => panic!("what is {field}?"),
            }
        }
        told
    }
}
