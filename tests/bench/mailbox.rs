//! A mail server that takes everything: as little SMTP (RFC 5321) as a well-behaved client needs.
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::Outcome;

/// Takes mails on a port that it prints. `NOOP` is answered with how many came so far.
pub fn serve() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        writeln!(std::io::stdout(), "port {}", listener.local_addr()?.port())?;
        std::io::stdout().flush()?;
        let count = Arc::new(AtomicU64::new(0));
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            // A connection that breaks off is the client's matter.
            tokio::spawn(talk(stream, Arc::clone(&count)));
        }
    })
}

async fn talk(stream: TcpStream, count: Arc<AtomicU64>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 bench\r\n").await?;
    let mut line = Vec::new();
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let verb = String::from_utf8_lossy(line.get(..4).unwrap_or_default()).to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-bench\r\n250-PIPELINING\r\n250 8BITMIME\r\n".to_owned(),
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                read_mail(&mut stream).await?;
                count.fetch_add(1, Ordering::Relaxed);
                "250 taken\r\n".to_owned()
            }
            "NOOP" => format!("250 {}\r\n", count.load(Ordering::Relaxed)),
            "QUIT" => return stream.write_all(b"221 bye\r\n").await,
            _ => "250 ok\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

async fn read_mail(stream: &mut BufReader<TcpStream>) -> std::io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 || line == b".\r\n" {
            return Ok(());
        }
    }
}
