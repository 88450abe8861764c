use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use proptest::prelude::*;
use proptest::sample::select;

use super::{EgressPolicy, Refusal, URL_MAX};

const LOOPBACK: [&str; 19] = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.255.255.254/",
    "https://2130706433/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0x7F.0.0.0x1/",
    "https://0/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://%31%32%37.0.0.1/",
];

fn refusal(raw: &str) -> Option<Refusal> {
    EgressPolicy::default().check(raw).err()
}

fn allowing(nets: &[&str]) -> EgressPolicy {
    EgressPolicy::new(nets.iter().map(|net| net.parse().unwrap()).collect())
}

#[test]
fn every_spelling_of_loopback_is_one_address() {
    for raw in LOOPBACK {
        assert_eq!(refusal(raw), Some(Refusal::Address), "{raw}");
    }
}

#[test]
fn tricks_do_not_pass() {
    use Refusal::{Address, LocalName, NotAUrl, Port, Scheme, TooLong, Userinfo};
    let long = format!("https://example.com/{}", "a".repeat(URL_MAX));
    let grows = format!("https://example.com/{}", "é".repeat(600));
    for (raw, expected) in [
        ("https://user@example.com/", Userinfo),
        ("https://:secret@example.com/", Userinfo),
        ("https://example.com@127.0.0.1/", Userinfo),
        ("https://example.com%40127.0.0.1/", NotAUrl),
        ("https://127.0.0.1\\@example.com/", Address),
        ("https:\\\\127.0.0.1\\", Address),
        ("https://127.0.0.1#@example.com/", Address),
        ("https://127.0.0.1?@example.com/", Address),
        ("ht\ttps://127.\t0.0.1/", Address),
        (" https://127.0.0.1\r\n/", Address),
        ("https:127.0.0.1", Address),
        ("https:///127.0.0.1", Address),
        ("https://127.0.0.1./", Address),
        ("https://127.0.0.1../", Address),
        ("https://example..com/", NotAUrl),
        ("https://./", NotAUrl),
        ("https://[fe80::1%25eth0]/", NotAUrl),
        ("https://[fe80::1%eth0]/", NotAUrl),
        ("https://[::ffff:127.0.0.1/", NotAUrl),
        ("https://1.2.3.256/", NotAUrl),
        ("https:///", NotAUrl),
        ("hooks.example.com", NotAUrl),
        ("https://169.254.169.254/latest/meta-data/", Address),
        ("https://[fd00:ec2::254]/", Address),
        ("https://[fd12:3456::1]:8443/", Address),
        ("https://localhost/", LocalName),
        ("https://LOCALHOST./", LocalName),
        ("https://a.localhost/", LocalName),
        ("https://ｌocalhost/", LocalName),
        ("https://printer.local/", LocalName),
        ("https://metadata.google.internal./", LocalName),
        ("https://nas.home.arpa/", LocalName),
        ("https://home.arpa/", LocalName),
        ("https://redis/", LocalName),
        ("http://example.com/", Scheme),
        ("http://1.1.1.1/", Scheme),
        ("ftp://example.com/", Scheme),
        ("file:///etc/passwd", Scheme),
        ("javascript:alert(1)", Scheme),
        ("https://example.com:22/", Port),
        ("https://example.com:80/", Port),
        ("https://example.com:0/", Port),
        (&long, TooLong),
        (&grows, TooLong),
    ] {
        assert_eq!(refusal(raw), Some(expected), "{raw:?}");
    }
}

#[test]
fn public_destinations_pass_normalised() {
    for (raw, expected) in [
        ("https://example.com", "https://example.com/"),
        ("https://Example.COM./hook?x=1#part", "https://example.com/hook?x=1"),
        ("https://example.com:443/", "https://example.com/"),
        ("https://example.com:8443/", "https://example.com:8443/"),
        ("https://exam\tple.com/", "https://example.com/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://1.1.1.1/", "https://1.1.1.1/"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        ("https://notlocalhost.example/", "https://notlocalhost.example/"),
        ("https://mylocal.example/", "https://mylocal.example/"),
    ] {
        let url = EgressPolicy::default().check(raw);
        assert_eq!(url.as_ref().map(url::Url::as_str), Ok(expected), "{raw:?}");
    }
}

#[test]
fn an_allow_list_opens_its_networks_and_relaxes_names_and_ports() {
    let policy = allowing(&["10.1.0.0/16", "fd00:1::/32"]);
    for raw in [
        "http://10.1.2.3:9000/",
        "http://[::ffff:10.1.2.3]/",
        "https://[fd00:1::5]:444/",
        "http://redis:80/",
        "http://hooks.home.arpa/",
        "https://example.com:9999/",
    ] {
        assert!(policy.check(raw).is_ok(), "{raw}");
    }
    for (raw, expected) in [
        ("http://10.2.0.1/", Refusal::Address),
        ("https://[64:ff9b::10.1.2.3]/", Refusal::Address),
        ("https://[::10.1.2.3]/", Refusal::Address),
        ("http://1.1.1.1/", Refusal::Scheme),
        ("https://u:p@10.1.2.3/", Refusal::Userinfo),
    ] {
        assert_eq!(policy.check(raw).err(), Some(expected), "{raw}");
    }
}

#[test]
fn carve_outs_of_the_registry_are_reachable_and_their_neighbours_are_not() {
    let policy = EgressPolicy::default();
    for public in ["2001:1::1", "2001:1::2", "2001:3::1", "2001:4:112::1", "2001:20::1"] {
        assert!(policy.permits(public.parse().unwrap()), "{public}");
    }
    for inner in ["2001:1::4", "2001:2::1", "2001:4:113::1", "2001::1", "64:ff9b:1::1.1.1.1"] {
        assert!(!policy.permits(inner.parse().unwrap()), "{inner}");
    }
}

const BLOCKS_V4: [&str; 15] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
];

const BLOCKS_V6: [&str; 15] = [
    "::/9",
    "0:ffff::/32",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/32",
    "2001:2::/48",
    "2001:10::/28",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

fn forbidden_v4() -> impl Strategy<Value = Ipv4Addr> {
    (select(BLOCKS_V4.as_slice()), any::<u32>()).prop_map(|(block, host)| {
        let net: Ipv4Net = block.parse().unwrap();
        Ipv4Addr::from_bits(net.network().to_bits() | (host & net.hostmask().to_bits()))
    })
}

fn forbidden_v6() -> impl Strategy<Value = Ipv6Addr> {
    (select(BLOCKS_V6.as_slice()), any::<u128>()).prop_map(|(block, host)| {
        let net: Ipv6Net = block.parse().unwrap();
        Ipv6Addr::from_bits(net.network().to_bits() | (host & net.hostmask().to_bits()))
    })
}

fn public_v4() -> impl Strategy<Value = Ipv4Addr> {
    let outside = |address: &Ipv4Addr| {
        !BLOCKS_V4.iter().any(|block| block.parse::<Ipv4Net>().unwrap().contains(address))
    };
    any::<u32>().prop_map(Ipv4Addr::from_bits).prop_filter("public", outside)
}

fn behind(prefix: &str, address: Ipv4Addr) -> IpAddr {
    let prefix: Ipv6Addr = prefix.parse().unwrap();
    Ipv6Addr::from_bits(prefix.to_bits() | u128::from(address.to_bits())).into()
}

/// Mapped, compatible, SIIT, ISATAP (link-local, global, universal bit) and NAT64.
const EMBEDDINGS: [&str; 7] = [
    "::ffff:0:0",
    "::",
    "::ffff:0:0:0",
    "fe80::5efe:0:0",
    "2606:4700::5efe:0:0",
    "2606:4700::200:5efe:0:0",
    "64:ff9b::",
];

fn six_to_four(address: Ipv4Addr) -> IpAddr {
    Ipv6Addr::from_bits((0x2002 << 112) | (u128::from(address.to_bits()) << 80) | 1).into()
}

fn teredo(client: Ipv4Addr) -> IpAddr {
    Ipv6Addr::from_bits((0x2001 << 112) | u128::from(!client.to_bits())).into()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2048) })]

    #[test]
    fn a_forbidden_address_is_refused_in_every_disguise(address in forbidden_v4()) {
        let policy = EgressPolicy::default();
        prop_assert!(!policy.permits(address.into()));
        for prefix in EMBEDDINGS {
            prop_assert!(!policy.permits(behind(prefix, address)), "{prefix}");
        }
        prop_assert!(!policy.permits(six_to_four(address)));
        prop_assert!(!policy.permits(teredo(address)));
    }

    #[test]
    fn a_forbidden_block_is_refused_whole(address in forbidden_v6()) {
        prop_assume!(!"64:ff9b::/96".parse::<Ipv6Net>().unwrap().contains(&address));
        prop_assert!(!EgressPolicy::default().permits(address.into()));
    }

    #[test]
    fn a_public_address_is_permitted_plain_and_through_nat64(address in public_v4()) {
        let policy = EgressPolicy::default();
        prop_assert!(policy.permits(address.into()));
        prop_assert!(policy.permits(behind("64:ff9b::", address)));
        prop_assert!(!policy.permits(behind("::ffff:0:0", address)));
    }

    #[test]
    fn an_allowed_network_opens_the_mapped_form_only(address in forbidden_v4()) {
        let policy = EgressPolicy::new(vec![IpNet::from(IpAddr::from(address))]);
        prop_assert!(policy.permits(address.into()));
        prop_assert!(policy.permits(behind("::ffff:0:0", address)));
        prop_assert!(!policy.permits(behind("64:ff9b::", address)));
        prop_assert!(!policy.permits(six_to_four(address)));
    }

    #[test]
    fn any_text_is_judged_without_a_panic(raw in ".{0,200}") {
        let _verdict = EgressPolicy::default().check(&raw);
    }
}
