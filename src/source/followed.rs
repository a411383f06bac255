//! Streams that are read at the same time, each line handed out when it comes: files that grow, or standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::growing::{Growing, StartAt};
use super::{Report, Settings, Source, SourceError, names};
use crate::event::Origin;
use crate::scan::{Block, Blocks};

/// How often it is looked whether somebody wants us to stop.
const LOOK: Duration = Duration::from_millis(50);

/// Streams that are followed, as blocks of lines.
#[derive(Debug)]
pub struct Followed {
    /// Behind a lock only so that it may be shared; one at a time takes from it.
    said: Mutex<Receiver<Said>>,
    /// How many streams have not ended.
    open: usize,
    /// Ends the streams; set when nobody wants more lines.
    stop: Arc<AtomicBool>,
    /// Set by whoever wants no more.
    asked: Arc<AtomicBool>,
    until: Option<Instant>,
    is_over: bool,
    problems: Vec<SourceError>,
    blocks: u32,
}

/// What comes from a stream.
enum Said {
    Block(Box<Block>),
    End(Box<Report>),
}

/// Something to follow.
pub struct Stream {
    name: String,
    origin: Arc<Origin>,
    reader: Box<dyn Read + Send>,
}

impl Stream {
    /// Makes one of something that has no path; `name` is for error messages.
    pub fn new(name: impl Into<String>, reader: impl Read + Send + 'static) -> Self {
        Self {
            name: name.into(),
            origin: Arc::default(),
            reader: Box::new(reader),
        }
    }
}

impl Followed {
    /// Follows files from the beginning or the end, until `asked` is set or that much time has passed.
    pub fn files(
        paths: &[PathBuf],
        from: StartAt,
        settings: &Settings,
        asked: Arc<AtomicBool>,
        time_out: Option<Duration>,
    ) -> Result<Self, SourceError> {
        let stop = Arc::<AtomicBool>::default();
        let mut streams = Vec::new();
        for path in paths {
            streams.push(file(path, from, &stop).map_err(|source| SourceError::Open {
                path: path.clone(),
                source,
            })?);
        }
        Ok(Self::open(streams, stop, settings, asked, time_out))
    }

    /// Follows one stream to its end.
    pub fn stream(
        stream: Stream,
        settings: &Settings,
        asked: Arc<AtomicBool>,
        time_out: Option<Duration>,
    ) -> Self {
        Self::open(vec![stream], Arc::default(), settings, asked, time_out)
    }

    fn open(
        streams: Vec<Stream>,
        stop: Arc<AtomicBool>,
        settings: &Settings,
        asked: Arc<AtomicBool>,
        time_out: Option<Duration>,
    ) -> Self {
        let (sender, said) = mpsc::sync_channel(streams.len());
        let open = streams.len();
        for stream in streams {
            let (sender, settings) = (sender.clone(), settings.clone());
            std::thread::spawn(move || read(stream, settings, &sender));
        }
        Self {
            said: Mutex::new(said),
            open,
            stop,
            asked,
            until: time_out.map(|time| Instant::now() + time),
            is_over: false,
            problems: Vec::new(),
            blocks: 0,
        }
    }

    /// Returns what could not be read, and whether it ended since it had lasted as long as it may.
    pub fn into_problems(mut self) -> (Vec<SourceError>, bool) {
        (std::mem::take(&mut self.problems), self.is_over)
    }

    fn is_ended(&self) -> bool {
        self.asked.load(Ordering::Relaxed) || self.stop.load(Ordering::Relaxed)
    }

    fn next(&mut self) -> Result<Said, RecvTimeoutError> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.recv_timeout(LOOK)
    }
}

impl Blocks for Followed {
    fn is_live(&self) -> bool {
        true
    }

    fn halt(&self) -> Option<Arc<AtomicBool>> {
        Some(Arc::clone(&self.stop))
    }

    fn claim(&mut self, block: &mut Block) -> bool {
        while self.open > 0 && !self.is_ended() {
            self.is_over = self.until.is_some_and(|until| Instant::now() >= until);
            if self.is_over {
                return false;
            }
            match self.next() {
                Ok(Said::Block(came)) => {
                    *block = *came;
                    block.index = self.blocks;
                    self.blocks += 1;
                    return true;
                }
                Ok(Said::End(report)) => {
                    self.open -= 1;
                    self.problems.extend(report.problems);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
        false
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn file(path: &Path, from: StartAt, stop: &Arc<AtomicBool>) -> io::Result<Stream> {
    let name = path.file_name().map_or(path, Path::new);
    let reader: Box<dyn Read + Send> = if std::fs::metadata(path)?.is_file() {
        refuse_compressed(path)?;
        Box::new(Growing::open(path, from, Arc::clone(stop))?)
    } else {
        // A pipe or a device grows by itself.
        Box::new(File::open(path)?)
    };
    Ok(Stream {
        name: path.display().to_string(),
        origin: Arc::new(names::origin(name)),
        reader,
    })
}

fn refuse_compressed(path: &Path) -> io::Result<()> {
    const GZIP: &[u8] = &[0x1f, 0x8b];
    const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
    let mut start = Vec::new();
    File::open(path)?.take(4).read_to_end(&mut start)?;
    if start.starts_with(GZIP) || start.starts_with(ZSTD) {
        let message = "it is compressed, and what is compressed does not grow";
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(())
}

/// Hands on the blocks of a stream until it ends, or until nobody wants them.
fn read(stream: Stream, settings: Settings, said: &SyncSender<Said>) {
    let Stream {
        name,
        origin,
        reader,
    } = stream;
    let mut source = Source::stream(name, reader, settings);
    let mut block = Block::default();
    while source.next_into(&mut block) {
        block.origin = Arc::clone(&origin);
        let came = std::mem::take(&mut block);
        if said.send(Said::Block(Box::new(came))).is_err() {
            return;
        }
    }
    // Who listens no more has ended.
    let _ = said.send(Said::End(Box::new(source.into_report())));
}
