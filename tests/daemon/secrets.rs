//! Token and keys appear nowhere: not in the log, the journal, an answer, or the output of a command, whatever goes wrong.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "what is not as expected here has to end the test")]

use std::path::Path;

use perphook::desk::Outcome;
use perphook::market::Leg;
use serde_json::{Value, json};

use crate::rig::{self, Answer, Exchange, KEY, Rig, SECRET, TOKEN, entry, exit, http};
use crate::sim::faults::{Class, Conditions, Fault, Rule};
use crate::sim::{Kind, SimConfig};

/// Contracts that the simulated exchange always has.
const BUILT_IN: usize = 20;

/// Everything that was heard or read, and where.
#[derive(Default)]
struct Heard(Vec<(String, String)>);

/// Key, secret and password of each account in the file of accounts.
const KEYS: [[&str; 3]; 3] = [
    ["oneKey7Jq2vXW0yHfPzLr5nTdBc8", "oneSec4Tz6pLm1kVn8bGh3jFd5sQ", "onePass9Rm2wQx7Lk"],
    ["twoKey8Wq2vXW0yHfPzLr5nTdBc8", "twoSec5Uz6pLm1kVn8bGh3jFd5sQ", "twoPass3Tn8vZc5Jh"],
    ["triKey9Eq2vXW0yHfPzLr5nTdBc8", "triSec6Iz6pLm1kVn8bGh3jFd5sQ", "triPass1Yb4kSd6Gf"],
];

impl Heard {
    fn take(&mut self, place: impl Into<String>, text: impl Into<String>) {
        self.0.push((place.into(), text.into()));
    }

    fn answer(&mut self, place: &str, answer: &Answer) {
        self.take(place, format!("{}\n{}", answer.head, answer.text));
    }

    /// All files of a directory, those in directories of it too.
    fn files(&mut self, directory: &Path) {
        for file in std::fs::read_dir(directory).expect("a directory").flatten() {
            match file.path() {
                path if path.is_dir() => self.files(&path),
                path => {
                    let bytes = std::fs::read(&path).expect("a file");
                    self.take(path.display().to_string(), String::from_utf8_lossy(&bytes));
                }
            }
        }
    }

    fn told(&mut self, rig: &Rig, arguments: &[&str]) {
        let (_, out, err) = rig.tell(arguments);
        assert!(!(out.is_empty() && err.is_empty()), "{arguments:?} says something");
        self.take(arguments.join(" "), out + &err);
    }

    /// None of it contains a secret, however its letters are written.
    fn is_clean(&self) {
        for (place, text) in &self.0 {
            let text = text.to_lowercase();
            let of_accounts = KEYS.iter().flatten().map(|secret| ("key of an account", *secret));
            for (name, secret) in [("token", TOKEN), ("key", KEY), ("secret", SECRET)].into_iter().chain(of_accounts) {
                if let Some(at) = text.find(&secret.to_lowercase()) {
                    let from = text[..at].rfind('\n').map_or(0, |end| end + 1);
                    let line = text[from..].lines().next().unwrap_or_default();
                    panic!("the {name} is in {place}: {line}");
                }
            }
        }
    }

    fn contains(&self, what: &str) -> bool {
        self.0.iter().any(|(_, text)| text.contains(what))
    }
}

/// Commands that tell of accounts and trades.
const COMMANDS: [&[&str]; 6] = [&["status"], &["trades"], &["trades", "--csv"], &["trades", "--json"], &["check"], &["check", "--online"]];

/// Every kind of trouble with the exchange.
fn faults() -> Vec<Fault> {
    let mut faults = vec![
        Fault::refuse(401, -2015, "Invalid API-key, IP, or permissions for action, request ip: 203.0.113.7"),
        Fault::refuse(400, -1022, "Signature for this request is not valid."),
        Fault::refuse(400, -1021, "Timestamp for this request is outside of the recvWindow."),
        Fault::refuse(400, -9999, "A code that nobody has heard of."),
    ];
    faults.extend(Fault::every_trouble(100));
    faults
}

#[test]
fn neither_token_nor_keys_are_shown_anywhere() {
    // Trace says all that debug does, and more.
    let config = SimConfig { symbols: BUILT_IN + faults().len(), ..SimConfig::default() };
    let mut rig = Rig::with(config, 0, &[("LOG_LEVEL", "trace"), ("LOG_FILE", "perphook.log")]);
    let mut heard = Heard::default();
    trade(&rig, &mut heard);
    knock(&rig, &mut heard);
    misuse(&rig, &mut heard);
    trouble(&rig, &mut heard);
    COMMANDS.iter().for_each(|arguments| heard.told(&rig, arguments));
    heard.told(&rig, &["explain", &entry("BTCUSDT", "LONG", "primary_entry", ["49900", "49500", "49000", "50500"], 1)]);
    heard.told(&rig, &["explain", &format!("{{\"token\":\"{TOKEN}\"")]);
    heard.told(&rig, &["--help"]);
    heard.told(&rig, &["run"]);
    rig.stop();
    heard.take("stderr", rig.daemon().log().join("\n"));
    heard.files(rig.home.path());
    for proof in ["wrong_token", "exchange trouble", "alert taken up", "take profit", "in use by process"] {
        assert!(heard.contains(proof), "{proof} was never heard of");
    }
    heard.is_clean();
}

/// A whole trade, so that journal and history have something to tell.
fn trade(rig: &Rig, heard: &mut Heard) {
    heard.answer("an accepted alert", &rig.alert(&entry("BTCUSDT", "LONG", "primary_entry", ["49900", "49500", "49000", "50500"], 1)));
    rig.until("entries rest", || rig.exchange.resting("BTCUSDT").entries == 2);
    rig.exchange.price("BTCUSDT", "49900");
    rig.until("a stop rests", || rig.exchange.resting("BTCUSDT").stops == 1);
    heard.answer("an exit", &rig.alert(&exit("BTCUSDT", "LONG", 1)));
    rig.closed(1);
    heard.answer("health", &rig.get("/health"));
    heard.answer("service", &rig.get("/"));
}

/// Right and wrong tokens in every place a token can be.
fn knock(rig: &Rig, heard: &mut Heard) {
    let port = rig.daemon().port;
    let body = exit("ETHUSDT", "LONG", 1);
    let bare = body.replace(&format!("\"token\":\"{TOKEN}\","), "");
    let almost = format!("{TOKEN}x");
    let post = |path: &str, headers: &str, body: &str| http::post(port, path, headers, body).expect("an answer");
    let header = |token: &str| format!("X-Webhook-Token: {token}\r\n");
    let right = [
        post(&format!("/webhook/{TOKEN}"), "", &bare),
        post(&format!("/whook/{TOKEN}"), "", &bare.replace("ETH", "SOL")),
        post("/webhook", &header(TOKEN), &bare.replace("ETH", "XRP")),
        post("/webhook", "", &body.replace("ETH", "BNB")),
    ];
    let wrong = [
        post(&format!("/webhook/{almost}"), "", &bare),
        post("/webhook", &header(&almost), &bare),
        post("/webhook", "", &body.replace(TOKEN, &almost)),
        post(&format!("/webhook?token={TOKEN}"), "", &bare),
        post("/webhook", "", &bare),
    ];
    assert!(right.iter().all(|answer| answer.status == 200), "{right:?}");
    assert!(wrong.iter().all(|answer| answer.status == 401), "{wrong:?}");
    right.iter().chain(&wrong).for_each(|answer| heard.answer("a knock", answer));
}

/// The token in all the wrong places, and alerts that cannot be used.
fn misuse(rig: &Rig, heard: &mut Heard) {
    let port = rig.daemon().port;
    let good = entry("ETHUSDT", "LONG", "primary_entry", ["2990", "2950", "2900", "3050"], 1);
    let bodies = [
        format!("{{\"token\":\"{TOKEN}\",\"event\":"),
        format!("{{\"token\":\"{TOKEN}\" \"event\":\"EXIT\"}}"),
        format!("{{\"token\":\"{TOKEN}\"}}"),
        format!("{{\"token\":{{\"a\":\"{TOKEN}\"}}}}"),
        format!("{{\"token\":\"{TOKEN}\",\"token\":\"{TOKEN}\"}}"),
        format!("token:{TOKEN} buy ETHUSDT"),
        good.replace("\"ENTRY\"", &format!("\"{TOKEN}\"")),
        good.replace("\"LONG\"", &format!("\"{TOKEN}\"")),
        good.replace("\"ETHUSDT.P\"", &format!("\"{TOKEN}\"")),
        good.replace("primary_entry", TOKEN),
        good.replace("2990", &format!("\"{TOKEN}\"")),
        good.replace("2990", TOKEN),
        good.replace("{\"token\"", &format!("{{\"account\":\"{TOKEN}\",\"token\"")),
        good.replace("{\"token\"", &format!("{{\"{TOKEN}\":1,\"token\"")),
        good.replace("2900", "3200"),
        good.replace("2990", "NaN"),
    ];
    for body in &bodies {
        let answer = http::alert(port, body).expect("an answer");
        if body.contains("{\"rigT0ken") {
            // A field nobody knows is no fault.
            assert_eq!(answer.status, 200, "{body}: {answer:?}");
        } else {
            assert!(matches!(answer.status, 400 | 401), "{body}: {answer:?}");
        }
        heard.answer(body.split_at(8).0, &answer);
    }
    let heads = [
        format!("GET /webhook/{TOKEN} HTTP/1.1\r\nHost: rig\r\nConnection: close\r\n\r\n"),
        format!("GET /nothing/{TOKEN} HTTP/1.1\r\nHost: rig\r\nConnection: close\r\n\r\n"),
        format!("POST /webhook/{TOKEN} HTTP/9.9\r\nHost: rig\r\n\r\n"),
        format!("POST /webhook/{TOKEN} HTTP/1.1\r\nHost: rig\r\nContent-Length: x\r\n\r\n"),
        format!("POST /webhook HTTP/1.1\r\nHost: rig\r\nX-Webhook-Token {TOKEN}\r\n\r\n"),
        format!("POST /webhook HTTP/1.1\r\nHost: rig\r\nX-Webhook-Token: {TOKEN}\r\nX: {}\r\n\r\n", "y".repeat(20_000)),
        format!("{TOKEN}\r\n\r\n"),
    ];
    for head in &heads {
        let answer = http::ask(port, head.as_bytes()).expect("an answer");
        assert!(answer.status >= 400, "{head}: {answer:?}");
        heard.answer("a bad head", &answer);
    }
}

/// Every kind of fault strikes an entry and a read, each on a contract of its own; then all is closed.
fn trouble(rig: &Rig, heard: &mut Heard) {
    let faults = faults();
    for (at, fault) in faults.iter().enumerate() {
        let name = fault.name();
        rig.exchange.forget_requests();
        let rules = [Rule::new(Class::Place, fault.clone()).nth(1), Rule::new(Class::Read, fault.clone()).nth(2)];
        rig.exchange.faults(rules.to_vec(), Conditions::default());
        heard.answer(name, &rig.alert(&entry(&contract(at), "LONG", "primary_entry", ["9.9", "9.8", "9.6", "10.4"], 1)));
        rig.until(&format!("{name} strikes"), || rig.exchange.requests().iter().filter(|entry| entry.fault == Some(name)).count() == 2);
        heard.answer(name, &rig.get("/health"));
    }
    rig.exchange.faults(Vec::new(), Conditions::default());
    for at in 0..faults.len() {
        heard.answer("an exit", &rig.alert(&exit(&contract(at), "LONG", 2)));
    }
    rig.until("every trade is over", || {
        let memory = rig::audit::memory(&rig.journal());
        memory.alerts.is_empty() && memory.trades.values().all(|trade| !trade.symbol.as_str().starts_with("COIN"))
    });
}

/// The made-up contract for a kind of fault; they follow the built-in ones and cost 10 USDT.
fn contract(at: usize) -> String {
    format!("COIN{}USDT", BUILT_IN + at)
}

/// Three accounts, each at a host of its own that knows nothing but its key.
fn several() -> Rig {
    let host = |[key, secret, _]: [&str; 3]| {
        Exchange::start(SimConfig { key: key.to_owned(), secret: secret.to_owned(), ..SimConfig::default() }, 0)
    };
    let mut rig = Rig::around(KEYS.map(host).into());
    for (name, value) in [
        ("ACCOUNTS_FILE", "accounts.json"),
        ("WEBHOOK_TOKEN", TOKEN),
        ("SERVICE_PORT", "0"),
        ("LOG_LEVEL", "trace"),
        ("LOG_FILE", "perphook.log"),
    ] {
        rig.set(name, value);
    }
    let listed = |(at, [key, secret, password]): (usize, &[&str; 3])| json!({"ACCOUNT_ID": format!("a{}", at + 1), "EXCHANGE": "binance", "API_KEY": key, "SECRET_KEY": secret, "PASSWORD": password, "BASE_URL": rig.accounts[at].url});
    rig.list(&KEYS.iter().enumerate().map(listed).collect::<Vec<Value>>());
    rig
}

#[test]
fn text_alerts_and_many_accounts_show_no_secret_either() {
    let mut rig = several();
    rig.run();
    rig.connected();
    let mut heard = Heard::default();
    text_orders(&rig, &mut heard);
    text_misuse(&rig, &mut heard);
    text_trouble(&rig, &mut heard);
    for query in ["whook", "allaccounts", "a1", "a9", TOKEN] {
        heard.answer("a question", &rig.get(&format!("/whook/{TOKEN}?response={query}")));
        heard.answer("a stranger's question", &rig.get(&format!("/whook/{TOKEN}x?response={query}")));
    }
    COMMANDS.iter().for_each(|arguments| heard.told(&rig, arguments));
    for alert in
        [format!("a1 ETHUSDT buy 0.1 token:{TOKEN}"), format!("a1 ETHUSDT buy 0.1 {TOKEN}"), format!("{} ETHUSDT buy 1", KEYS[0][0])]
    {
        heard.told(&rig, &["explain", &alert]);
    }
    rig.stop();
    heard.take("stderr", rig.daemon().log().join("\n"));
    // The one file that is there to hold them.
    std::fs::remove_file(rig.home.path().join("accounts.json")).expect("the file of accounts");
    heard.files(rig.home.path());
    for proof in ["wrong_token", "exchange trouble", "alert taken up", "invalid_alert", "level=warn", "account=a3"] {
        assert!(heard.contains(proof), "{proof} was never heard of");
    }
    heard.is_clean();
}

/// One account on every exchange: each has its own way to sign, and some repeat what was signed when they refuse it.
#[test]
fn no_exchange_makes_it_show_a_key_or_a_password() {
    let host = |(at, kind): (usize, &Kind)| {
        let [key, secret, password] = KEYS[at % KEYS.len()].map(str::to_owned);
        Exchange::start(SimConfig { exchange: *kind, key, secret, password, ..SimConfig::default() }, 0)
    };
    let mut rig = Rig::around(Kind::ALL.iter().enumerate().map(host).collect());
    let settings = [("ACCOUNTS_FILE", "accounts.json"), ("WEBHOOK_TOKEN", TOKEN), ("SERVICE_PORT", "0"), ("LOG_LEVEL", "trace")];
    settings.iter().for_each(|(name, value)| rig.set(name, value));
    rig.list(&(1..=Kind::ALL.len()).map(|number| rig.listed(number)).collect::<Vec<Value>>());
    rig.run();
    rig.connected();
    let mut heard = Heard::default();
    let order = |number: usize, words: &str| format!("a{number} ETH{} {words}", Kind::ALL[number - 1].settle());
    for number in 1..=Kind::ALL.len() {
        assert_eq!(rig.verdict(rig.ordered(&order(number, "buy 0.1 x5 sl:2900"))), Outcome::Done, "{}", rig.stories());
    }
    heard.told(&rig, &["check", "--online"]);
    for account in &rig.accounts {
        account.with(|sim, _| sim.config.secret = "another".to_owned());
    }
    heard.told(&rig, &["check", "--online"]);
    for number in 1..=Kind::ALL.len() {
        rig.ordered(&order(number, "close"));
        rig.until("the signature is refused", || {
            rig.daemon().log().iter().any(|line| line.contains("exchange trouble") && line.contains(&format!("account=a{number} ")))
        });
    }
    rig.stop();
    heard.take("stderr", rig.daemon().log().join("\n"));
    std::fs::remove_file(rig.home.path().join("accounts.json")).expect("the file of accounts");
    heard.files(rig.home.path());
    heard.is_clean();
}

/// Orders of all accounts, with the token in every place it can be, right and wrong.
fn text_orders(rig: &Rig, heard: &mut Heard) {
    let port = rig.daemon().port;
    let post = |path: &str, headers: &str, body: &str| http::text(port, path, headers, body).expect("an answer");
    let lines: String = (1..=3).map(|number| format!("a{number} ETHUSDT buy 0.1 sl:2900 token:{TOKEN} id:k{number}\n")).collect();
    let right = [
        post("/whook", "", &lines),
        post("/whook", "", &lines),
        post(&format!("/webhook/{TOKEN}"), "", "a1 SOLUSDT pos -1"),
        post("/whook", &format!("X-Webhook-Token: {TOKEN}\r\n"), "a2 SOLUSDT buy 1 limit:mine:100"),
        post("/whook", "", &format!("// token:{TOKEN}x\nTOKEN:{TOKEN} a3 SOLUSDT close")),
    ];
    let wrong = [
        post(&format!("/whook/{TOKEN}x"), "", "a1 SOLUSDT buy 1"),
        post(&format!("/whook?token={TOKEN}"), "", "a1 SOLUSDT buy 1"),
        post("/whook", "", &format!("a1 SOLUSDT buy 1 token:{TOKEN}x")),
        post("/whook", &format!("X-Webhook-Token: x{TOKEN}\r\n"), "a1 SOLUSDT buy 1"),
        post("/whook", "", &format!("// token:{TOKEN}\na1 SOLUSDT buy 1")),
    ];
    assert!(right.iter().all(|answer| answer.status == 200), "{right:?}");
    assert!(wrong.iter().all(|answer| answer.status == 401), "{wrong:?}");
    right.iter().chain(&wrong).for_each(|answer| heard.answer("a knock with text", answer));
    rig.until("three stops rest", || rig.accounts.iter().all(|account| account.open_ids(Leg::Stop).len() == 1));
}

/// Token and keys in all the wrong places of a text.
fn text_misuse(rig: &Rig, heard: &mut Heard) {
    let [key, secret, password] = KEYS[1];
    for said in [TOKEN, key, secret, password] {
        for line in [
            said.to_owned(),
            format!("token {said} a1 ETHUSDT buy 0.1"),
            format!("token: {said} a1 ETHUSDT buy 0.1"),
            format!("token={said} a1 ETHUSDT buy 0.1"),
            format!("secret:{said} a1 ETHUSDT buy 0.1"),
            format!("{said} ETHUSDT buy 0.1"),
            format!("a1 ETHUSDT {said} 0.1"),
            format!("a1 ETHUSDT buy {said}$"),
            format!("a1 ETHUSDT buy 0.1 x{said}"),
            format!("a1 ETHUSDT buy 0.1 {said}"),
            format!("a1 ETHUSDT buy 0.1 sl:{said}"),
            format!("a1 ETHUSDT buy 0.1 limit:mine:{said}"),
            format!("a1 ETHUSDT buy 0.1 // {said}"),
            format!("a1 {said} buy 0.1"),
            format!("a1 ETHUSDT buy {{{{{said}}}}}"),
        ]
        .into_iter()
        .chain(only_the_token(said))
        {
            for body in [line.clone(), format!("{line}\na1 ETHUSDT nonsense")] {
                let answer = rig.text(&body);
                assert_eq!(answer.status, 400, "{body}: {answer:?}");
                heard.answer("a bad line", &answer);
                heard.answer("a stranger's bad line", &http::text(rig.daemon().port, "/whook", "", &body).expect("an answer"));
            }
        }
    }
}

/// Where a name of the sender's own choice stands, only the token is known to be none.
fn only_the_token(said: &str) -> Vec<String> {
    let lines =
        [format!("a1 ETHUSDT buy 0.1 id:{said}"), format!("a1 ETHUSDT buy 0.1 limit:{said}:100"), format!("a1 ETHUSDT cancel:{said}")];
    if said == TOKEN { lines.to_vec() } else { Vec::new() }
}

/// Every kind of fault strikes an order of one account and what it reads.
fn text_trouble(rig: &Rig, heard: &mut Heard) {
    for (fault, account) in faults().into_iter().zip((0..rig.accounts.len()).cycle()) {
        let (name, exchange) = (fault.name(), &rig.accounts[account]);
        exchange.forget_requests();
        let rules = [Rule::new(Class::Place, fault.clone()).times(1), Rule::new(Class::Read, fault.clone()).times(1)];
        exchange.faults(rules.to_vec(), Conditions::default());
        let answer = rig.text(&format!("a{} DOGEUSDT buy 1000 token:{TOKEN}", account + 1));
        heard.answer(name, &answer);
        rig.verdict(answer.number().expect("a number"));
        assert!(exchange.requests().iter().any(|entry| entry.fault == Some(name)), "{name} strikes");
        heard.answer(name, &rig.get("/health"));
        exchange.faults(Vec::new(), Conditions::default());
    }
}

#[test]
fn a_bad_file_of_accounts_names_no_secret() {
    let mut rig = several();
    rig.set("SERVICE_PORT", "");
    let file = rig.home.path().join("accounts.json");
    let good = std::fs::read_to_string(&file).expect("the file of accounts");
    let [key, secret, password] = KEYS[1];
    let quoted = |text: &str| format!("\"{text}\"");
    for bad in [
        good.replace(&quoted(secret), secret),
        good.replace(&quoted(secret), &format!("\"{secret}")),
        good.replace(&quoted(secret), &format!("[\"{secret}\"]")),
        good.replace(&quoted(secret), &format!("{{\"{secret}\": \"{key}\"}}")),
        good.replace(&quoted(secret), &format!("\"{secret}\\q\"")),
        good.replace(&quoted(key), &format!("\"{key} {key}\"")),
        good.replace("\"API_KEY\"", &quoted(key)),
        good.replace("\"SECRET_KEY\"", "\"SECRET\""),
        good.replace("\"EXCHANGE\":\"binance\"", &format!("\"EXCHANGE\":\"{key}\"")),
        good.replace("\"PASSWORD\"", "\"LEVERAGE\""),
        good.replace("\"PASSWORD\"", "\"MARGIN_MODE\""),
        good.replace("\"PASSWORD\"", "\"BASE_URL\""),
        good.replace("\"PASSWORD\"", "\"SETTLE_COIN\""),
        good.replace("http://", &format!("http://{key}:{secret}@")),
        good.replace(&quoted(KEYS[0][0]), &quoted(key)).replace(&rig.accounts[0].url, &rig.accounts[1].url),
        format!("{good}{password}"),
        good.split_at(good.find(secret).map_or(0, |at| at + 9)).0.to_owned(),
    ] {
        std::fs::write(&file, &bad).expect("a file");
        let mut heard = Heard::default();
        for arguments in [&["run"][..], &["run", "--live"], &["check"], &["explain", "a1 ETHUSDT buy 1"]] {
            let (code, ..) = rig.tell(arguments);
            assert_eq!(code, Some(78), "{arguments:?} with {bad}");
            heard.told(&rig, arguments);
        }
        heard.is_clean();
    }
}

#[test]
fn a_bad_configuration_names_no_secret() {
    let bad = [
        format!("BINANCE_API_KEY={KEY} {KEY}\nBINANCE_API_SECRET={SECRET}\nWEBHOOK_TOKEN={TOKEN}"),
        format!("BINANCE_API_KEY={KEY}\nBINANCE_API_SECRET: {SECRET}\nWEBHOOK_TOKEN={TOKEN}"),
        format!("BINANCE_API_KEY='{KEY}\nBINANCE_API_SECRET={SECRET}\nWEBHOOK_TOKEN={TOKEN}"),
        format!("BINANCE_API_KEY={KEY}\nBINANCE_API_SECRET={SECRET}\nWEBHOOK_TOKEN=\"{TOKEN}\" \"{TOKEN}\""),
        format!("BINANCE_API_KEY={KEY}\nBINANCE_API_SECRET={SECRET}\nWEBHOOK_TOKEN={TOKEN}\nLEVERAGE={SECRET}"),
        format!("BINANCE_API_KEY={KEY}\nBINANCE_SECRET={SECRET}\nWEBHOOK_TOKEN={TOKEN}"),
        format!("BINANCE_API_KEY={KEY}\nBINANCE_API_SECRET={SECRET}\n{TOKEN}"),
        format!("BINANCE_API_KEY={KEY}\nBINANCE_API_SECRET={SECRET}\nWEBHOOK_TOKEN={TOKEN}\nBINANCE_BASE_URL=https://{KEY}:{SECRET}@x"),
        format!("BINANCE_API_KEY={KEY}\nBINANCE_API_SECRET={SECRET}\nWEBHOOK_TOKEN={TOKEN}\nSERVICE_HOST={TOKEN}\nTRIGGER_BY={KEY}"),
    ];
    let mut rig = Rig::idle(SimConfig::default(), 0, &[]);
    rig.settings.clear();
    for text in &bad {
        std::fs::write(rig.home.path().join(".env"), text).expect("a file");
        let mut heard = Heard::default();
        for arguments in [&["run"][..], &["run", "--live"], &["check"], &["status"], &["trades"]] {
            let (code, ..) = rig.tell(arguments);
            assert_eq!(code, Some(78), "{arguments:?} with {text}");
            heard.told(&rig, arguments);
        }
        heard.is_clean();
    }
}
