use std::time::Duration;

use ::tests::Smtp as Counterpart;
use ::tests::smtp::{Settings as Options, Tls};
use channels::Answer;
use channels::mail::Mail;
use chrono::DateTime;
use lettre::transport::smtp::client::Certificate;
use mail_parser::{MessageParser, MimeHeaders as _};

use super::*;

const UNSUBSCRIBE: &str = "https://status.example.org/unsubscribe/";

fn mail(to: &str) -> Mail {
    Mail {
        to: to.to_owned(),
        subject: "[Example] Checkout fails".to_owned(),
        text: "Investigating: Checkout fails\n".to_owned(),
        html: "<!doctype html><p>Checkout fails</p>".to_owned(),
        message_id: "0193.5a10".to_owned(),
        in_reply_to: Some("0193".to_owned()),
        headers: vec![("Auto-Submitted", "auto-generated".to_owned())],
        calendar: None,
    }
}

fn settings(server: &Counterpart) -> Settings {
    let from = "Example Status <status@mail.example.org>".parse().unwrap();
    Settings::new(Server::parse(&server.url()).unwrap(), from, || DateTime::UNIX_EPOCH)
}

fn client(server: &Counterpart) -> Smtp {
    Smtp::new(settings(server)).unwrap()
}

async fn sent(smtp: &Smtp, to: &str) -> Answer {
    smtp.send(&mail(to)).await.outcome.unwrap()
}

fn said(answer: &Answer) -> (u16, &str) {
    (answer.status, std::str::from_utf8(&answer.body).unwrap())
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_meant() {
    let server = Counterpart::start().await;
    let long = format!("<{UNSUBSCRIBE}{}>", "x".repeat(900));
    let calendar = "BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\nEND:VCALENDAR\r\n".to_owned();
    let mut letter = mail("ana@example.org");
    "[Café] Pagamento está fora – 決済エラー".clone_into(&mut letter.subject);
    "Olá!\n.\n..dots\nИдёт проверка\n".clone_into(&mut letter.text);
    letter.headers.push(("List-Unsubscribe", long.clone()));
    letter.calendar = Some(calendar.clone());
    let smtp = Smtp::new(Settings {
        reply_to: Some("help@example.org".parse().unwrap()),
        envelope_from: Some("bounces@example.org".parse().unwrap()),
        ..settings(&server)
    });
    let answer = smtp.unwrap().send(&letter).await.outcome.unwrap();
    assert_eq!(said(&answer), (250, "DATA: 2.0.0 OK: queued as 4711"));

    let [got] = server.wait_for("ana@example.org", 1).await.try_into().unwrap();
    assert_eq!((got.sender.as_str(), got.is_encrypted), ("bounces@example.org", false));
    assert!(got.raw.is_ascii());
    let raw = String::from_utf8(got.raw.clone()).unwrap();
    assert!(raw.lines().all(|line| line.len() < 998), "{raw}");
    assert!(raw.contains("Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"), "{raw}");
    assert!(raw.contains("In-Reply-To: <0193@mail.example.org>\r\n"), "{raw}");
    assert!(raw.contains("References: <0193@mail.example.org>\r\n"), "{raw}");

    let parsed = MessageParser::new().parse(&got.raw).unwrap();
    assert_eq!(parsed.subject(), Some(letter.subject.as_str()));
    assert_eq!(parsed.message_id(), Some("0193.5a10@mail.example.org"));
    assert_eq!(parsed.from().unwrap().first().unwrap().name(), Some("Example Status"));
    assert_eq!(parsed.reply_to().unwrap().first().unwrap().address(), Some("help@example.org"));
    let unsubscribe = parsed.header_raw("List-Unsubscribe").unwrap();
    assert_eq!(unsubscribe.trim(), long);
    assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n"), letter.text);
    assert_eq!(parsed.body_html(0).unwrap().trim_end(), letter.html);
    let part = parsed.parts.iter().find(|it| it.is_content_type("text", "calendar")).unwrap();
    assert_eq!(part.content_type().unwrap().attribute("method"), Some("PUBLISH"));
    assert_eq!(part.text_contents(), Some(calendar.as_str()));
}

#[tokio::test]
async fn many_mails_share_few_connections() {
    let server = Counterpart::start().await;
    let smtp = client(&server);
    let senders = (0..40).map(|number| {
        let smtp = smtp.clone();
        tokio::spawn(
            async move { sent(&smtp, &format!("reader{number}@example.org")).await.status },
        )
    });
    for sender in senders.collect::<Vec<_>>() {
        assert_eq!(sender.await.unwrap(), 250);
    }
    assert_eq!(server.wait_for_all(40).await.len(), 40);
    assert!((1..=CONNECTIONS).contains(&server.connections()), "{}", server.connections());
}

#[tokio::test]
async fn refusals_are_answers_and_leave_the_connection_usable() {
    let server = Counterpart::start().await;
    let smtp = client(&server);
    let greylisted = "r451_4_7_1-ana@example.org";
    assert_eq!(said(&sent(&smtp, greylisted).await), (451, "RCPT TO: 4.7.1 as asked"));
    let unknown = sent(&smtp, "r550_5_1_1-ana@example.org").await;
    assert_eq!(said(&unknown), (550, "RCPT TO: 5.1.1 as asked"));
    assert_eq!(said(&sent(&smtp, "d552-ana@example.org").await), (552, "DATA: as asked"));
    assert_eq!(sent(&smtp, greylisted).await.status, 250);
    assert_eq!(server.wait_for_all(1).await.len(), 1);
    assert_eq!((server.refused("r550_5_1_1-ana@example.org"), server.connections()), (1, 1));
}

#[tokio::test]
async fn a_refused_sender_is_told_from_a_refused_recipient() {
    let server = Counterpart::start().await;
    let from = "s550_5_7_1-status@example.org".parse().unwrap();
    let smtp = Smtp::new(Settings { from, ..settings(&server) }).unwrap();
    let answer = sent(&smtp, "ana@example.org").await;
    assert_eq!(said(&answer), (550, "MAIL FROM: 5.7.1 as asked"));
}

#[tokio::test]
async fn a_connection_that_ended_while_idle_costs_nothing() {
    let closing = Options { per_line: Some(1), ..Options::default() };
    let silent = Options { drops: true, ..Options::default() };
    for options in [closing, silent] {
        let server = Counterpart::with(options).await;
        let smtp = client(&server);
        for number in 0..3 {
            let to = format!("reader{number}@example.org");
            assert_eq!(sent(&smtp, &to).await.status, 250);
        }
        assert_eq!((server.wait_for_all(3).await.len(), server.connections()), (3, 3));
    }
}

#[tokio::test]
async fn idle_connections_are_ended_with_a_word() {
    let server = Counterpart::start().await;
    let idle_for = Duration::from_millis(50);
    let smtp = Smtp::new(Settings { idle_for, ..settings(&server) }).unwrap();
    assert_eq!(sent(&smtp, "ana@example.org").await.status, 250);
    ::tests::eventually(Duration::from_secs(20), || async { server.goodbyes() == 1 }).await;
    assert_eq!(sent(&smtp, "ana@example.org").await.status, 250);
    assert_eq!((server.wait_for_all(2).await.len(), server.connections()), (2, 2));
}

#[tokio::test]
async fn logins_are_used_and_their_refusal_is_an_answer() {
    let options = Options { login: Some("farol:correct horse"), ..Options::default() };
    let server = Counterpart::with(options).await;
    assert_eq!(sent(&client(&server), "ana@example.org").await.status, 250);
    assert_eq!(server.wait_for_all(1).await.first().unwrap().user, "farol");
    for wrong in ["smtp://farol:wrong@127.0.0.1", "smtp://127.0.0.1"] {
        let url = format!("{wrong}:{}?tls=none", server.port());
        let settings = Settings { server: Server::parse(&url).unwrap(), ..settings(&server) };
        let answer = sent(&Smtp::new(settings).unwrap(), "ana@example.org").await;
        let (code, text) = said(&answer);
        let wanted = if wrong.contains("wrong") { (535, "AUTH: ") } else { (530, "MAIL FROM: ") };
        assert!(code == wanted.0 && text.starts_with(wanted.1), "{code} {text}");
    }
}

#[tokio::test]
async fn tls_is_used_where_it_is_offered_and_trusted_where_it_is_required() {
    let options = Options { tls: Tls::StartTls, ..Options::default() };
    let server = Counterpart::with(options).await;
    assert_eq!(sent(&client(&server), "ana@example.org").await.status, 250);
    assert!(server.wait_for_all(1).await.first().unwrap().is_encrypted);

    let required = format!("smtp://127.0.0.1:{}?tls=required", server.port());
    let implicit = Counterpart::with(Options { tls: Tls::Implicit, ..Options::default() }).await;
    for url in [required, implicit.url()] {
        let settings = Settings { server: Server::parse(&url).unwrap(), ..settings(&server) };
        let distrustful = Smtp::new(settings.clone()).unwrap();
        let outcome = distrustful.send(&mail("ana@example.org")).await.outcome;
        assert_eq!(outcome, Err(Failure::Tls), "{url}");
        let root = Certificate::from_pem(&Counterpart::certificate()).unwrap();
        let dialler = Dialler::new(&settings.server, Some(root)).unwrap();
        let answer = sent(&Smtp::with(settings, dialler), "ana@example.org").await;
        assert_eq!(answer.status, 250, "{url}");
    }
    assert!(implicit.wait_for_all(1).await.first().unwrap().is_encrypted);
}

#[tokio::test]
async fn without_tls_nothing_is_sent_where_it_is_required() {
    let server = Counterpart::start().await;
    for url in ["smtp://127.0.0.1", "smtps://127.0.0.1"] {
        let query = if url.starts_with("smtps") { "" } else { "?tls=required" };
        let url = format!("{url}:{}{query}", server.port());
        let hasty = Settings {
            server: Server::parse(&url).unwrap(),
            total_timeout: Duration::from_secs(5),
            ..settings(&server)
        };
        let outcome = Smtp::new(hasty).unwrap().send(&mail("ana@example.org")).await.outcome;
        assert!(matches!(outcome, Err(Failure::Tls | Failure::Timeout)), "{outcome:?}");
    }
    assert_eq!(server.received().len(), 0);
}

#[tokio::test]
async fn a_server_that_hangs_or_breaks_off_gives_no_answer() {
    let server = Counterpart::start().await;
    let total_timeout = Duration::from_millis(500);
    let smtp = Smtp::new(Settings { total_timeout, ..settings(&server) }).unwrap();
    assert_eq!(sent(&smtp, "ana@example.org").await.status, 250);
    let reply = smtp.send(&mail("hang-ana@example.org")).await;
    assert_eq!(reply.outcome, Err(Failure::Timeout));
    assert!(reply.elapsed >= total_timeout, "{:?}", reply.elapsed);
    // Its connection is not used again: the next mail gets its own answer.
    let refused = sent(&smtp, "r550-ana@example.org").await;
    assert_eq!(said(&refused), (550, "RCPT TO: as asked"));
    let broken = smtp.send(&mail("drop-ana@example.org")).await.outcome;
    assert_eq!(broken, Err(Failure::Interrupted));
    for failure in [Failure::Timeout, Failure::Interrupted, Failure::Tls, Failure::Connect] {
        assert_eq!(Smtp::outcome_of(failure), Outcome::Transient);
    }
}

#[tokio::test]
async fn a_server_that_is_away_is_not_reached() {
    let server = Counterpart::start().await;
    let smtp = client(&server);
    drop(server);
    let outcome = smtp.send(&mail("ana@example.org")).await.outcome;
    assert_eq!(outcome, Err(Failure::Connect));
}

#[tokio::test]
async fn nothing_can_be_smuggled_into_a_mail() {
    let server = Counterpart::start().await;
    let smtp = client(&server);
    for to in ["ana@example.org>\r\nRCPT TO:<eve@example.org", "ana@example.org\r\nBcc: e@e.org"] {
        let outcome = smtp.send(&mail(to)).await.outcome;
        assert_eq!(outcome, Err(Failure::Unsendable), "{to}");
    }
    let mut letter = mail("ana@example.org");
    "a>\r\nBcc: eve".clone_into(&mut letter.message_id);
    assert_eq!(smtp.send(&letter).await.outcome, Err(Failure::Unsendable));
    let mut letter = mail("ana@example.org");
    "x\r\nBcc: eve@example.org\r\n\r\nbody".clone_into(&mut letter.subject);
    "x\r\n.\r\nMAIL FROM:<eve@example.org>\r\n".clone_into(&mut letter.text);
    letter.headers.push(("List-Id", "<a>\r\nBcc: eve@example.org".to_owned()));
    assert_eq!(smtp.send(&letter).await.outcome.unwrap().status, 250);
    let [got] = server.wait_for_all(1).await.try_into().unwrap();
    let parsed = MessageParser::new().parse(&got.raw).unwrap();
    assert!(parsed.bcc().is_none(), "{}", String::from_utf8_lossy(&got.raw));
    assert_eq!(
        parsed.body_text(0).unwrap().replace("\r\n", "\n"),
        letter.text.replace("\r\n", "\n")
    );
}

#[tokio::test]
async fn addresses_beyond_ascii_need_a_server_that_takes_them() {
    let server = Counterpart::start().await;
    assert_eq!(sent(&client(&server), "josé@example.org").await.status, 250);
    let [got] = server.wait_for_all(1).await.try_into().unwrap();
    assert!(got.options.iter().any(|it| it == "SMTPUTF8"), "{:?}", got.options);
    assert_eq!(sent(&client(&server), "jose@example.org").await.status, 250);
    let plain = server.wait_for("jose@example.org", 1).await;
    assert!(plain.iter().all(|it| it.options.iter().all(|it| it != "SMTPUTF8")));

    let older = Counterpart::with(Options { is_ascii_only: true, ..Options::default() }).await;
    let outcome = client(&older).send(&mail("josé@example.org")).await.outcome;
    assert_eq!(outcome, Err(Failure::Unsendable));
}
