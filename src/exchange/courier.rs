//! The worker thread of one account: carries its calls out one after the other and keeps the connection warm.
//!
//! It decides nothing. Retries and waiting live in the desk as states with a wake time, never here as a sleep.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

use super::error::{ExchangeError, Reason, Result};
use super::{Clock, Exchange, Reply, Request, carry_out};
use crate::market::Millis;

/// How long a connection may be idle before it is used for a look at the exchange's clock.
pub const WARM_EVERY_MS: Millis = 10_000;
/// The desk has one call outstanding per account; the rest is room for a mistake to show as a refusal, not as a block.
const CALLS_MAX: usize = 4;
/// Reserved, not used: a TLS handshake and a JSON answer need far less.
const STACK_BYTES: usize = 512 * 1024;

/// The desk's end of an account's worker thread. Dropping it ends the thread after the call in hand.
#[derive(Debug)]
pub struct Courier {
    calls: SyncSender<(u64, Request)>,
}

impl Courier {
    /// Starts the thread. `deliver` is called on it with each call's number and result. After `warm_every_ms` without a
    /// call the exchange's clock is read.
    ///
    /// # Errors
    /// The operating system has no thread to give.
    pub fn start(
        name: &str,
        exchange: Box<dyn Exchange>,
        clock: Clock,
        deliver: impl Fn(u64, Result<Reply>) + Send + 'static,
        warm_every_ms: Millis,
    ) -> io::Result<Courier> {
        let (calls, inbox) = sync_channel(CALLS_MAX);
        let worker = Worker { exchange, clock, quiet_until: 0 };
        thread::Builder::new()
            .name(format!("courier-{name}"))
            .stack_size(STACK_BYTES)
            .spawn(move || worker.run(&inbox, deliver, Duration::from_millis(warm_every_ms)))?;
        Ok(Courier { calls })
    }

    /// Hands a call over without waiting.
    ///
    /// # Errors
    /// Gives the request back: too many calls wait, or the thread is gone (it panicked).
    pub fn send(&self, call: u64, request: Request) -> std::result::Result<(), Request> {
        self.calls.try_send((call, request)).map_err(|refused| match refused {
            TrySendError::Full((_, request)) | TrySendError::Disconnected((_, request)) => request,
        })
    }
}

struct Worker {
    exchange: Box<dyn Exchange>,
    clock: Clock,
    /// The exchange asked not to be called before this time; a look at its clock would make the ban grow.
    quiet_until: Millis,
}

impl Worker {
    fn run(mut self, inbox: &Receiver<(u64, Request)>, deliver: impl Fn(u64, Result<Reply>), warm_every: Duration) {
        loop {
            match inbox.recv_timeout(warm_every) {
                Ok((call, request)) => {
                    let result = carry_out(self.exchange.as_mut(), &request);
                    self.heed(&result);
                    deliver(call, result);
                }
                Err(RecvTimeoutError::Timeout) => self.keep_warm(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn keep_warm(&mut self) {
        if (self.clock)() < self.quiet_until {
            return;
        }
        if let Err(error) = self.exchange.server_time() {
            log::debug!("keeping the connection warm: {error}");
            self.heed_error(&error);
        }
    }

    fn heed(&mut self, result: &Result<Reply>) {
        match result {
            Err(error) => self.heed_error(error),
            Ok(Reply::Placed(orders)) => orders.iter().filter_map(|order| order.as_ref().err()).for_each(|error| self.heed_error(error)),
            Ok(_) => {}
        }
    }

    fn heed_error(&mut self, error: &ExchangeError) {
        if let Some(Reason::RateLimited { until } | Reason::Banned { until }) = error.reason() {
            self.quiet_until = self.quiet_until.max(until);
        }
    }
}
