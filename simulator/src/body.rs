//! Bodies of answers: whole, in pieces, cut off, or as long as a session lasts.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame};
use tokio::sync::mpsc;

/// A body.
#[derive(Debug)]
pub(crate) enum Answered {
    Whole(Option<Bytes>),
    /// What a task sends; an error resets the connection.
    Sent(mpsc::Receiver<io::Result<Bytes>>),
}

impl Answered {
    pub(crate) fn whole(bytes: Vec<u8>) -> Self {
        Self::Whole(Some(bytes.into()))
    }

    /// Sends half of the bytes and then resets the connection.
    pub(crate) fn cut(bytes: Vec<u8>) -> Self {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            let half = Bytes::copy_from_slice(&bytes[..bytes.len() / 2]);
            if sender.send(Ok(half)).await.is_ok() {
                // The client has time to read the head and the half.
                tokio::time::sleep(Duration::from_millis(20)).await;
                let _ = sender.send(Err(reset())).await;
            }
        });
        Self::Sent(receiver)
    }

    /// Sends the bytes in ten pieces over a time.
    pub(crate) fn slow(bytes: Vec<u8>, time: Duration) -> Self {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            for piece in bytes.chunks(bytes.len().div_ceil(10).max(1)) {
                tokio::time::sleep(time / 10).await;
                if sender
                    .send(Ok(Bytes::copy_from_slice(piece)))
                    .await
                    .is_err()
                {
                    return;
                }
            }
        });
        Self::Sent(receiver)
    }
}

/// The error that resets a connection.
pub(crate) fn reset() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "reset as the test wants it")
}

impl Body for Answered {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Sent(receiver) => {
                let next = receiver.poll_recv(context);
                next.map(|piece| piece.map(|piece| piece.map(Frame::data)))
            }
        }
    }
}
