mod told;
mod words;

use serde_json::Value;
use smol::channel::Receiver;

use super::*;
use crate::alert::text::Line;
use crate::alert::{Command, Signal};
use crate::market::Side;

const TOKEN: &str = "right-token-0123456789";
const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(52, 89, 214, 238));

/// An alert reader that understands just enough: `fault` names a field that forbids the alert.
fn parse(body: &[u8]) -> Result<Parsed, AlertError> {
    let error = |field: &str| AlertError { field: field.to_owned(), line: 2, column: 3, reason: "is wrong".to_owned() };
    let alert: Value = serde_json::from_slice(body).map_err(|_| error(""))?;
    let signal = match alert["fault"].as_str() {
        Some(field) => Err(error(field)),
        None => Ok(signal(Command::Exit { side: Side::Long })),
    };
    Ok(Parsed { token: alert["token"].as_str().map(Secret::new), signal })
}

fn signal(command: Command) -> Signal {
    Signal { account: None, key: None, symbol: serde_json::from_value(json!("ETHUSDT")).unwrap(), command }
}

/// A text reader that understands just enough: a line is `close`, or it is wrong; `token:` words are read; `//` begins a comment.
fn parse_text(body: &[u8], roster: &Roster) -> Result<Text, AlertError> {
    let error = |line, column, reason: &str| AlertError { field: String::new(), line, column, reason: reason.to_owned() };
    let body = std::str::from_utf8(body).map_err(|_| error(1, 1, "is no text"))?;
    let mut text = Text { tokens: Vec::new(), lines: Vec::new() };
    for (at, line) in body.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with("//")) {
        let (tokens, words): (Vec<_>, Vec<_>) = line.split_whitespace().partition(|word| word.starts_with("token:"));
        text.tokens.extend(tokens.iter().map(|word| Secret::new(word.trim_start_matches("token:"))));
        let signal = match words[..] {
            ["close"] => {
                Ok(Signal { account: roster.default.map(|at| roster.accounts[at].0.clone()), ..signal(Command::Close { percent: None }) })
            }
            _ => Err(error(at + 1, 5, "is no order")),
        };
        text.lines.push(Line { number: at + 1, signal });
    }
    Ok(text)
}

struct House {
    site: Site,
    inbox: Receiver<Inbound>,
    health: Rc<RefCell<Health>>,
}

fn house(token: Option<&str>, mode: Mode) -> House {
    let (sender, inbox) = bounded(4);
    let health = Rc::new(RefCell::new(Health { exchanges: vec![("binance".to_owned(), "connected".to_owned())], ..Health::default() }));
    let told = Rc::clone(&health);
    let roster = Roster { accounts: vec![("main".to_owned(), "USDT".to_owned())], default: Some(0) };
    let token = token.map(Secret::new);
    let health_now = Rc::new(move || told.borrow().clone());
    let routes = Routes { token, mode, parse, parse_text, roster, inbox: sender, health: health_now };
    House { site: Site::new(routes, Duration::from_millis(50)), inbox, health }
}

fn request(method: Method, target: &str, body: &str) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Request {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        tokens: Vec::new(),
        forwarded_for: None,
        body: body.as_bytes().to_vec(),
        keep: true,
    }
}

impl House {
    /// Status and body of an answer, with a daemon that gives this verdict to each message, and what it was asked.
    fn ask(&self, request: &Request, verdict: Option<Verdict>) -> (u16, Value, Vec<Inbound>) {
        let (status, body, _, asked) = self.ask_all(request, verdict);
        (status, body, asked)
    }

    /// The same, with the text alerts that the answer speaks of.
    fn ask_all(&self, request: &Request, verdict: Option<Verdict>) -> (u16, Value, Vec<u64>, Vec<Inbound>) {
        let mut asked = Vec::new();
        let answering = self.site.answer(request, PEER);
        let daemon = async {
            while let Ok(inbound) = self.inbox.recv().await {
                if let Some(verdict) = verdict.clone() {
                    let _ = inbound.respond.try_send(verdict);
                }
                asked.push(inbound);
            }
            std::future::pending().await
        };
        let mut answer = smol::block_on(smol::future::or(answering, daemon));
        let alerts = std::mem::take(&mut answer.alerts);
        asked.extend(std::iter::from_fn(|| self.inbox.try_recv().ok()));
        let status = answer.status as u16;
        let bytes = smol::block_on(answer.encode(Method::Post, true, self.site.mode()));
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains(TOKEN), "{text}");
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|_| json!(body)), alerts, asked)
    }

    fn status(&self, method: Method, target: &str, body: &str) -> u16 {
        self.ask(&request(method, target, body), Some(Verdict::Accepted { number: 1, warnings: Vec::new() })).0
    }
}

fn alert(token: &str) -> String {
    format!("{{\"token\":\"{token}\"}}")
}

#[test]
fn paths_and_methods() {
    let house = house(Some(TOKEN), Mode::Paper);
    let good = alert(TOKEN);
    for (method, target, body, status) in [
        (Method::Get, "/", "", 200),
        (Method::Head, "/", "", 200),
        (Method::Get, "/?x=1", "", 200),
        (Method::Post, "/", "", 405),
        (Method::Get, "/health", "", 200),
        (Method::Get, "/health?now", "", 200),
        (Method::Put, "/health", "", 405),
        (Method::Get, "/health/", "", 404),
        (Method::Post, "/webhook", &good, 200),
        (Method::Post, "/whook", &good, 200),
        (Method::Post, "/webhook?from=tv", &good, 200),
        (Method::Get, "/webhook", "", 405),
        (Method::Options, "/webhook", "", 405),
        (Method::Delete, "/whook", "", 405),
        (Method::Get, "/webhook/some-token", "", 405),
        (Method::Post, "/webhook/", &good, 404),
        (Method::Post, "/webhook/a/b", &good, 404),
        (Method::Post, "/webhooks", &good, 404),
        (Method::Post, "/Webhook", &good, 404),
        (Method::Post, "//webhook", &good, 404),
        (Method::Get, "/whook?response=whook", "", 200),
        (Method::Get, "/whook?x=1&response=whook", "", 200),
        (Method::Get, "/whook?response=WHOOK", "", 401),
        (Method::Get, "/whook?response=allaccounts", "", 401),
        (Method::Get, "/whook", "", 404),
        (Method::Get, "/whook?x=1", "", 404),
        (Method::Get, "/whook/some-token", "", 404),
        (Method::Put, "/whook/some-token", "", 405),
        (Method::Get, "/paper/price", "", 405),
        (Method::Get, "/.env", "", 404),
    ] {
        assert_eq!(house.status(method, target, body), status, "{method} {target}");
    }
}

#[test]
fn the_service_tells_its_name_and_endpoints() {
    let (_, body, _) = house(None, Mode::Paper).ask(&request(Method::Get, "/", ""), None);
    assert_eq!((&body["service"], &body["mode"]), (&json!("perphook"), &json!("paper")));
    assert_eq!(body["endpoints"]["webhook"], "/webhook (POST)");
    let (_, body, _) = house(None, Mode::Paper).ask(&request(Method::Get, "/whook?response=whook", ""), None);
    assert_eq!(body, "WHOOKITYWOOK");
}

#[test]
fn a_right_token_in_any_place_suffices() {
    let house = house(Some("right/token"), Mode::Live);
    for (target, header, body, status) in [
        ("/webhook", None, r#"{"token":"right/token"}"#, 200),
        ("/webhook/right%2Ftoken", None, "{}", 200),
        ("/whook/right%2ftoken", None, "{}", 200),
        ("/webhook", Some("right/token"), "{}", 200),
        ("/webhook/wrong", None, r#"{"token":"right/token"}"#, 200),
        ("/webhook", Some("right/token"), r#"{"token":"wrong"}"#, 200),
        ("/webhook", Some("wrong"), r#"{"token":"wrong"}"#, 401),
        ("/webhook", None, "{}", 401),
        ("/webhook", None, r#"{"token":""}"#, 401),
        ("/webhook", None, r#"{"token":"right/toke"}"#, 401),
        ("/webhook", None, r#"{"token":"right/token "}"#, 401),
        ("/webhook", None, r#"{"token":"RIGHT/TOKEN"}"#, 401),
        ("/webhook?token=right/token", None, "{}", 401),
        ("/webhook/right", None, "{}", 401),
    ] {
        let request = Request { tokens: header.map(Secret::new).into_iter().collect(), ..request(Method::Post, target, body) };
        let (got, _, asked) = house.ask(&request, Some(Verdict::Accepted { number: 1, warnings: Vec::new() }));
        assert_eq!((got, asked.len()), (status, usize::from(status == 200)), "{target} {header:?} {body}");
    }
}

#[test]
fn without_a_token_only_paper_is_open() {
    assert_eq!(house(None, Mode::Paper).status(Method::Post, "/webhook", "{}"), 200);
    assert_eq!(house(None, Mode::Demo).status(Method::Post, "/webhook", "{}"), 401);
    assert_eq!(house(None, Mode::Live).status(Method::Post, "/webhook", "{}"), 401);
}

#[test]
fn the_first_byte_tells_the_language() {
    let house = house(None, Mode::Paper);
    for (body, status, names) in [
        ("{}", 200, ""),
        ("\u{feff}{}", 200, ""),
        ("\u{feff} \r\n\t{}", 200, ""),
        ("{}\n", 200, ""),
        ("", 400, "empty"),
        (" \n ", 400, "empty"),
        ("\u{feff}", 400, "empty"),
        ("ETHUSDT buy 10", 400, "no order"),
        ("[1]", 400, "no order"),
        ("\"abc\"", 400, "no order"),
        ("null", 400, "no order"),
        ("\0{}", 400, "no order"),
        ("// close", 400, "asks for nothing"),
        ("{", 400, "is wrong"),
    ] {
        let (got, answer, _) =
            house.ask(&request(Method::Post, "/webhook", body), Some(Verdict::Accepted { number: 1, warnings: Vec::new() }));
        assert_eq!(got, status, "{body:?}");
        assert!(names.is_empty() || answer["error"].as_str().unwrap().contains(names), "{body:?} {answer}");
    }
}

#[test]
fn unreadable_comes_before_the_token_and_the_token_before_the_fields() {
    let house = house(Some(TOKEN), Mode::Live);
    let fault = |token: &str| format!("{{\"token\":\"{token}\",\"fault\":\"entry_price\"}}");
    let (status, answer, asked) = house.ask(&request(Method::Post, "/webhook", "{broken"), None);
    assert_eq!((status, asked.len()), (400, 0));
    assert_eq!((&answer["line"], &answer["column"], &answer["success"]), (&json!(2), &json!(3), &json!(false)));
    let (status, answer, asked) = house.ask(&request(Method::Post, "/webhook", &fault("wrong")), None);
    assert_eq!((status, asked.len()), (401, 0));
    assert_eq!(answer["field"], Value::Null, "a stranger learns nothing about fields");
    let (status, answer, asked) = house.ask(&request(Method::Post, "/webhook", &fault(TOKEN)), None);
    assert_eq!((status, &answer["field"], &answer["reason"]), (400, &json!("entry_price"), &json!("is wrong")));
    assert!(matches!(&asked[..], [Inbound { message: Message::Invalid { reason }, .. }] if reason.contains("entry_price")), "{asked:?}");
    let broken = request(Method::Post, &format!("/webhook/{TOKEN}"), "{broken");
    assert_eq!(house.ask(&broken, None).2.len(), 1, "an unreadable alert of an authorised sender is history, too");
}

#[test]
fn verdicts_and_their_answers() {
    let house = house(None, Mode::Live);
    let house =
        House { site: Site::new(Routes { token: Some(Secret::new(TOKEN)), ..house.site.routes }, Duration::from_millis(50)), ..house };
    for (verdict, status, answer) in [
        (
            Some(Verdict::Accepted { number: 17, warnings: Vec::new() }),
            200,
            json!({"success": true, "message": "Webhook received, processing order", "alert": 17}),
        ),
        (
            Some(Verdict::Accepted { number: 18, warnings: vec!["beware".to_owned()] }),
            200,
            json!({"success": true, "message": "Webhook received, processing order", "alert": 18, "warnings": ["beware"]}),
        ),
        (Some(Verdict::Duplicate(17)), 200, json!({"success": true, "message": "duplicate of alert 17", "alert": 17})),
        (Some(Verdict::Done), 200, json!({"success": true, "message": "done"})),
        (
            Some(Verdict::Refused { field: "account".to_owned(), reason: "unknown".to_owned() }),
            400,
            json!({"success": false, "error": "unknown", "field": "account"}),
        ),
        (Some(Verdict::Refused { field: String::new(), reason: "no".to_owned() }), 400, json!({"success": false, "error": "no"})),
        (Some(Verdict::Unavailable("disk full".to_owned())), 503, json!({"success": false, "error": "disk full"})),
        (None, 503, json!({"success": false, "error": "the daemon did not answer in time"})),
    ] {
        let (got, body, asked) = house.ask(&request(Method::Post, "/webhook", &alert(TOKEN)), verdict.clone());
        assert_eq!((got, body, asked.len()), (status, answer, 1), "{verdict:?}");
    }
}

#[test]
fn a_full_or_closed_inbox_is_503() {
    let house = house(None, Mode::Paper);
    let (respond, _) = bounded(1);
    for _ in 0..4 {
        let message = Message::Invalid { reason: String::new() };
        house.site.routes.inbox.try_send(Inbound { message, peer: PEER, respond: respond.clone() }).unwrap();
    }
    let answer = |target| smol::block_on(house.site.answer(&request(Method::Post, target, "{}"), PEER)).status as u16;
    assert_eq!(answer("/webhook"), 503);
    assert_eq!(house.inbox.len(), 4);
    house.inbox.close();
    assert_eq!(answer("/webhook"), 503);
}

#[test]
fn the_same_body_has_the_same_fingerprint() {
    let house = house(None, Mode::Paper);
    let print = |body: &str| match house
        .ask(&request(Method::Post, "/webhook", body), Some(Verdict::Accepted { number: 1, warnings: Vec::new() }))
        .2
        .remove(0)
        .message
    {
        Message::Alert { fingerprint, .. } => fingerprint,
        other => panic!("{other:?}"),
    };
    assert_eq!(print("{}"), print("{}"));
    assert_ne!(print("{}"), print("{ }"));
    // First half of the SHA-256 of "{}", from `printf '{}' | sha256sum`.
    let hex: String = print("{}").iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "44136fa355b3678a1146ad16f7e8649e");
}

#[test]
fn many_wrong_tokens_are_429_and_the_right_one_is_still_served() {
    let house = house(Some(TOKEN), Mode::Live);
    for n in 0..WRONG_TOKENS_MAX {
        assert_eq!(house.status(Method::Post, "/webhook", &alert("wrong")), 401, "{n}");
    }
    assert_eq!(house.status(Method::Post, "/webhook", &alert("wrong")), 429);
    assert_eq!(house.status(Method::Post, "/webhook", &alert(TOKEN)), 200);
    assert_eq!(house.status(Method::Get, "/health", ""), 200);
}

#[test]
fn paper_prices() {
    let house = house(Some(TOKEN), Mode::Paper);
    let post = |body: &str| house.ask(&request(Method::Post, "/paper/price", body), Some(Verdict::Done));
    for (members, status) in [
        (r#""symbol":"ETHUSDT","price":3000.10"#, 200),
        (r#""symbol":"ETHUSDT","price":"0.00000812","more":1"#, 200),
        (r#""symbol":"ETHUSDT","price":0"#, 400),
        (r#""symbol":"ETHUSDT","price":-1"#, 400),
        (r#""symbol":"ETHUSDT","price":"NaN""#, 400),
        (r#""symbol":"ETHUSDT","price":null"#, 400),
        (r#""symbol":"ETHUSDT","price":[1]"#, 400),
        (r#""symbol":"ETHUSDT""#, 400),
        (r#""symbol":"","price":1"#, 400),
        (r#""symbol":"E T","price":1"#, 400),
        (r#""symbol":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","price":1"#, 400),
        (r#""price":1"#, 400),
    ] {
        let (got, body, asked) = post(&format!("{{\"token\":\"{TOKEN}\",{members}}}"));
        assert_eq!((got, asked.len()), (status, usize::from(status == 200)), "{members} {body}");
        assert_eq!(post(&format!("{{{members}}}")).0, 401, "{members}");
    }
    assert_eq!(post("").0, 400);
    assert_eq!(post("[]").0, 400);
    let asked = post(&format!("{{\"token\":\"{TOKEN}\",\"symbol\":\"ETHUSDT\",\"price\":3000.10}}")).2;
    assert!(matches!(&asked[0].message, Message::PaperPrice { symbol, price } if symbol == "ETHUSDT" && price.to_string() == "3000.10"));
    let live = self::house(Some(TOKEN), Mode::Live);
    assert_eq!(live.status(Method::Post, "/paper/price", &format!("{{\"token\":\"{TOKEN}\"}}")), 404);
}

#[test]
fn health_is_read_from_memory() {
    let house = house(Some(TOKEN), Mode::Live);
    let (status, body, asked) = house.ask(&request(Method::Get, "/health", ""), None);
    assert_eq!((status, asked.len()), (200, 0));
    assert_eq!((&body["status"], &body["binance"], &body["mode"]), (&json!("healthy"), &json!("connected"), &json!("live")));
    assert_eq!(body["timestamp"].as_str().unwrap().len(), "2026-11-21T00:55:54.728448".len());
    house.health.borrow_mut().trouble = Some("the journal cannot be written".to_owned());
    let (status, body, _) = house.ask(&request(Method::Get, "/health", ""), None);
    assert_eq!((status, &body["status"]), (503, &json!("unhealthy")));
    assert_eq!(body["error"], "the journal cannot be written");
}

#[test]
fn only_a_proxy_on_this_machine_may_name_the_sender() {
    let elsewhere: IpAddr = "6.6.6.6".parse().unwrap();
    let request = Request { forwarded_for: Some(elsewhere), ..request(Method::Get, "/", "") };
    for (socket, named) in [("127.0.0.1", "6.6.6.6"), ("::1", "6.6.6.6"), ("::ffff:127.0.0.1", "6.6.6.6"), ("10.0.0.1", "10.0.0.1")] {
        assert_eq!(sender(&request, socket.parse().unwrap()), named.parse::<IpAddr>().unwrap(), "{socket}");
    }
}

#[test]
fn escapes_in_a_path() {
    for (text, plain) in
        [("a%2Fb", "a/b"), ("%41%4a", "AJ"), ("50%", "50%"), ("%zz%4", "%zz%4"), ("%+1", "%+1"), ("%c3%a9", "\u{e9}"), ("", "")]
    {
        assert_eq!(unescape(text), plain, "{text}");
    }
}
