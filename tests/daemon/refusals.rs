//! What the real program refuses: alerts that make no sense, a second start, starts that would be dangerous, a full disk.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "what is not as expected here has to end the test")]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::rig::exchange::dec;
use crate::rig::{self, Resting, Rig, TOKEN, entry, exit, http, within};
use crate::sim::SimConfig;

const BTC: &str = "BTCUSDT";
const LONG: [&str; 4] = ["49900", "49500", "49000", "50500"];

fn good() -> String {
    entry(BTC, "LONG", "primary_entry", LONG, 1)
}

fn with(from: &str, to: &str) -> String {
    let body = good();
    assert!(body.contains(from), "{from} is in {body}");
    body.replace(from, to)
}

/// Alerts that no sender means, the status of each, and what its answer names.
fn hostile() -> Vec<(String, u16, &'static str)> {
    let padded = |bytes: usize| with("{\"token\"", &format!("{{\"indicator\":\"{}\",\"token\"", "x".repeat(bytes)));
    let deep = with("{\"token\"", &format!("{{\"nested\":{}{},\"token\"", "[".repeat(5_000), "]".repeat(5_000)));
    vec![
        (String::new(), 400, "empty"),
        ("   \n\t ".to_owned(), 400, "empty"),
        ("not an alert".to_owned(), 401, "token"),
        (format!("token:{TOKEN} not an alert"), 400, "unknown"),
        ("[1]".to_owned(), 401, "token"),
        ("{".to_owned(), 400, "line"),
        (good().replace('}', ""), 400, "line"),
        (good() + "}", 400, "line"),
        (format!("{}{}", good(), good()), 400, "line"),
        (good().replace('"', "'"), 400, "line"),
        (deep, 400, "line"),
        ("{}".to_owned(), 401, "token"),
        (with(TOKEN, "wrong"), 401, "token"),
        (with(TOKEN, ""), 401, "token"),
        (with(&format!("\"{TOKEN}\""), "null"), 401, "token"),
        (with(TOKEN, &TOKEN[..TOKEN.len() - 1]), 401, "token"),
        (with(TOKEN, &TOKEN.to_lowercase()), 401, "token"),
        (with(TOKEN, &format!("{TOKEN} ")), 401, "token"),
        (with("\"ENTRY\"", "\"BUY\""), 400, "event"),
        (with("\"ENTRY\"", "null"), 400, "event"),
        (with("primary_entry", "third_entry"), 400, "order_subtype"),
        (with("\"LONG\"", "\"UP\""), 400, "signal_side"),
        (with("BTCUSDT.P", "NOSUCHUSDT.P"), 400, "symbol"),
        (with("BTCUSDT.P", "BTCUSD.P"), 400, "symbol"),
        (with("BTCUSDT.P", "../../etc/passwd"), 400, "symbol"),
        (with("BTCUSDT.P", ""), 400, "symbol"),
        (with("{\"token\"", "{\"account\":\"other\",\"token\""), 400, "account"),
        (with("49900", "null"), 400, "entry_price"),
        (with("49900", "0"), 400, "entry_price"),
        (with("49900", "-49900"), 400, "entry_price"),
        (with("49900", "\"NaN\""), 400, "entry_price"),
        (with("49900", "\"Infinity\""), 400, "entry_price"),
        (with("49900", "Infinity"), 400, "line"),
        (with("49900", "1e400"), 400, "entry_price"),
        (with("49900", "99999999999999999999999999999999"), 400, "entry_price"),
        (with("49900", "\"{{close}}\""), 400, "entry_price"),
        (with("49900", "\"49,900\""), 400, "entry_price"),
        (with("49500", "0.000000000000000000000000000000001"), 400, "second_entry_price"),
        (with("49900", "49400"), 400, "second_entry_price"),
        (with("49000", "49600"), 400, "stop_loss"),
        (with("50500", "49800"), 400, "take_profit"),
        (with("49000", "49900"), 400, "stop_loss"),
        (with("\"LONG\"", "\"SHORT\""), 400, "stop_loss"),
        // Valid in itself, but 200 USD buy less than one step at this price.
        (entry(BTC, "LONG", "primary_entry", ["900000", "", "800000", "950000"], 1), 400, "entry_price"),
        (padded(20_000), 413, "body"),
        (padded(2_000_000), 413, "body"),
    ]
}

#[test]
fn what_makes_no_sense_is_refused_and_nothing_is_sent() {
    let rig = Rig::start(&[]);
    rig.exchange.forget_requests();
    let hostile = hostile();
    assert!(hostile.len() >= 20);
    for (body, status, names) in &hostile {
        let shown = &body[..body.len().min(200)];
        let answer = rig.alert(body);
        assert_eq!(answer.status, *status, "{shown}: {answer:?}");
        assert_eq!(answer.json()["success"], false, "{shown}: {answer:?}");
        assert!(answer.text.contains(names), "{shown}: {names} is not in {answer:?}");
    }
    assert_eq!(rig.get("/health").status, 200);
    let asked: Vec<_> =
        rig.exchange.requests().into_iter().filter(|entry| entry.path != "/fapi/v1/ping" && entry.path != "/fapi/v1/time").collect();
    assert!(asked.is_empty(), "the exchange heard of it: {}", rig.exchange.story(20));
    rig.accepted(&good());
    rig.until_resting(BTC, Resting { entries: 2, ..Resting::default() });
}

#[test]
fn what_the_exchange_refuses_ends_with_its_reason() {
    let rig = Rig::start(&[]);
    // Far on the expensive side of the market.
    let number = rig.accepted(&entry(BTC, "LONG", "primary_entry", ["60000", "59000", "58000", "65000"], 1));
    match rig.verdict(number) {
        perphook::desk::Outcome::Refused(why) => assert!(why.contains("price"), "{why}"),
        other => panic!("{other:?}\n{}", rig.story()),
    }
    assert_eq!(rig.exchange.resting(BTC), Resting::default());
    assert!(rig.get("/health").json()["notices"].as_u64() > Some(0));
}

#[test]
fn a_second_start_on_the_same_directory_names_the_holder() {
    let rig = Rig::start(&[]);
    let (code, _, err) = rig.tell(&["run"]);
    assert_eq!(code, Some(69), "{err}");
    assert!(err.contains(&format!("process {}", rig.daemon().pid())), "{err}");
    assert_eq!(rig.get("/health").status, 200, "the first one does not mind");
    let (code, out, _) = rig.tell(&["status"]);
    assert_eq!((code, out.as_str()), (Some(0), "no open trade\n"), "looking is no second start");
}

#[test]
fn live_does_not_start_without_keys() {
    let mut rig = Rig::idle(SimConfig::default(), 0, &[("BINANCE_API_KEY", ""), ("BINANCE_API_SECRET", "")]);
    let (code, _, err) = rig.tell(&["run", "--live"]);
    assert_eq!(code, Some(78), "{err}");
    assert!(err.contains("BINANCE_API_KEY"), "{err}");
    assert!(!rig.state().exists(), "nothing was begun");
    rig.set("BINANCE_API_KEY", rig::KEY);
    assert_eq!(rig.tell(&["run"]).0, Some(78), "half of the keys is a mistake, not paper");
}

#[test]
fn paper_does_not_start_where_a_real_trade_is_open() {
    let mut rig = Rig::start(&[]);
    rig.accepted(&good());
    rig.until_resting(BTC, Resting { entries: 2, ..Resting::default() });
    rig.stop();
    let keys = rig.settings.clone();
    rig.set("BINANCE_API_KEY", "");
    rig.set("BINANCE_API_SECRET", "");
    let (code, _, err) = rig.tell(&["run"]);
    assert_eq!(code, Some(78), "{err}");
    assert!(err.contains("paper mode refuses to start") && err.contains(BTC), "{err}");
    rig.settings = keys;
    rig.run();
    rig.connected();
    rig.accepted(&exit(BTC, "LONG", 2));
    rig.until_resting(BTC, Resting::default());
}

#[test]
fn a_trade_of_other_keys_is_shown_and_never_touched() {
    let mut rig = Rig::start(&[]);
    rig.accepted(&good());
    rig.until_resting(BTC, Resting { entries: 2, ..Resting::default() });
    rig.stop();
    let other = rig::Exchange::start(SimConfig { key: rig::KEY.to_owned(), secret: rig::SECRET.to_owned(), ..SimConfig::default() }, 0);
    rig.set("BINANCE_BASE_URL", &other.url);
    rig.exchange.forget_requests();
    rig.run();
    rig.connected();
    rig.until_said("is not looked after");
    assert_eq!(rig.exchange.requests().len(), 0, "the old exchange is not spoken to");
    assert!(other.writes().is_empty(), "and nothing of it is sent to the new one");
}

#[test]
fn sigterm_ends_it_within_five_seconds_and_a_restart_carries_on() {
    let mut rig = Rig::with(SimConfig::default(), 150, &[]);
    rig.accepted(&good());
    rig.until_resting(BTC, Resting { entries: 2, ..Resting::default() });
    rig.exchange.price(BTC, "49900");
    rig.until("the stop is on its way", || rig.exchange.resting(BTC).stops == 1);
    let number = rig.accepted(&exit(BTC, "LONG", 2));
    let port = rig.daemon().port;
    rig.daemon().terminate();
    let mut refused = None;
    let gone = within(Duration::from_secs(5), || {
        match http::alert(port, &entry("ETHUSDT", "LONG", "primary_entry", ["2990", "2950", "2900", "3050"], 3)) {
            Ok(answer) if answer.status == 503 => refused = Some(answer),
            Ok(answer) => assert_eq!((answer.status, refused.is_some()), (200, false), "after the signal took hold: {answer:?}"),
            Err(_) => {}
        }
        rig.daemon_mut().ended().is_some()
    });
    assert!(gone, "it still runs after five seconds");
    if let Some(answer) = refused {
        assert_eq!(answer.header("retry-after").as_deref(), Some("5"), "{answer:?}");
    }
    rig.run();
    rig.until_resting(BTC, Resting::default());
    rig.verdict(number);
    let trade = rig.closed(1).remove(0);
    assert_eq!(trade["ending"], "exit", "{trade}");
}

/// A tiny file system, taken away at the end. `None` where that is not allowed.
struct TinyDisk(std::path::PathBuf);

impl TinyDisk {
    fn mount(at: &Path, size: &str) -> Option<TinyDisk> {
        std::fs::create_dir_all(at).expect("a directory");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size},mode=700"), "tmpfs"]).arg(at).output();
        mount.is_ok_and(|output| output.status.success()).then(|| TinyDisk(at.to_owned()))
    }

    /// Takes all space that is left.
    fn fill(&self) {
        use std::io::Write;
        let mut filler = std::fs::File::create(self.0.join("filler")).expect("a file");
        for size in [64 * 1024, 4096, 512] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).expect("the filler");
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_takes_no_alerts_but_open_trades_go_on() {
    let mut rig = Rig::idle(SimConfig::default(), 50, &[("DUPLICATE_WINDOW", "0")]);
    let Some(disk) = TinyDisk::mount(&rig.state(), "4m") else {
        eprintln!("SKIPPED: a file system cannot be mounted here (that takes root), so the full disk was not tried");
        return;
    };
    rig.run();
    rig.connected();
    rig.accepted(&good());
    rig.accepted(&entry("ETHUSDT", "LONG", "primary_entry", ["2990", "2950", "2900", "3050"], 1));
    rig.exchange.price(BTC, "49900");
    rig.until_resting(BTC, Resting { entries: 1, stops: 1, targets: 1, position: dec("0.004") });
    rig.accepted(&exit("ETHUSDT", "LONG", 1));
    disk.fill();

    // The segment begun has some room of its own; as long as that lasts alerts are taken, and truly kept.
    let alert = |bar| rig.alert(&entry("SOLUSDT", "LONG", "primary_entry", ["149", "148", "146", "155"], bar));
    let answer = (100..10_000).map(alert).find(|answer| answer.status != 200).expect("a refusal");
    assert!(answer.status == 503 && answer.error().contains("journal"), "{answer:?}");
    assert_eq!(answer.header("retry-after").as_deref(), Some("5"), "{answer:?}");
    let health = rig.get("/health");
    assert_eq!((health.status, &health.json()["status"]), (503, &"unhealthy".into()), "{health:?}");
    assert!(health.error().contains("journal"), "{health:?}");

    rig.until_resting("ETHUSDT", Resting::default());
    rig.exchange.price(BTC, "50500");
    rig.until_resting(BTC, Resting::default());
    rig.until("both trades are over", || {
        rig::audit::memory(&rig.journal()).trades.values().all(|trade| trade.symbol.as_str() == "SOLUSDT")
    });
    assert_eq!(rig.get("/health").status, 503, "the disk is still full");

    disk.free();
    rig.until("it heals by itself", || rig.get("/health").status == 200);
    let number = rig.accepted(&entry("XRPUSDT", "LONG", "primary_entry", ["1.98", "1.95", "1.9", "2.1"], 1));
    assert_eq!(rig.verdict(number), perphook::desk::Outcome::Done);
    rig.kill();
    rig.run();
    rig.connected();
    assert_eq!(rig.exchange.resting("XRPUSDT").entries, 2, "and what came after is kept");
    rig.kill();
}
