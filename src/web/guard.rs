//! One connection, read with distrust: every byte is counted and every wait has an end.
//!
//! Bytes go into one buffer that never holds more than one head or one body. `head` says where a head ends and whether it is clean;
//! only then is the body read, and only then does async-h1 see anything. What follows a request in the buffer is the next request
//! (pipelining). After a refusal the sending half is closed and what the peer still sends is read away for a moment, because closing
//! over unread bytes would send a reset that can destroy the answer before the peer reads it.

use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use http_types::StatusCode;
use smol::Timer;
use smol::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::answer::Refusal;
use super::head::{self, HEAD_BYTES_MAX, Head};
use super::request::Request;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
/// Most bytes taken by one read. They lie on the stack during the read only: an idle connection owns no buffer.
const READ_BYTES_MAX: usize = 4096;
/// Most bytes read away after the last answer.
const LINGER_BYTES_MAX: usize = 1024 * 1024;

/// How long to wait for what, and how many to serve at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the first byte of a head to its last.
    pub head: Duration,
    /// From the end of the head to the last byte of the body.
    pub body: Duration,
    /// Between two requests of a connection.
    pub idle: Duration,
    /// For an answer to be taken by the peer.
    pub write: Duration,
    /// After the last answer, for the peer to close.
    pub linger: Duration,
    /// For the daemon's verdict on a message.
    pub verdict: Duration,
    /// Connections served at one time.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            head: Duration::from_secs(5),
            body: Duration::from_secs(5),
            idle: Duration::from_secs(75),
            write: Duration::from_secs(5),
            linger: Duration::from_secs(1),
            verdict: Duration::from_secs(10),
            connections: 256,
        }
    }
}

/// Why no more bytes came.
enum Cut {
    Ended,
    Late,
}

/// The guard of one connection.
pub(super) struct Guard<S> {
    stream: S,
    bytes: Vec<u8>,
    limits: Limits,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Guard<S> {
    pub(super) fn new(stream: S, limits: Limits) -> Guard<S> {
        Guard { stream, bytes: Vec::new(), limits }
    }

    /// Waits for the first byte of the next request. `false`: the peer is gone, or silent for too long.
    pub(super) async fn wait(&mut self) -> bool {
        if !self.bytes.is_empty() {
            return true;
        }
        self.bytes = Vec::new();
        self.fill(HEAD_BYTES_MAX, Instant::now() + self.limits.idle).await.is_ok()
    }

    /// The next request, whole. `None`: the peer left between two requests.
    pub(super) async fn next_request(&mut self) -> Result<Option<Request>, Refusal> {
        let Some(head) = self.head().await? else { return Ok(None) };
        let body = self.body(&head).await?;
        Request::decode(head, body).await.map(Some)
    }

    async fn head(&mut self) -> Result<Option<Head>, Refusal> {
        let deadline = Instant::now() + self.limits.head;
        loop {
            // Some clients send an empty line after a body; RFC 9112 2.2 asks to overlook it.
            while self.bytes.starts_with(b"\r\n") {
                self.bytes.drain(..2);
            }
            if let Some(len) = head::end(&self.bytes)? {
                return Head::read(&self.take(len)).map(Some);
            }
            if self.bytes.len() >= HEAD_BYTES_MAX {
                return Err(Refusal::new(StatusCode::RequestHeaderFieldsTooLarge, "the request head is longer than 8 KiB"));
            }
            match self.fill(HEAD_BYTES_MAX, deadline).await {
                Ok(()) => {}
                Err(_) if self.bytes.is_empty() => return Ok(None),
                Err(cut) => return Err(cut.into()),
            }
        }
    }

    async fn body(&mut self, head: &Head) -> Result<Vec<u8>, Refusal> {
        let deadline = Instant::now() + self.limits.body;
        if head.expects_continue && self.bytes.len() < head.body_len {
            self.send(CONTINUE).await;
        }
        while self.bytes.len() < head.body_len {
            self.fill(head.body_len, deadline).await?;
        }
        Ok(self.take(head.body_len))
    }

    /// Cuts the first `len` bytes off the buffer.
    fn take(&mut self, len: usize) -> Vec<u8> {
        let rest = self.bytes.split_off(len.min(self.bytes.len()));
        mem::replace(&mut self.bytes, rest)
    }

    /// Reads some more, until the buffer holds `limit` bytes at most.
    async fn fill(&mut self, limit: usize, deadline: Instant) -> Result<(), Cut> {
        let Guard { stream, bytes, .. } = self;
        let read = poll_fn(|context| {
            let mut chunk = [0; READ_BYTES_MAX];
            let room = chunk.get_mut(..limit.saturating_sub(bytes.len()).min(READ_BYTES_MAX)).unwrap_or_default();
            let read = match Pin::new(&mut *stream).poll_read(context, room) {
                Poll::Ready(read) => read.unwrap_or(0),
                Poll::Pending => return Poll::Pending,
            };
            bytes.extend(room.iter().take(read));
            Poll::Ready(read > 0)
        });
        match before(deadline, read).await {
            Some(true) => Ok(()),
            Some(false) => Err(Cut::Ended),
            None => Err(Cut::Late),
        }
    }

    /// Writes it all at once; `false` when the peer does not take it.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> bool {
        let deadline = Instant::now() + self.limits.write;
        matches!(before(deadline, self.stream.write_all(bytes)).await, Some(Ok(())))
    }

    /// Half-closes and lets the peer read the last answer.
    pub(super) async fn close(mut self) {
        let deadline = Instant::now() + self.limits.linger;
        let _ = before(deadline, self.stream.close()).await;
        let mut drained = 0;
        while drained < LINGER_BYTES_MAX {
            self.bytes.clear();
            if self.fill(READ_BYTES_MAX, deadline).await.is_err() {
                return;
            }
            drained += self.bytes.len();
        }
    }
}

impl From<Cut> for Refusal {
    fn from(cut: Cut) -> Refusal {
        match cut {
            Cut::Ended => Refusal::new(StatusCode::BadRequest, "the request ended before its last byte"),
            Cut::Late => Refusal::new(StatusCode::RequestTimeout, "the request did not arrive in time"),
        }
    }
}

/// What `work` gives, if it does so in time.
pub(super) async fn before<T>(deadline: Instant, work: impl Future<Output = T>) -> Option<T> {
    let late = async {
        Timer::at(deadline).await;
        None
    };
    smol::future::or(async { Some(work.await) }, late).await
}

#[cfg(test)]
mod tests;
