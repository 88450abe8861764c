//! Addresses that are not on the public Internet, or that hide one that is not.
//!
//! The blocks are the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its
//! updates) less what they call globally reachable, plus multicast and deprecated ranges.
//! `Ipv6Addr::is_global` would not do: it passes most of the embeddings below.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

const FORBIDDEN_V4: [Ipv4Net; 15] = [
    v4([0, 0, 0, 0], 8),       // this network, RFC 791
    v4([10, 0, 0, 0], 8),      // private, RFC 1918
    v4([100, 64, 0, 0], 10),   // shared by carriers, RFC 6598
    v4([127, 0, 0, 0], 8),     // loopback, RFC 1122
    v4([169, 254, 0, 0], 16),  // link-local and cloud metadata, RFC 3927
    v4([172, 16, 0, 0], 12),   // private, RFC 1918
    v4([192, 0, 0, 0], 24),    // protocol assignments, RFC 6890
    v4([192, 0, 2, 0], 24),    // documentation, RFC 5737
    v4([192, 88, 99, 0], 24),  // 6to4 relays, deprecated by RFC 7526
    v4([192, 168, 0, 0], 16),  // private, RFC 1918
    v4([198, 18, 0, 0], 15),   // benchmarks, RFC 2544
    v4([198, 51, 100, 0], 24), // documentation, RFC 5737
    v4([203, 0, 113, 0], 24),  // documentation, RFC 5737
    v4([224, 0, 0, 0], 4),     // multicast, RFC 5771
    v4([240, 0, 0, 0], 4),     // reserved and broadcast, RFC 1112
];

const FORBIDDEN_V6: [Ipv6Net; 11] = [
    // Unspecified, loopback, IPv4-compatible and -mapped (RFC 4291), SIIT (RFC 2765) and the
    // locally used translation prefix 64:ff9b:1::/48 (RFC 8215).
    v6([0, 0, 0, 0], 8),
    v6([0x100, 0, 0, 0], 64),      // discard only, RFC 6666
    v6([0x2001, 0, 0, 0], 23),     // protocol assignments, RFC 2928, with Teredo, RFC 4380
    v6([0x2001, 0xdb8, 0, 0], 32), // documentation, RFC 3849
    v6([0x2002, 0, 0, 0], 16),     // 6to4, RFC 3056
    v6([0x3fff, 0, 0, 0], 20),     // documentation, RFC 9637
    v6([0x5f00, 0, 0, 0], 16),     // SRv6 segment identifiers, RFC 9602
    v6([0xfc00, 0, 0, 0], 7),      // unique local, RFC 4193, with fd00:ec2::254 (EC2 metadata)
    v6([0xfe80, 0, 0, 0], 10),     // link-local, RFC 4291
    v6([0xfec0, 0, 0, 0], 10),     // site-local, deprecated by RFC 3879
    v6([0xff00, 0, 0, 0], 8),      // multicast, RFC 4291
];

/// What IANA calls globally reachable inside 2001::/23.
const REACHABLE_V6: [Ipv6Net; 5] = [
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 1, 0, 0, 0, 0, 0, 1), 128), // PCP, RFC 7723
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 1, 0, 0, 0, 0, 0, 2), 128), // TURN, RFC 8155
    v6([0x2001, 3, 0, 0], 32),                                            // AMT, RFC 7450
    v6([0x2001, 4, 0x112, 0], 48),                                        // AS112, RFC 7535
    v6([0x2001, 0x20, 0, 0], 28),                                         // ORCHIDv2, RFC 7343
];

/// The well-known NAT64 prefix (RFC 6052 §2.1): as public as the IPv4 address it carries.
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0, 0], 96);

/// Whether the address is outside the public Internet, on its own or by what it embeds.
pub(super) fn is_forbidden(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_forbidden_v4(address),
        IpAddr::V6(address) => is_forbidden_v6(address),
    }
}

fn is_forbidden_v4(address: Ipv4Addr) -> bool {
    FORBIDDEN_V4.iter().any(|net| net.contains(&address))
}

fn is_forbidden_v6(address: Ipv6Addr) -> bool {
    let within = |nets: &[Ipv6Net]| nets.iter().any(|net| net.contains(&address));
    if (NAT64.contains(&address) || is_isatap(address)) && is_forbidden_v4(low_bits(address)) {
        return true;
    }
    within(&FORBIDDEN_V6) && !NAT64.contains(&address) && !within(&REACHABLE_V6)
}

/// An interface identifier that tunnels to the IPv4 address in its low bits, under any prefix
/// (RFC 5214 §6.1).
fn is_isatap(address: Ipv6Addr) -> bool {
    matches!(address.segments(), [_, _, _, _, 0 | 0x200, 0x5efe, _, _])
}

fn low_bits(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

const fn v4([a, b, c, d]: [u8; 4], length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6([a, b, c, d]: [u16; 4], length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), length)
}
