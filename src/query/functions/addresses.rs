//! Functions of internet addresses. Text that is no address gives 0, or nothing where a number is wanted.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Args, Arity, Function, Level, Run};
use crate::value::Value;

pub(super) const TABLE: &[Function] = &[
    Function {
        name: "isValidIp",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "isValidIp(text)",
        summary: "1 when the text is an address",
        examples: &[
            ("isValidIp('10.1.2.3')", "1"),
            ("isValidIp('10.1.2.300')", "0"),
        ],
        run: Some(Run::Values(is_valid)),
    },
    Function {
        name: "isValidIpV4",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "isValidIpV4(text)",
        summary: "1 when the text is an IPv4 address",
        examples: &[("isValidIpV4('::1')", "0")],
        run: Some(Run::Values(is_valid_v4)),
    },
    Function {
        name: "isValidIpV6",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "isValidIpV6(text)",
        summary: "1 when the text is an IPv6 address",
        examples: &[("isValidIpV6('::1')", "1")],
        run: Some(Run::Values(is_valid_v6)),
    },
    Function {
        name: "isIpInSubnet",
        aliases: &[],
        arity: Arity::exactly(2),
        level: Level::Wanted,
        signature: "isIpInSubnet(address, subnet)",
        summary: "1 when the address is in the subnet",
        examples: &[
            ("isIpInSubnet('192.0.2.77', '192.0.2.0/24')", "1"),
            ("isIpInSubnet('2001:db8:1::5', '2001:db8::/32')", "1"),
            ("isIpInSubnet('::1', '0.0.0.0/0')", "0"),
        ],
        run: Some(Run::Values(is_in_subnet)),
    },
    Function {
        name: "isIpv4InSubnet",
        aliases: &[],
        arity: Arity::exactly(2),
        level: Level::Wanted,
        signature: "isIpv4InSubnet(address, subnet)",
        summary: "1 when the IPv4 address is in the subnet",
        examples: &[("isIpv4InSubnet('10.255.0.1', '10.0.0.0/8')", "1")],
        run: Some(Run::Values(is_v4_in_subnet)),
    },
    Function {
        name: "isIpv6InSubnet",
        aliases: &[],
        arity: Arity::exactly(2),
        level: Level::Wanted,
        signature: "isIpv6InSubnet(address, subnet)",
        summary: "1 when the IPv6 address is in the subnet",
        examples: &[("isIpv6InSubnet('10.0.0.1', '::/0')", "0")],
        run: Some(Run::Values(is_v6_in_subnet)),
    },
    Function {
        name: "ipv4ToNumber",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "ipv4ToNumber(address)",
        summary: "the 32 bits of an IPv4 address as a number",
        examples: &[
            ("ipv4ToNumber('10.0.0.1')", "167772161"),
            ("ipv4ToNumber('x')", "null"),
        ],
        run: Some(Run::Values(v4_to_number)),
    },
    Function {
        name: "isPrivateIP",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "isPrivateIP(address)",
        summary: "1 when the address is private (RFC 1918)",
        examples: &[
            ("isPrivateIP('172.31.255.1')", "1"),
            ("isPrivateIP('172.32.0.1')", "0"),
        ],
        run: Some(Run::Values(is_private)),
    },
    Function {
        name: "isPublicIP",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "isPublicIP(address)",
        summary: "1 when the address is routable everywhere",
        examples: &[
            ("isPublicIP('8.8.8.8')", "1"),
            ("isPublicIP('127.0.0.1')", "0"),
        ],
        run: Some(Run::Values(is_public)),
    },
    Function {
        name: "isReservedIP",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "isReservedIP(address)",
        summary: "1 when the address is set aside: loopback, link-local, multicast, future use",
        examples: &[
            ("isReservedIP('8.8.8.8')", "0"),
            ("isReservedIP('240.0.0.1')", "1"),
        ],
        run: Some(Run::Values(is_reserved)),
    },
];

/// Tests the first argument; no address is no match, no text is nothing.
fn about<'a>(args: &mut Args<'_, 'a>, test: impl Fn(IpAddr) -> bool) -> Value<'a> {
    args.text(0).map(|text| text.parse().is_ok_and(test)).into()
}

fn is_valid<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    about(args, |_| true)
}

fn is_valid_v4<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    about(args, |address| address.is_ipv4())
}

fn is_valid_v6<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    about(args, |address| address.is_ipv6())
}

fn is_in_subnet<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let subnet = args.text(1);
    match subnet {
        Some(subnet) => about(args, |address| in_subnet(address, &subnet)),
        None => Value::Null,
    }
}

fn is_v4_in_subnet<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let subnet = args.text(1);
    match subnet {
        Some(subnet) => about(args, |address| {
            address.is_ipv4() && in_subnet(address, &subnet)
        }),
        None => Value::Null,
    }
}

fn is_v6_in_subnet<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let subnet = args.text(1);
    match subnet {
        Some(subnet) => about(args, |address| {
            address.is_ipv6() && in_subnet(address, &subnet)
        }),
        None => Value::Null,
    }
}

/// Reads `NETWORK/BITS`, or an address alone, which is a subnet of itself.
pub(super) fn subnet(text: &str) -> Option<(IpAddr, u32)> {
    let (network, bits) = match text.split_once('/') {
        Some((network, bits)) => (network.parse().ok()?, Some(bits.parse().ok()?)),
        None => (text.parse().ok()?, None),
    };
    let longest = match network {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    };
    let bits = bits.unwrap_or(longest);
    (bits <= longest).then_some((network, bits))
}

/// Returns whether an address is in a subnet; addresses of the other family never are.
fn in_subnet(address: IpAddr, text: &str) -> bool {
    match (address, subnet(text)) {
        (IpAddr::V4(address), Some((IpAddr::V4(network), bits))) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            (address.to_bits() ^ network.to_bits()) & mask == 0
        }
        (IpAddr::V6(address), Some((IpAddr::V6(network), bits))) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            (address.to_bits() ^ network.to_bits()) & mask == 0
        }
        _ => false,
    }
}

fn v4_to_number<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let address = args.text(0).and_then(|text| text.parse::<Ipv4Addr>().ok());
    address.map(|address| f64::from(address.to_bits())).into()
}

fn is_private<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    about(args, private)
}

fn is_public<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    about(args, |address| !private(address) && !reserved(address))
}

fn is_reserved<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    about(args, reserved)
}

fn private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

fn reserved(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => reserved_v4(address),
        IpAddr::V6(address) => reserved_v6(address),
    }
}

fn reserved_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let shared = first == 100 && second & 0xc0 == 64;
    let protocols = first == 192 && second == 0 && third == 0;
    let benchmarks = first == 198 && second & 0xfe == 18;
    first == 0
        || first >= 240
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || shared
        || protocols
        || benchmarks
}

fn reserved_v6(address: Ipv6Addr) -> bool {
    let documentation = address.segments()[..2] == [0x2001, 0xdb8];
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unicast_link_local()
        || address.is_multicast()
        || documentation
}
