//! Coming from the Binance Futures Webhook Service: its `.env`, its README's curl lines and its indicator's alerts, unchanged.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "what is not as expected here has to end the test")]

use std::process::Command;

use perphook::desk::Outcome;
use serde::Deserialize;
use serde_json::Value;

use crate::rig::exchange::dec;
use crate::rig::{KEY, Resting, Rig, SECRET, TOKEN};
use crate::sim::SimConfig;

#[derive(Deserialize)]
struct Payload {
    id: String,
    raw: String,
}

/// Its messages, with its example tokens filled in.
fn payloads() -> Vec<Payload> {
    let mut payloads: Vec<Payload> = serde_json::from_str(include_str!("../data/pine_payloads.json")).expect("JSON");
    for payload in &mut payloads {
        for example in ["s3cr3t-token", "YOUR_TOKEN", "your_webhook_token", "CHANGE_ME"] {
            payload.raw = payload.raw.replace(&format!("\"{example}\""), &format!("\"{TOKEN}\""));
        }
    }
    payloads
}

fn payload(id: &str) -> String {
    payloads().into_iter().find(|payload| payload.id == id).expect(id).raw
}

/// A daemon whose only settings are its `.env`, with the placeholders filled in. The port is any free one.
fn moved_in() -> Rig {
    let mut rig = Rig::idle(SimConfig::default(), 0, &[]);
    let env = format!(
        "# Binance API Configuration\n\
         BINANCE_API_KEY={KEY}\n\
         BINANCE_API_SECRET={SECRET}\n\
         BINANCE_TESTNET=false\n\n\
         # Webhook Security\n\
         WEBHOOK_TOKEN={TOKEN}\n\n\
         # Service Configuration\n\
         SERVICE_HOST=127.0.0.1\n\
         SERVICE_PORT=0\n\n\
         # Trading\n\
         ENTRY_SIZE_USD=10.0\n\
         LEVERAGE=20\n\
         TOTAL_ENTRIES=2\n\
         EXIT_COOLDOWN=30\n\n\
         # Logging\n\
         LOG_LEVEL=INFO\n\
         LOG_FILE=logs/webhook.log\n\
         BINANCE_BASE_URL={}\n",
        rig.exchange.url
    );
    std::fs::write(rig.home.path().join(".env"), env).expect("a file");
    rig.settings.clear();
    rig.run();
    rig.connected();
    rig
}

/// Runs curl as the README shows it; without curl the same bytes go over a socket.
fn curl(rig: &Rig, path: &str, body: Option<&str>) -> (u16, Value) {
    let url = format!("http://localhost:{}{path}", rig.daemon().port);
    let mut command = Command::new("curl");
    command.args(["-s", "-4", "-w", "\n%{http_code}"]);
    if let Some(body) = body {
        command.args(["-X", "POST", "-H", "Content-Type: application/json", "-d", body]);
    }
    match command.arg(url).output() {
        Ok(output) => {
            let text = String::from_utf8(output.stdout).expect("text");
            let (body, status) = text.rsplit_once('\n').expect("a status");
            (status.parse().expect("a status"), serde_json::from_str(body).expect("JSON"))
        }
        Err(error) => {
            eprintln!("curl cannot be run ({error}): the same request goes over a socket");
            let answer = body.map_or_else(|| rig.get(path), |body| rig.alert(body));
            (answer.status, answer.json())
        }
    }
}

#[test]
fn its_settings_and_its_curl_lines_work_unchanged() {
    let rig = moved_in();
    let (status, health) = curl(&rig, "/health", None);
    assert_eq!((status, &health["status"], &health["binance"]), (200, &Value::from("healthy"), &Value::from("connected")));
    let timestamp = health["timestamp"].as_str().expect("a time");
    assert_eq!((timestamp.len(), &timestamp[10..11], &timestamp[19..20]), (26, "T", "."), "as its clients read it: {timestamp}");
    let (status, service) = curl(&rig, "/", None);
    assert_eq!(status, 200);
    assert!(service["service"].is_string() && service["version"].is_string());
    assert_eq!((&service["endpoints"]["webhook"], &service["endpoints"]["health"]), (&"/webhook (POST)".into(), &"/health (GET)".into()));

    let accepted = |body: &str| {
        let (status, answer) = curl(&rig, "/webhook", Some(body));
        assert_eq!((status, &answer["success"]), (200, &Value::Bool(true)), "{answer}");
        assert_eq!(answer["message"], "Webhook received, processing order");
        answer["alert"].as_u64().expect("a number")
    };
    rig.exchange.price("ASTERUSDT", "0.81");
    assert_eq!(rig.verdict(accepted(&payload("readme_endpoint_example"))), Outcome::Done);
    assert_eq!(rig.exchange.resting("ASTERUSDT").entries, 2);
    assert_eq!(rig.verdict(accepted(&payload("test_script_entry"))), Outcome::Done);
    assert_eq!(rig.exchange.resting("ETHUSDT").entries, 1, "no second price, no second entry");
    assert!(matches!(rig.verdict(accepted(&payload("readme_exit_curl"))), Outcome::Nothing(_)));
    let (status, answer) = curl(&rig, "/webhook", Some("{\"token\":\"wrong\"}"));
    assert_eq!((status, &answer["success"]), (401, &Value::Bool(false)));

    // Its README's first trade, to its end.
    let body = format!(
        r#"{{"token":"{TOKEN}","event":"ENTRY","signal_side":"LONG","symbol":"BTCUSDT","entry_price":50000.0,"second_entry_price":49000.0,"stop_loss":48000.0,"take_profit":52000.0}}"#
    );
    rig.exchange.price("BTCUSDT", "50100");
    assert_eq!(rig.verdict(accepted(&body)), Outcome::Done);
    rig.exchange.price("BTCUSDT", "50000");
    rig.until_resting("BTCUSDT", Resting { entries: 1, stops: 1, targets: 1, position: dec("0.004") });
    assert_eq!(rig.verdict(accepted(&payload("readme_exit_curl").replace("BTCUSDT", "BTCUSDT.P"))), Outcome::Done);
    rig.until_resting("BTCUSDT", Resting::default());
    let log = std::fs::read_to_string(rig.home.path().join("logs/webhook.log")).expect("its log file");
    assert!(log.contains("symbol=BTCUSDT"), "{log}");
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// Answered 400, and the answer names this.
    Unusable(&'static str),
    Done,
    Nothing,
    Refused,
}
use Then::{Done, Nothing, Refused, Unusable};

/// Each message in turn: what becomes of it, and how many entries rest on its contract then.
const EXPECTED: [(&str, Then, &str, usize); 24] = [
    ("entry_long_e2_waiting", Done, "ETHUSDT", 2),
    ("dca_fill_long_later", Nothing, "ETHUSDT", 2),
    ("exit_long_both_filled_loss", Done, "ETHUSDT", 0),
    ("entry_long_both_filled_at_once", Done, "ASTERUSDT", 2),
    ("dca_fill_long_same_instant", Nothing, "ASTERUSDT", 2),
    ("entry_short_e2_waiting", Done, "BTCUSDT", 2),
    ("exit_short_both_filled_profit", Done, "BTCUSDT", 0),
    ("entry_long_dca_off", Done, "SOLUSDT", 1),
    ("exit_long_dca_off", Done, "SOLUSDT", 0),
    ("entry_long_tiny_price_spot_chart", Unusable("symbol"), "1000PEPEUSDT", 0),
    ("entry_long_price_around_one", Done, "XRPUSDT", 2),
    ("entry_short_15m_chart", Done, "LINKUSDT", 2),
    ("same_bar_primary_second", Done, "ETHUSDT", 2),
    ("exit_before_entry_same_bar", Done, "ETHUSDT", 0),
    ("entry_after_exit_same_bar", Done, "ETHUSDT", 1),
    ("entry_usdc_margined", Unusable("symbol"), "ETHUSDT", 1),
    ("entry_token_with_quote", Unusable("column 34"), "ETHUSDT", 1),
    ("fallback_text_entry", Unusable("the token is missing"), "ETHUSDT", 1),
    ("fallback_text_dca", Unusable("the token is missing"), "ETHUSDT", 1),
    ("fallback_text_exit", Unusable("the token is missing"), "ETHUSDT", 1),
    ("fallback_text_dca_off", Unusable("the token is missing"), "SOLUSDT", 0),
    ("readme_exit_curl", Nothing, "BTCUSDT", 0),
    // The trade of the fourth message has the same two prices.
    ("readme_endpoint_example", Nothing, "ASTERUSDT", 2),
    // The trade of the fifteenth message still waits at other prices.
    ("test_script_entry", Refused, "ETHUSDT", 1),
];

#[test]
fn every_message_of_its_indicator_does_what_the_contract_says() {
    let rig = Rig::start(&[]);
    // So that every entry rests: longs below the market, shorts above.
    for (symbol, price) in [("ETHUSDT", "3050"), ("ASTERUSDT", "0.85"), ("SOLUSDT", "150"), ("LINKUSDT", "13.0"), ("XRPUSDT", "1.1")] {
        rig.exchange.price(symbol, price);
    }
    let payloads = payloads();
    assert_eq!(payloads.len(), EXPECTED.len());
    for (payload, (id, then, symbol, entries)) in payloads.iter().zip(EXPECTED) {
        assert_eq!(payload.id, id);
        let answer = rig.alert(&payload.raw);
        let found = match then {
            Unusable(what) => {
                let names_it = answer.text.contains(what);
                // The indicator's plain texts carry no token, so a text of theirs is a stranger's.
                let status = if id.starts_with("fallback_text") { 401 } else { 400 };
                assert!(answer.status == status && names_it, "{id}: {answer:?}");
                then
            }
            _ => {
                assert_eq!(answer.status, 200, "{id}: {answer:?}");
                match rig.verdict(answer.number().expect("a number")) {
                    Outcome::Done => Done,
                    Outcome::Nothing(_) => Nothing,
                    Outcome::Refused(_) => Refused,
                }
            }
        };
        assert_eq!(found, then, "{id}\n{}", rig.story());
        assert_eq!(rig.exchange.resting(symbol).entries, entries, "{id}\n{}", rig.story());
    }
    assert_eq!(rig.get("/health").status, 200);
}
