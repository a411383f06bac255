//! Plain, gzip or zstd, told apart by the first bytes.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use super::input::Input;

/// What a decompressing reader says when compressed data is followed by something else.
#[derive(Debug, thiserror::Error)]
#[error("something that is not gzip data follows the gzip data")]
pub(super) struct Trailing;

impl Trailing {
    /// Returns whether an error of reading is this one.
    pub(super) fn is(error: &io::Error) -> bool {
        let inner = error.get_ref();
        inner.is_some_and(<dyn std::error::Error + Send + Sync>::is::<Self>)
    }
}

/// How a file is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    Plain,
    Gzip,
    Zstd,
}

impl Storage {
    fn of(start: &[u8]) -> Self {
        match start {
            [0x1F, 0x8B, ..] => Self::Gzip,
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

const BUFFER: usize = 128 << 10;

/// How an input is stored, the bytes of it that were read to tell, and the rest; both decompressed.
pub(super) type Opened = (Storage, Vec<u8>, Input);

/// Tells how an input is stored, and decompresses it.
pub(super) fn open(mut input: Input) -> io::Result<Opened> {
    let start = read_start(&mut input)?;
    let storage = Storage::of(&start);
    if storage == Storage::Plain {
        return Ok((storage, start, input));
    }
    let whole = BufReader::with_capacity(BUFFER, io::Cursor::new(start).chain(input));
    let reader: Box<dyn Read + Send> = match storage {
        Storage::Zstd => Box::new(zstd::Decoder::with_buffer(whole)?),
        _ => Box::new(Members::new(whole)),
    };
    Ok((storage, Vec::new(), Input::Stream(reader)))
}

/// Reads the four bytes that tell how a file is stored, or as many as there are.
fn read_start(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(4);
    reader.take(4).read_to_end(&mut start)?;
    Ok(start)
}

/// Reads the members of a gzip file one after the other; zeros that pad it are passed over.
struct Members<R> {
    state: State<R>,
}

enum State<R> {
    Inside(Box<GzDecoder<R>>),
    Between(R),
    Done,
}

impl<R: BufRead> Members<R> {
    fn new(reader: R) -> Self {
        Self {
            state: State::Between(reader),
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return Ok(0),
                State::Inside(mut member) => match member.read(buffer)? {
                    0 if !buffer.is_empty() => self.state = State::Between((*member).into_inner()),
                    read => {
                        self.state = State::Inside(member);
                        return Ok(read);
                    }
                },
                State::Between(reader) => self.state = next_member(reader)?,
            }
        }
    }
}

fn next_member<R: BufRead>(mut reader: R) -> io::Result<State<R>> {
    loop {
        let ahead = reader.fill_buf()?;
        let zeros = ahead.iter().take_while(|byte| **byte == 0).count();
        match ahead.get(zeros) {
            None if zeros == 0 => return Ok(State::Done),
            None => reader.consume(zeros),
            Some(0x1F) => {
                reader.consume(zeros);
                return Ok(State::Inside(Box::new(GzDecoder::new(reader))));
            }
            Some(_) => return Err(io::Error::new(io::ErrorKind::InvalidData, Trailing)),
        }
    }
}
