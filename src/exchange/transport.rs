//! The real [`Http`]: ureq, with what an order client needs done about it. The only file that names ureq.
//!
//! * One connection stays warm; a name is looked up only when a new one is needed, and if the lookup then fails, the
//!   last good answer serves.
//! * An error tells whether a byte of the request may have left: bytes are counted between HTTP and TLS.
//! * Each phase has its own time-out, so that an error names the phase. (A time-out for the whole call would cost a
//!   thread per request, too.)
//! * No proxy from the environment, no redirects, no retries: what is asked is sent once, to whom it was addressed.
//! * Bodies are read to their end even when nobody wants them, else the connection could not be used again.
//! * No error repeats an address or a query: that is where signatures are.

use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use ureq::config::Config;
use ureq::http::{HeaderMap, Uri};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport};
use ureq::{Agent, Body, BodyReader};

use super::http::{Http, HttpError, HttpRequest, HttpResponse, LIMIT_HEADERS, retry_after_s};

/// Longest wait for TCP and TLS together.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest wait until the request is written.
const SEND: Duration = Duration::from_secs(5);
/// Longest wait for the head of the answer. A little longer than an order can live at an exchange without being
/// executed, so that a question asked right after it is settled by one answer.
const RECEIVE: Duration = Duration::from_secs(7);
/// Longest wait for the rest; the list of contracts is a megabyte and more.
const RECEIVE_BODY: Duration = Duration::from_secs(20);
/// How long an unused connection is kept; the keep-warm call comes far more often.
const IDLE_MAX: Duration = Duration::from_secs(600);
/// One connection carries everything, a second one may replace it while it is closing.
const IDLE_CONNECTIONS_MAX: usize = 2;
/// Buffers of one connection. A request's head, query included, must fit into the second.
const INPUT_BUFFER_BYTES: usize = 8 * 1024;
const OUTPUT_BUFFER_BYTES: usize = 4 * 1024;
/// Largest body that is read.
const BODY_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// How much of an unwanted body is read away; beyond that a new connection is cheaper.
const DRAIN_BYTES_MAX: u64 = 64 * 1024;
const USER_AGENT: &str = concat!("perphook/", env!("CARGO_PKG_VERSION"));

/// How long each phase of a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeOuts {
    /// TCP and TLS together.
    pub connect: Duration,
    /// Writing head or body, each.
    pub send: Duration,
    /// From the last byte sent to the end of the answer's head.
    pub receive: Duration,
    /// From there to the end of the body.
    pub receive_body: Duration,
}

impl Default for TimeOuts {
    fn default() -> TimeOuts {
        TimeOuts { connect: CONNECT, send: SEND, receive: RECEIVE, receive_body: RECEIVE_BODY }
    }
}

/// A client of one host.
pub struct UreqHttp {
    agent: Agent,
    base_url: String,
    sent: Sent,
}

impl UreqHttp {
    /// A client for `base_url` (`https://host` or, for simulators and proxies on this machine, `http://host:port`;
    /// without a trailing slash). Connects with the first request.
    pub fn new(base_url: &str, time_outs: TimeOuts) -> UreqHttp {
        UreqHttp::dialing(base_url, time_outs, Dial::default())
    }

    fn dialing(base_url: &str, time_outs: TimeOuts, dial: Dial) -> UreqHttp {
        let config = Agent::config_builder()
            .timeout_connect(Some(time_outs.connect))
            .timeout_send_request(Some(time_outs.send))
            .timeout_send_body(Some(time_outs.send))
            .timeout_recv_response(Some(time_outs.receive))
            .timeout_recv_body(Some(time_outs.receive_body))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(USER_AGENT)
            .accept("")
            .accept_encoding("")
            .input_buffer_size(INPUT_BUFFER_BYTES)
            .output_buffer_size(OUTPUT_BUFFER_BYTES)
            .max_idle_age(IDLE_MAX)
            .max_idle_connections(IDLE_CONNECTIONS_MAX)
            .max_idle_connections_per_host(IDLE_CONNECTIONS_MAX)
            .build();
        let sent = Sent::default();
        let agent = Agent::with_parts(config, dial.chain(CountSent(sent.clone())), NoLookup);
        UreqHttp { agent, base_url: base_url.trim_end_matches('/').to_owned(), sent }
    }

    fn call(&self, request: &HttpRequest) -> Result<ureq::http::Response<Body>, ureq::Error> {
        let url = format!("{}{}", self.base_url, request.target);
        match request.method {
            "GET" => with_headers(self.agent.get(url), request).call(),
            "DELETE" => with_headers(self.agent.delete(url), request).call(),
            "PUT" => with_headers(self.agent.put(url), request).send(request.body.as_slice()),
            _ => with_headers(self.agent.post(url), request).send(request.body.as_slice()),
        }
    }
}

fn with_headers<B>(builder: ureq::RequestBuilder<B>, request: &HttpRequest) -> ureq::RequestBuilder<B> {
    request.headers.iter().fold(builder, |builder, (name, value)| builder.header_raw(name, value.as_bytes()))
}

impl Http for UreqHttp {
    fn send(&mut self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        self.sent.reset();
        match self.call(request) {
            Ok(response) => {
                let (head, body) = response.into_parts();
                let reader = body.into_with_config().limit(BODY_BYTES_MAX).reader();
                Ok(HttpResponse {
                    status: head.status.as_u16(),
                    retry_after_s: retry_after_s(|name| number(&head.headers, name)),
                    limit_resets_at: LIMIT_HEADERS.iter().find_map(|name| number(&head.headers, name)),
                    body: Box::new(ReadToEnd { reader }),
                })
            }
            Err(error) => Err(HttpError { maybe_sent: self.sent.any(), detail: describe(&error) }),
        }
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// ureq's words, unless they might repeat the address.
fn describe(error: &ureq::Error) -> String {
    match error {
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::RequireHttpsOnly(_) => "malformed request".to_owned(),
        other => other.to_string(),
    }
}

/// A body that is read to its end when it is dropped, so that its connection can be used again.
struct ReadToEnd {
    reader: BodyReader<'static>,
}

impl Read for ReadToEnd {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl Drop for ReadToEnd {
    fn drop(&mut self) {
        let _ = io::copy(&mut self.reader.by_ref().take(DRAIN_BYTES_MAX), &mut io::sink());
    }
}

/// How many bytes of the present request were handed to the connection, above TLS: a handshake is not counted.
#[derive(Clone, Debug, Default)]
struct Sent(Arc<AtomicU64>);

impl Sent {
    fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// Put behind the real connector: every connection it makes counts what is sent.
#[derive(Debug)]
struct CountSent(Sent);

impl<In: Transport> Connector<In> for CountSent {
    type Out = Counted<In>;

    fn connect(&self, _: &ConnectionDetails, chained: Option<In>) -> Result<Option<Counted<In>>, ureq::Error> {
        Ok(chained.map(|inner| Counted { inner, sent: self.0.clone() }))
    }
}

#[derive(Debug)]
struct Counted<T> {
    inner: T,
    sent: Sent,
}

impl<T: Transport> Transport for Counted<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        // Before the attempt: a write that fails may still have sent something.
        self.sent.add(amount);
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// ureq resolves before every request, a warm connection or not. It is given a placeholder; [`Dial`] does the work.
#[derive(Debug)]
struct NoLookup;

impl Resolver for NoLookup {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut placeholder = self.empty();
        placeholder.push(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0));
        Ok(placeholder)
    }
}

/// Makes connections for every client of the process: it keeps the TLS configuration, which is the same for all of them.
static CONNECTOR: LazyLock<DefaultConnector> = LazyLock::new(DefaultConnector::default);

/// Looks the host up when a connection is really made, and keeps the last good answer for when the name service fails.
#[derive(Debug, Default)]
struct Dial {
    resolver: DefaultResolver,
    last_good: Mutex<Option<ResolvedSocketAddrs>>,
}

impl Dial {
    fn lookup(&self, details: &ConnectionDetails) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let fresh = self.resolver.resolve(details.uri, details.config, NextTimeout::default());
        let mut last_good = self.last_good.lock().unwrap_or_else(PoisonError::into_inner);
        match (fresh, last_good.as_ref()) {
            (Ok(fresh), _) => {
                *last_good = Some(fresh.clone());
                Ok(fresh)
            }
            (Err(error), Some(kept)) => {
                log::warn!("name lookup failed ({}), using the last good answer", describe(&error));
                Ok(kept.clone())
            }
            (Err(error), None) => Err(error),
        }
    }
}

impl Connector for Dial {
    type Out = Box<dyn Transport>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<()>) -> Result<Option<Box<dyn Transport>>, ureq::Error> {
        let addrs = self.lookup(details)?;
        let details = ConnectionDetails {
            uri: details.uri,
            addrs,
            config: details.config,
            request_level: details.request_level,
            resolver: details.resolver,
            // The lookup's time is not the connection's.
            now: (details.current_time)(),
            timeout: details.timeout,
            current_time: Arc::clone(&details.current_time),
            run_connector: Arc::clone(&details.run_connector),
            register_shutdown: Arc::clone(&details.register_shutdown),
        };
        CONNECTOR.connect(&details, chained)
    }
}

#[cfg(test)]
mod tests;
