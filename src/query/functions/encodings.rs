//! Functions between writings of the same text: URL, base64, hexadecimal, and digests of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::{Args, Arity, Function, Level, Run, md5};
use crate::value::Value;

pub(super) const TABLE: &[Function] = &[
    Function {
        name: "urlencode",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "urlencode(text)",
        summary: "the text as a part of a URL",
        examples: &[("urlencode('a/b?c=d&e')", "a%2Fb%3Fc%3Dd%26e")],
        run: Some(Run::Values(url_encode)),
    },
    Function {
        name: "urldecode",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "urldecode(text)",
        summary: "the text that a part of a URL stands for",
        examples: &[("urldecode('a%20b+c')", "a b c")],
        run: Some(Run::Values(url_decode)),
    },
    Function {
        name: "base64encode",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "base64encode(text)",
        summary: "the text in base64",
        examples: &[("base64encode('hello')", "aGVsbG8=")],
        run: Some(Run::Values(base64_encode)),
    },
    Function {
        name: "base64decode",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "base64decode(text)",
        summary: "the text that base64 stands for",
        examples: &[
            ("base64decode('aGVsbG8=')", "hello"),
            ("base64decode('?')", "null"),
        ],
        run: Some(Run::Values(base64_decode)),
    },
    Function {
        name: "hexToAscii",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "hexToAscii(hex)",
        summary: "the text whose bytes the hexadecimal digits are",
        examples: &[("hexToAscii('48656c6c6f')", "Hello")],
        run: Some(Run::Values(hex_to_ascii)),
    },
    Function {
        name: "hexToDec",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "hexToDec(hex)",
        summary: "the number of a hexadecimal writing",
        examples: &[("hexToDec('0xff')", "255"), ("hexToDec('-ff')", "-255")],
        run: Some(Run::Values(hex_to_dec)),
    },
    Function {
        name: "decToHex",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "decToHex(number)",
        summary: "the hexadecimal writing of a number, its fraction cut",
        examples: &[("decToHex(255.9)", "0xff"), ("decToHex(-255)", "-0xff")],
        run: Some(Run::Values(dec_to_hex)),
    },
    Function {
        name: "md5",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "md5(text)",
        summary: "the MD5 digest in hexadecimal",
        examples: &[("md5('abc')", "900150983cd24fb0d6963f7d28e17f72")],
        run: Some(Run::Values(md5_of)),
    },
    Function {
        name: "sha256",
        aliases: &[],
        arity: Arity::exactly(1),
        level: Level::Wanted,
        signature: "sha256(text)",
        summary: "the SHA-256 digest in hexadecimal",
        examples: &[(
            "sha256('abc')",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        )],
        run: Some(Run::Values(sha256)),
    },
];

fn url_encode<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let Some(text) = args.text(0) else {
        return Value::Null;
    };
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            push_hex(byte, &mut encoded, b"0123456789ABCDEF");
        }
    }
    encoded.into()
}

fn url_decode<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let Some(text) = args.text(0) else {
        return Value::Null;
    };
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) => decoded.push(b' '),
            (b'%', [high, low, behind @ ..]) if hex_byte(*high, *low).is_some() => {
                decoded.extend(hex_byte(*high, *low));
                rest = behind;
            }
            _ => decoded.push(*first),
        }
    }
    lossy(decoded)
}

fn base64_encode<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    args.text(0)
        .map(|text| STANDARD.encode(text.as_bytes()))
        .into()
}

fn base64_decode<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let decoded = args
        .text(0)
        .and_then(|text| STANDARD.decode(text.as_bytes()).ok());
    decoded.map_or(Value::Null, lossy)
}

fn hex_to_ascii<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let decoded = args.text(0).and_then(|text| {
        let digits = text.strip_prefix("0x").unwrap_or(&text).as_bytes();
        let (pairs, rest) = digits.as_chunks::<2>();
        let bytes: Option<Vec<u8>> = pairs
            .iter()
            .map(|[high, low]| hex_byte(*high, *low))
            .collect();
        bytes.filter(|_| rest.is_empty())
    });
    decoded.map_or(Value::Null, lossy)
}

fn hex_to_dec<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let number = args.text(0).and_then(|text| {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, &*text),
        };
        let digits = digits.strip_prefix("0x").unwrap_or(digits);
        let unsigned = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = i64::from_str_radix(digits, 16).ok()?;
        unsigned.then_some(sign * number)
    });
    number.into()
}

fn dec_to_hex<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let whole = args.number(0).map(f64::trunc);
    let fits = |whole: &f64| whole.abs() < i64::MAX as f64;
    let written = whole.filter(fits).map(|whole| {
        let sign = if whole < 0.0 { "-" } else { "" };
        format!("{sign}{:#x}", whole.abs() as u64)
    });
    written.into()
}

fn md5_of<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let digest = args.text(0).map(|text| md5::digest(text.as_bytes()));
    digest.map(|digest| hex(&digest)).into()
}

fn sha256<'a>(args: &mut Args<'_, 'a>) -> Value<'a> {
    let digest = args.text(0).map(|text| Sha256::digest(text.as_bytes()));
    digest.map(|digest| hex(&digest)).into()
}

fn hex(bytes: &[u8]) -> String {
    let mut written = String::with_capacity(bytes.len() * 2);
    for &byte in bytes {
        push_hex(byte, &mut written, b"0123456789abcdef");
    }
    written
}

fn push_hex(byte: u8, written: &mut String, digits: &[u8; 16]) {
    written.push(char::from(digits[usize::from(byte >> 4)]));
    written.push(char::from(digits[usize::from(byte & 15)]));
}

fn hex_byte(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    Some((digit(high)? * 16 + digit(low)?) as u8)
}

/// Reads bytes as text; what is not UTF-8 becomes U+FFFD, as everywhere.
fn lossy<'a>(bytes: Vec<u8>) -> Value<'a> {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
        .into()
}
