//! The simulated exchange behind the adapters' own seam, in process and in virtual time.

use std::io::{Cursor, ErrorKind, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use perphook::exchange::Clock;
use perphook::exchange::http::{Http, HttpError, HttpRequest, HttpResponse, LIMIT_HEADERS, retry_after_s};

use super::frame::Sim;
use super::reply::{Answer, Outcome, Reply};

/// A simulated exchange that several connections and a driver share.
pub type SharedSim = Arc<Mutex<Sim>>;

/// One connection to a simulated exchange. Never waits: how late the last answer would have been is told to the
/// driver in [`SimHttp::latency`], who moves its clock.
#[derive(Clone)]
pub struct SimHttp {
    sim: SharedSim,
    clock: Clock,
    latency: Arc<AtomicU64>,
}

impl SimHttp {
    /// Connects.
    pub fn new(sim: SharedSim, clock: Clock) -> SimHttp {
        SimHttp { sim, clock, latency: Arc::default() }
    }

    /// A cell that sums up by how many milliseconds answers were delayed since it was last emptied (`swap(0, …)`).
    pub fn latency(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.latency)
    }
}

impl Http for SimHttp {
    fn send(&mut self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        let Answer { delay_ms, outcome } = self.sim.lock().unwrap_or_else(PoisonError::into_inner).answer(request, (self.clock)());
        self.latency.fetch_add(delay_ms, Ordering::Relaxed);
        match outcome {
            Outcome::Reply(reply) => Ok(response(&reply, Box::new(Cursor::new(reply.body.clone())))),
            Outcome::Half(reply) => {
                let half = reply.body.get(..reply.body.len() / 2).unwrap_or_default().to_vec();
                Ok(response(&reply, Box::new(Cursor::new(half).chain(CutBody))))
            }
            Outcome::Cut => Err(HttpError { maybe_sent: true, detail: "connection cut".to_owned() }),
            Outcome::Unreachable => Err(HttpError { maybe_sent: false, detail: "connection refused".to_owned() }),
        }
    }
}

fn response(reply: &Reply, body: Box<dyn Read>) -> HttpResponse {
    let limit_resets_at = LIMIT_HEADERS.iter().find_map(|name| reply.header(name)?.parse().ok());
    let retry_after_s = retry_after_s(|name| reply.header(name)?.parse().ok());
    HttpResponse { status: reply.status, retry_after_s, limit_resets_at, body }
}

/// The end of a body that was cut.
struct CutBody;

impl Read for CutBody {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(ErrorKind::UnexpectedEof.into())
    }
}
