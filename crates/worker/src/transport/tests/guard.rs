use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use channels::egress::{EgressPolicy, Refusal};

use super::{Canary, allowing, post, serve_at, settings};
use crate::transport::dns::{self, Guard, Looking, Lookup, Unresolved};
use crate::transport::{Failure, Http, Settings};

const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(1, 1, 1, 1));
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";

fn resolving(policy: EgressPolicy, settings: Settings, lookup: Lookup) -> Http {
    Http::with_lookup(policy, settings, lookup).unwrap()
}

fn answering(answer: impl Fn() -> io::Result<Vec<IpAddr>> + Send + Sync + 'static) -> Lookup {
    Arc::new(move |_host| {
        let answer = answer();
        Box::pin(async move { answer })
    })
}

#[tokio::test]
async fn loopback_is_out_of_reach_without_an_allowance() {
    let canary = Canary::new();
    let http = Http::new(EgressPolicy::default(), settings()).unwrap();
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "[::1]", "localhost"] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{}/", canary.port());
            let outcome = http.send(post(&url)).await.outcome;
            assert!(matches!(outcome, Err(Failure::Blocked(_))), "{url}: {outcome:?}");
        }
    }
    assert_eq!(canary.hits(), 0);
}

/// 127.0.0.2 plays the public address, 127.0.0.1 on the same port the private one.
#[tokio::test]
async fn a_name_that_rebinds_never_reaches_the_forbidden_address() {
    let canary = Canary::new();
    let served = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&served);
    let port = serve_at(&format!("127.0.0.2:{}", canary.port()), move |_, stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        stream.write_all(OK)
    });
    let turn = AtomicUsize::new(0);
    let lookup = answering(move || {
        let last = if turn.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) { 2 } else { 1 };
        Ok(vec![Ipv4Addr::new(127, 0, 0, last).into()])
    });
    let http = resolving(allowing("127.0.0.2/32"), settings(), lookup);
    let url = format!("http://rebind.example:{port}/");
    for turn in 0..1000 {
        let outcome = http.send(post(&url)).await.outcome;
        match outcome {
            Ok(answer) => assert_eq!((turn % 2, answer.status), (0, 200)),
            Err(failure) => {
                assert_eq!((turn % 2, failure), (1, Failure::Blocked(Refusal::Address)));
            }
        }
    }
    assert_eq!((served.load(Ordering::SeqCst), canary.hits()), (500, 0));
}

#[tokio::test]
async fn one_forbidden_address_spoils_the_list() {
    let canary = Canary::new();
    let allowed: IpAddr = Ipv4Addr::new(127, 0, 0, 2).into();
    for addresses in [vec![allowed, LOOPBACK], vec![LOOPBACK, allowed], vec![PUBLIC, LOOPBACK]] {
        let lookup = answering(move || Ok(addresses.clone()));
        let http = resolving(allowing("127.0.0.2/32"), settings(), lookup);
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://mixed.example:{}/", canary.port());
            let outcome = http.send(post(url)).await.outcome;
            assert_eq!(outcome, Err(Failure::Blocked(Refusal::Address)));
        }
    }
    assert_eq!(canary.hits(), 0);
}

#[tokio::test]
async fn a_resolver_that_fails_or_stalls_has_its_own_class() {
    let stalls: Lookup = Arc::new(|_host| -> Looking { Box::pin(std::future::pending()) });
    for (lookup, expected) in [
        (answering(|| Err(io::Error::other("SERVFAIL at 10.0.0.53"))), Failure::Dns),
        (answering(|| Ok(vec![])), Failure::Dns),
        (stalls, Failure::DnsTimeout),
    ] {
        let settings = Settings { dns_timeout: Duration::from_millis(200), ..settings() };
        let http = resolving(EgressPolicy::default(), settings, lookup);
        let reply = http.send(post("https://hooks.example.com/")).await;
        assert_eq!(reply.outcome, Err(expected));
        assert!(!expected.to_string().contains("10.0.0.53"));
        assert!(reply.elapsed < Duration::from_secs(4), "{:?}", reply.elapsed);
    }
}

#[tokio::test]
async fn the_system_resolver_is_vetted_too() {
    let guard = |policy| Guard::new(policy, dns::system(), &settings());
    let refused = guard(EgressPolicy::default()).vetted("localhost").await;
    assert_eq!(refused, Err(Unresolved::Forbidden));
    let policy =
        EgressPolicy::new(vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
    assert!(guard(policy).vetted("localhost").await.unwrap().contains(&LOOPBACK));
}

#[tokio::test]
async fn vetted_addresses_are_reused_and_refusals_are_not() {
    let turn = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&turn);
    let lookup = answering(move || {
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        Ok(vec![if first { LOOPBACK } else { PUBLIC }])
    });
    let settings = Settings { dns_cache: Duration::from_secs(3600), ..settings() };
    let guard = Guard::new(EgressPolicy::default(), lookup, &settings);
    assert_eq!(guard.vetted("a.example").await, Err(Unresolved::Forbidden));
    for _ in 0..5 {
        assert_eq!(guard.vetted("a.example").await, Ok(vec![PUBLIC]));
    }
    assert_eq!(turn.load(Ordering::SeqCst), 2);
}

#[test]
fn an_answer_from_a_forbidden_or_unknown_peer_is_dropped() {
    let http = Http::new(EgressPolicy::default(), settings()).unwrap();
    assert_eq!(http.judge_peer(Some(SocketAddr::new(PUBLIC, 443))), Ok(()));
    for peer in [None, Some(SocketAddr::new(LOOPBACK, 443))] {
        assert_eq!(http.judge_peer(peer), Err(Failure::Blocked(Refusal::Address)));
    }
}
