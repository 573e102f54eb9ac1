//! Endpoints that the exchange has closed for a while, because they gave the same error too often or were asked too often.
//!
//! A closed endpoint holds back only what goes there, and nothing is sent there before it opens: a stop or a close must leave
//! although a question may not be asked. Where orders are placed it is the account that has to wait, so those calls do not
//! come by here. A block that is over soon is waited for by the whole account, as every other limit is.

use std::borrow::Cow;

use super::errors;
use crate::exchange::error::{ExchangeError, Reason, Refusal, Result};
use crate::exchange::session::Call;
use crate::market::{Millis, SECOND_MS};

/// A block that lasts no longer delays a stop no more than any failed call does.
const SOON_MS: Millis = 5 * SECOND_MS;

/// The closed endpoints, at most as many as there are.
#[derive(Debug, Default)]
pub(super) struct Closed(Vec<Block>);

#[derive(Debug)]
struct Block {
    method: &'static str,
    path: Cow<'static, str>,
    /// Our time.
    until: Millis,
    /// As the exchange gave it.
    refusal: Refusal,
}

impl Block {
    fn is_of(&self, call: &Call) -> bool {
        self.method == call.method && self.path == call.path
    }
}

impl Closed {
    /// Whether a call may be made now.
    ///
    /// # Errors
    /// Its endpoint is closed: [`Reason::Other`], in the exchange's words.
    pub(super) fn pass(&self, call: &Call, now: Millis) -> Result<()> {
        let block = self.0.iter().find(|block| block.is_of(call) && now < block.until);
        block.map_or(Ok(()), |block| Err(ExchangeError::Refused(block.refusal.clone())))
    }

    /// Takes in why a call failed. The block of its endpoint is remembered, and is no limit of the account any more.
    pub(super) fn note(&mut self, call: &Call, error: ExchangeError, now: Millis) -> ExchangeError {
        match error {
            ExchangeError::Refused(Refusal { reason: Reason::RateLimited { until }, code, message })
                if errors::is_of_endpoint(&code, &message) && until > now.saturating_add(SOON_MS) =>
            {
                let (method, path, seconds) = (call.method, call.path.clone(), until.saturating_sub(now) / SECOND_MS);
                log::warn!("the exchange has closed {method} {path} for {seconds} s, nothing is sent there until then: {message}");
                let refusal = Refusal { reason: Reason::Other, code, message };
                self.0.retain(|block| !block.is_of(call));
                self.0.push(Block { method, path, until, refusal: refusal.clone() });
                ExchangeError::Refused(refusal)
            }
            error => error,
        }
    }
}
