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
pub(super) const STACK_BYTES: usize = 512 * 1024;

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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc::{Sender, channel};
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::exchange::{AccountMode, Capabilities};
    use crate::market::{Balance, Fill, Instruments, NewOrder, OrderRef, OrderState, Position, Protection, Quote, Symbol, Terms};

    const LONG: Duration = Duration::from_secs(20);
    const NEVER_MS: Millis = 3_600_000;

    /// Tells of every call it gets; position reads wait for leave and answer with what was prepared.
    struct Fake {
        told: Sender<&'static str>,
        leave: Receiver<Result<Vec<Position>>>,
    }

    #[rustfmt::skip]
    impl Exchange for Fake {
        fn server_time(&mut self) -> Result<Millis> { let _ = self.told.send("time"); Ok(1) }
        fn positions(&mut self, _: Option<&Symbol>) -> Result<Vec<Position>> {
            let _ = self.told.send("positions");
            self.leave.recv().unwrap()
        }
        fn open(&mut self) -> Result<AccountMode> { panic!("as asked") }
        fn capabilities(&self) -> Capabilities { unreachable!() }
        fn instruments(&mut self) -> Result<Arc<Instruments>> { unreachable!() }
        fn terms(&mut self, _: &Symbol) -> Result<Terms> { unreachable!() }
        fn cancel_all(&mut self, _: &Symbol, _: bool) -> Result<()> { unreachable!() }
        fn quote(&mut self, _: &Symbol) -> Result<Quote> { unreachable!() }
        fn balance(&mut self) -> Result<Balance> { unreachable!() }
        fn prepare(&mut self, _: &Symbol, _: &Terms) -> Result<()> { unreachable!() }
        fn place(&mut self, _: &[NewOrder]) -> Vec<Result<OrderState>> { unreachable!() }
        fn protect(&mut self, _: &Protection) -> Result<OrderState> { unreachable!() }
        fn order(&mut self, _: &OrderRef) -> Result<Option<OrderState>> { unreachable!() }
        fn open_orders(&mut self, _: &Symbol) -> Result<Vec<OrderState>> { unreachable!() }
        fn cancel(&mut self, _: &OrderRef) -> Result<()> { unreachable!() }
        fn fills(&mut self, _: &Symbol, _: Millis) -> Result<Vec<Fill>> { unreachable!() }
    }

    impl Drop for Fake {
        fn drop(&mut self) {
            let _ = self.told.send("gone");
        }
    }

    /// A courier, what its exchange was asked, the leave for position reads, what was delivered, and the clock.
    struct Office {
        courier: Option<Courier>,
        asked: Receiver<&'static str>,
        leave: Sender<Result<Vec<Position>>>,
        delivered: Receiver<(u64, Result<Reply>)>,
        time: Arc<AtomicU64>,
    }

    fn office(warm_every_ms: Millis) -> Office {
        let (told, asked) = channel();
        let (leave, leaves) = channel();
        let (deliver, delivered) = channel();
        let time = Arc::new(AtomicU64::new(1000));
        let now = Arc::clone(&time);
        let clock: Clock = Arc::new(move || now.load(Ordering::SeqCst));
        let deliver = Mutex::new(deliver);
        let deliver = move |call, result| drop(deliver.lock().unwrap().send((call, result)));
        let courier = Courier::start("test", Box::new(Fake { told, leave: leaves }), clock, deliver, warm_every_ms).unwrap();
        Office { courier: Some(courier), asked, leave, delivered, time }
    }

    impl Office {
        fn send(&self, call: u64) -> std::result::Result<(), Request> {
            self.courier.as_ref().unwrap().send(call, Request::Positions(None))
        }

        fn asked(&self) -> &'static str {
            self.asked.recv_timeout(LONG).unwrap()
        }
    }

    #[test]
    fn calls_are_carried_out_one_after_the_other_and_delivered_with_their_number() {
        let office = office(NEVER_MS);
        office.send(1).unwrap();
        office.send(2).unwrap();
        assert_eq!(office.asked(), "positions");
        assert!(office.asked.try_recv().is_err(), "the second waits for the first");
        office.leave.send(Ok(Vec::new())).unwrap();
        office.leave.send(Err(ExchangeError::NeverSent("x".to_owned()))).unwrap();
        let (first, second) = (office.delivered.recv_timeout(LONG).unwrap(), office.delivered.recv_timeout(LONG).unwrap());
        assert!(matches!(first, (1, Ok(Reply::Positions(list))) if list.is_empty()));
        assert!(matches!(second, (2, Err(ExchangeError::NeverSent(_)))));
    }

    #[test]
    fn too_many_waiting_calls_are_given_back() {
        let office = office(NEVER_MS);
        office.send(0).unwrap();
        assert_eq!(office.asked(), "positions");
        for call in 1..=CALLS_MAX as u64 {
            office.send(call).unwrap();
        }
        assert_eq!(office.send(99), Err(Request::Positions(None)));
    }

    #[test]
    fn an_idle_connection_is_kept_warm_but_not_while_a_call_waits() {
        let office = office(1);
        assert_eq!((office.asked(), office.asked()), ("time", "time"));
        office.send(1).unwrap();
        office.send(2).unwrap();
        while office.asked() != "positions" {}
        office.leave.send(Ok(Vec::new())).unwrap();
        assert_eq!(office.asked(), "positions", "straight from call to call");
        office.leave.send(Ok(Vec::new())).unwrap();
        assert_eq!(office.asked(), "time");
    }

    #[test]
    fn during_a_ban_nothing_is_sent_to_keep_warm() {
        let office = office(1);
        office.send(1).unwrap();
        while office.asked() != "positions" {}
        let banned = ExchangeError::refused(Reason::Banned { until: 5000 }, "banned");
        office.leave.send(Err(banned)).unwrap();
        assert_eq!(office.delivered.recv_timeout(LONG).unwrap().0, 1);
        // Many times the interval: a ping that is wrongly sent would be seen here.
        assert!(office.asked.recv_timeout(Duration::from_millis(100)).is_err());
        office.time.store(5000, Ordering::SeqCst);
        assert_eq!(office.asked(), "time");
    }

    #[test]
    fn dropping_it_ends_the_thread_after_the_call_in_hand() {
        let mut office = office(NEVER_MS);
        office.send(1).unwrap();
        assert_eq!(office.asked(), "positions");
        drop(office.courier.take());
        office.leave.send(Ok(Vec::new())).unwrap();
        assert_eq!(office.delivered.recv_timeout(LONG).unwrap().0, 1);
        assert_eq!(office.asked(), "gone");
    }

    #[test]
    fn a_panic_shows_at_the_next_call() {
        let office = office(NEVER_MS);
        office.courier.as_ref().unwrap().send(1, Request::Open).unwrap();
        assert_eq!(office.asked(), "gone");
        // The inbox goes right after the exchange.
        while office.send(2).is_ok() {}
        assert!(office.delivered.recv().is_err(), "no call is answered with a guess");
    }
}
