//! Which path does what. Reads tokens and bodies, asks the daemon, words the answer.
//!
//! Order of judgement for whatever changes something: unreadable → 400, wrong token → 401, a field that forbids it → 400 and into the
//! history, and only then the daemon's verdict. A right token is served from whatever address and however many wrong ones came before.

mod lines;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use http_types::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use smol::channel::{Receiver, Sender, TrySendError, bounded};

use super::answer::Answer;
use super::guard::before;
use super::health::Health;
use super::request::Request;
use super::strangers::{Offence, Strangers, WRONG_TOKENS_MAX};
use super::{Inbound, Message, Verdict, whook};
use crate::alert::text::{Roster, Text};
use crate::alert::{AlertError, Parsed, Signal};
use crate::config::{Mode, TOKEN_CHARS_MIN};
use crate::market::Decimal;
use crate::secret::Secret;
use crate::time::now_ms;

/// Longest name of a contract that `POST /paper/price` takes.
const SYMBOL_BYTES_MAX: usize = 32;
/// Answers to text alerts of which the daemon has not heard yet how they fared.
const TOLD_MAX: usize = 1024;
/// The predecessor's words for an alert that is taken.
const TAKEN: &str = "Webhook received, processing order";

/// What the routes need of the rest of the house.
pub struct Routes {
    /// The token alerts must carry. `None` opens the doors on paper and closes them everywhere else.
    pub token: Option<Secret>,
    /// Named in every answer unless it is live.
    pub mode: Mode,
    /// Reads a JSON alert.
    pub parse: fn(&[u8]) -> Result<Parsed, AlertError>,
    /// Reads a text alert, and refuses one with more lines than an answer should have.
    pub parse_text: fn(&[u8], &Roster) -> Result<Text, AlertError>,
    /// What it must know of the accounts to do so.
    pub roster: Roster,
    /// The way to the daemon. When it is full or closed, senders get 503 and come again.
    pub inbox: Sender<Inbound>,
    /// Tells how the daemon is, from memory.
    pub health: Rc<dyn Fn() -> Health>,
}

/// What stands behind the guard.
pub(super) struct Site {
    routes: Routes,
    verdict_timeout: Duration,
    strangers: RefCell<Strangers>,
    /// What became of answers, on its way to the daemon.
    told: (Sender<Inbound>, Receiver<Inbound>),
}

impl Site {
    pub(super) fn new(routes: Routes, verdict_timeout: Duration) -> Site {
        Site { routes, verdict_timeout, strangers: RefCell::default(), told: bounded(TOLD_MAX) }
    }

    pub(super) fn mode(&self) -> Mode {
        self.routes.mode
    }

    /// Answers one request that came from `socket_peer`.
    pub(super) async fn answer(&self, request: &Request, socket_peer: IpAddr) -> Answer {
        let peer = sender(request, socket_peer);
        let get = matches!(request.method, Method::Get | Method::Head);
        let post = request.method == Method::Post;
        match request.path.as_str() {
            "/" if get => self.service(),
            "/health" if get => (self.routes.health)().answer(self.mode(), now_ms()),
            "/" | "/health" => Answer::method_not_allowed("GET, HEAD"),
            "/whook" if get => self.whook(request, None, peer).await,
            "/whook" if !post => Answer::method_not_allowed("GET, HEAD, POST"),
            "/paper/price" if self.mode() != Mode::Paper => not_found(),
            "/paper/price" if post => self.paper_price(request, peer).await,
            "/paper/price" => Answer::method_not_allowed("POST"),
            path => match alert_path(path) {
                Some(path_token) if post => self.alert(request, path_token, peer).await,
                Some(path_token) if get && path.starts_with("/whook/") => self.whook(request, path_token, peer).await,
                Some(_) => Answer::method_not_allowed("POST"),
                None => not_found(),
            },
        }
    }

    fn service(&self) -> Answer {
        let mut endpoints = BTreeMap::from([("webhook", "/webhook (POST)"), ("whook", "/whook (POST)"), ("health", "/health (GET)")]);
        if self.mode() == Mode::Paper {
            endpoints.insert("paper_price", "/paper/price (POST)");
        }
        let members = json!({"service": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION"), "endpoints": endpoints});
        Answer::json(StatusCode::Ok, members)
    }

    async fn alert(&self, request: &Request, path_token: Option<&str>, peer: IpAddr) -> Answer {
        let body = without_bom(&request.body);
        let parsed = match body.trim_ascii_start() {
            // A placeholder that the chart left unfilled, which the text language has words for.
            [b'{', b'{', ..] => return self.text(request, path_token, peer).await,
            [b'{', ..] => (self.routes.parse)(body),
            [_, ..] => return self.text(request, path_token, peer).await,
            [] => Err(unreadable("the body is empty; an alert is JSON and begins with {, or text with one order a line")),
        };
        let parsed = match parsed {
            Err(error) => return self.senseless(error, self.is_authorised(request, path_token, &[]), peer),
            Ok(parsed) => parsed,
        };
        if !self.is_authorised(request, path_token, parsed.token.as_slice()) {
            return self.unauthorised(peer);
        }
        match parsed.signal.and_then(|signal| self.without_token(signal, 0)) {
            Err(error) => self.invalid(error, peer),
            Ok(signal) => self.ask(Message::Alert { signal, fingerprint: fingerprint(&request.body) }, peer).await,
        }
    }

    /// whook's questions. The word that only shows somebody is there needs no token, everything else does.
    async fn whook(&self, request: &Request, path_token: Option<&str>, peer: IpAddr) -> Answer {
        let Some(wanted) = request.query.split('&').find_map(|part| part.strip_prefix("response=")) else {
            return Answer::error(StatusCode::NotFound, "say what is wanted: ?response=allaccounts, or the name of an account");
        };
        if wanted == "whook" {
            return Answer::text("WHOOKITYWOOK");
        }
        if !self.is_authorised(request, path_token, &[]) {
            return self.unauthorised(peer);
        }
        let wanted = unescape(wanted);
        let account = Some(wanted).filter(|name| !name.eq_ignore_ascii_case("allaccounts"));
        match self.verdict(Message::Report { account }, peer).await {
            Verdict::Report(reports) => whook::answer(&reports),
            Verdict::Refused { reason, .. } => Answer::error(StatusCode::NotFound, &reason),
            other => self.worded(other, peer),
        }
    }

    async fn paper_price(&self, request: &Request, peer: IpAddr) -> Answer {
        let wish = match serde_json::from_slice::<PaperPrice>(without_bom(&request.body)) {
            Ok(wish) => wish,
            Err(error) => {
                let reason = "the body is not a JSON object with symbol and price".to_owned();
                return self.unreadable(AlertError { field: String::new(), line: error.line(), column: error.column(), reason }, peer);
            }
        };
        if !self.is_authorised(request, None, wish.token.map(Secret::new).as_slice()) {
            return self.unauthorised(peer);
        }
        let fits =
            |symbol: &String| !symbol.is_empty() && symbol.len() <= SYMBOL_BYTES_MAX && symbol.bytes().all(|b| b.is_ascii_alphanumeric());
        let Some(symbol) = wish.symbol.filter(fits) else {
            return Answer::refused("symbol", "symbol must be the name of a contract, such as ETHUSDT");
        };
        let Some(price) = wish.price.and_then(|digits| positive(digits.get())) else {
            return Answer::refused("price", "price must be a positive number");
        };
        self.ask(Message::PaperPrice { symbol, price }, peer).await
    }

    /// Whether one of the tokens given is the right one; a wrong one beside it does no harm.
    fn is_authorised(&self, request: &Request, path_token: Option<&str>, body_tokens: &[Secret]) -> bool {
        let Some(token) = &self.routes.token else { return self.mode() == Mode::Paper };
        path_token.is_some_and(|given| token.matches(given) || token.matches(Secret::new(unescape(given)).expose()))
            || request.tokens.iter().chain(body_tokens).any(|given| token.matches(given.expose()))
    }

    /// A token in the place of a contract, name or key would be repeated in the journal and the log.
    fn without_token(&self, signal: Signal, line: usize) -> Result<Signal, AlertError> {
        // A shorter one, which only paper takes, may well be a word of the language.
        let is_long = |token: &&Secret| token.expose().chars().count() >= TOKEN_CHARS_MIN;
        let holds = |token: &Secret| signal.to_string().to_lowercase().contains(&token.expose().to_lowercase());
        match self.routes.token.as_ref().filter(is_long).is_some_and(holds) {
            false => Ok(signal),
            true => {
                Err(AlertError { line, column: line.min(1), ..unreadable("the token stands where a contract, a name or a key belongs") })
            }
        }
    }

    fn unauthorised(&self, peer: IpAddr) -> Answer {
        let tally = self.strangers.borrow_mut().knock(peer, Offence::WrongToken, Instant::now());
        if let Some(count) = tally.log {
            log_strangers(peer, Offence::WrongToken, count);
        }
        if tally.seen > WRONG_TOKENS_MAX {
            return Answer::error(StatusCode::TooManyRequests, "too many wrong tokens from this address; the right one is still served");
        }
        Answer::error(StatusCode::Unauthorized, "the token is missing or wrong")
    }

    /// A body that is no alert at all, so that nobody can tell whether its token is right.
    fn senseless(&self, error: AlertError, is_authorised: bool, peer: IpAddr) -> Answer {
        if is_authorised { self.invalid(error, peer) } else { self.unreadable(error, peer) }
    }

    fn unreadable(&self, error: AlertError, peer: IpAddr) -> Answer {
        let tally = self.strangers.borrow_mut().knock(peer, Offence::Unreadable, Instant::now());
        if let Some(count) = tally.log {
            log::warn!("refused=unreadable_alert peer={peer} count={count} last={:?}", error.to_string());
        }
        Answer::invalid(&error)
    }

    /// An authorised alert that cannot be carried out goes into the history, if there is room for it.
    fn invalid(&self, error: AlertError, peer: IpAddr) -> Answer {
        self.remember(error.to_string(), peer);
        Answer::invalid(&error)
    }

    fn remember(&self, reason: String, peer: IpAddr) {
        log::warn!("refused=invalid_alert peer={peer} reason={reason:?}");
        let (respond, _nobody_waits) = bounded(1);
        if self.routes.inbox.try_send(Inbound { message: Message::Invalid { reason }, peer, respond }).is_err() {
            log::warn!("refused=invalid_alert peer={peer} history=full");
        }
    }

    /// Hands a message to the daemon and words its verdict.
    async fn ask(&self, message: Message, peer: IpAddr) -> Answer {
        self.worded(self.verdict(message, peer).await, peer)
    }

    async fn verdict(&self, message: Message, peer: IpAddr) -> Verdict {
        let (respond, verdict) = bounded(1);
        let sent = self.routes.inbox.try_send(Inbound { message, peer, respond });
        match sent {
            Err(TrySendError::Full(_)) => Verdict::Unavailable("too many alerts are waiting".to_owned()),
            Err(TrySendError::Closed(_)) => Verdict::Unavailable("shutting down".to_owned()),
            Ok(()) => match before(Instant::now() + self.verdict_timeout, verdict.recv()).await {
                Some(Ok(verdict)) => verdict,
                Some(Err(_)) => Verdict::Unavailable("the daemon gave no answer".to_owned()),
                None => Verdict::Unavailable("the daemon did not answer in time".to_owned()),
            },
        }
    }

    fn worded(&self, verdict: Verdict, peer: IpAddr) -> Answer {
        match verdict {
            Verdict::Accepted { number, warnings } => Answer::alert(TAKEN, number).warning(warnings),
            Verdict::Duplicate(number) => Answer::alert(&duplicate_of(number), number),
            Verdict::Done => Answer::json(StatusCode::Ok, json!({"success": true, "message": "done"})),
            Verdict::Refused { field, reason } => Answer::refused(&field, &reason),
            Verdict::Lines(_) | Verdict::Report(_) => Answer::error(StatusCode::InternalServerError, "not asked for"),
            Verdict::Unavailable(reason) => {
                log::warn!("refused=unavailable peer={peer} reason={reason:?}");
                Answer::error(StatusCode::ServiceUnavailable, &reason)
            }
        }
    }

    /// Notes whether the answer that spoke of these text alerts was taken by the socket. Never waits; [`Site::pass_on`] does.
    pub(super) fn told(&self, alerts: Vec<u64>, written: bool, peer: IpAddr) {
        if alerts.is_empty() {
            return;
        }
        let (respond, _nobody_waits) = bounded(1);
        let message = Message::Told { alerts, written };
        if let Err(TrySendError::Full(inbound) | TrySendError::Closed(inbound)) = self.told.0.try_send(Inbound { message, peer, respond }) {
            log::warn!(
                "told=lost peer={peer} {:?}: if these orders are sent again within the next minute, they count as resent",
                inbound.message
            );
        }
    }

    /// Carries those notes to the daemon, for ever. A note that is lost makes an order that is meant look like one that is resent, so
    /// this waits for room.
    pub(super) async fn pass_on(&self) {
        while let Ok(inbound) = self.told.1.recv().await {
            // Closed: the daemon is going, and hears nothing any more.
            let _ = self.routes.inbox.send(inbound).await;
        }
    }

    /// Logs what strangers did since their last log line. To be called now and then.
    pub(super) fn sweep(&self) {
        for (peer, offence, count) in self.strangers.borrow_mut().sweep(Instant::now()) {
            log_strangers(peer, offence, count);
        }
    }
}

fn duplicate_of(number: u64) -> String {
    format!("duplicate of alert {number}")
}

fn log_strangers(peer: IpAddr, offence: Offence, count: u32) {
    log::warn!("refused={} peer={peer} count={count}", offence.as_str());
}

/// `POST /paper/price`. Everything may be missing, so that a stranger learns 401 before anything else.
#[derive(Deserialize)]
struct PaperPrice<'a> {
    token: Option<String>,
    symbol: Option<String>,
    #[serde(borrow)]
    price: Option<&'a RawValue>,
}

/// A decimal from the digits of a JSON number or text.
fn positive(digits: &str) -> Option<Decimal> {
    let digits = digits.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(digits);
    Decimal::from_str_exact(digits).ok().filter(|price| price.is_sign_positive() && !price.is_zero())
}

/// Whether alerts are taken at a path, and the token in it.
fn alert_path(path: &str) -> Option<Option<&str>> {
    let rest = path.strip_prefix("/webhook").or_else(|| path.strip_prefix("/whook"))?;
    match rest.strip_prefix('/') {
        Some(token) if !token.is_empty() && !token.contains('/') => Some(Some(token)),
        None if rest.is_empty() => Some(None),
        _ => None,
    }
}

/// Who sent a request: only a proxy on this machine may name somebody else.
fn sender(request: &Request, socket_peer: IpAddr) -> IpAddr {
    let socket_peer = socket_peer.to_canonical();
    request.forwarded_for.filter(|_| socket_peer.is_loopback()).map_or(socket_peer, |peer| peer.to_canonical())
}

/// Undoes `%41`; what is no such escape stays as it is.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digit = |index: usize| after.get(index).and_then(|&byte| char::from(byte).to_digit(16)).filter(|_| first == b'%');
        let (byte, used) = match (digit(0), digit(1)) {
            (Some(high), Some(low)) => (u8::try_from(high * 16 + low).unwrap_or(first), 2),
            _ => (first, 0),
        };
        bytes.push(byte);
        rest = after.get(used..).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

fn fingerprint(body: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.iter_mut().zip(Sha256::digest(body)).for_each(|(to, from)| *to = from);
    half
}

fn unreadable(reason: &str) -> AlertError {
    AlertError { field: String::new(), line: 0, column: 0, reason: reason.to_owned() }
}

fn not_found() -> Answer {
    Answer::error(StatusCode::NotFound, "there is nothing at this path")
}

#[cfg(test)]
mod tests;
