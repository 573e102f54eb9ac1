//! Several accounts with the real program: the file's template, its mistakes, `check`, and that an alert reaches its account alone.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, reason = "what is not as expected here has to end the test")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use perphook::config::{self, Sources, TextFile};

use crate::rig::{self, Home, KEY, Resting, Rig, SECRET, TOKEN, entry, http};
use crate::sim::SimConfig;

const BTC: &str = "BTCUSDT";
const LONG: [&str; 4] = ["49900", "49500", "49000", "50500"];

/// Runs the program in a directory with these settings and nothing else.
fn run(home: &Home, arguments: &[&str], settings: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perphook"));
    command.args(arguments).current_dir(home.path()).env_clear().envs(settings.iter().copied()).stdin(Stdio::null());
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_missing_file_is_begun_with_a_template_that_must_be_filled_in() {
    let home = Home::new();
    let settings = [("ACCOUNTS_FILE", "accounts.json"), ("WEBHOOK_TOKEN", TOKEN)];
    let (code, out, err) = run(&home, &["run", "--live"], &settings);
    assert_eq!((code, out.as_str()), (Some(78), ""));
    assert_eq!(err, "accounts.json: no accounts found: the file was missing; there is a template now, fill it in\n");
    let file = home.path().join("accounts.json");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let template = fs::read_to_string(&file).unwrap();
    let accounts: serde_json::Value = serde_json::from_str(&template).unwrap();
    let mut keys: Vec<_> = accounts[0].as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["ACCOUNT_ID", "API_KEY", "EXCHANGE", "MARGIN_MODE", "PASSWORD", "SECRET_KEY"]);
    let (code, _, err) = run(&home, &["run"], &settings);
    assert_eq!(code, Some(78));
    assert!(err.contains("accounts.json:5: account your_account_name: API_KEY: still the placeholder"), "{err}");
    assert_eq!(fs::read_to_string(&file).unwrap(), template, "what is there is left alone");
    assert!(!home.path().join("state").exists(), "nothing was begun");
}

#[test]
fn a_template_that_cannot_be_written_is_no_surprise() {
    let home = Home::new();
    let (code, _, err) = run(&home, &["check"], &[("ACCOUNTS_FILE", "no/such/directory/accounts.json")]);
    assert_eq!(code, Some(78));
    assert!(err.starts_with("no/such/directory/accounts.json: no accounts found: the file is missing, and no template"), "{err}");
}

#[test]
fn check_tells_of_every_account_and_of_every_mistake() {
    let home = Home::new();
    let settings = [("ACCOUNTS_FILE", "accounts.json"), ("WEBHOOK_TOKEN", TOKEN)];
    let good = format!(
        r#"[{{"ACCOUNT_ID":"Main","EXCHANGE":"binance","API_KEY":"{KEY}","SECRET_KEY":"{SECRET}","LEVERAGE":5}},
           {{"ACCOUNT_ID":"demo","EXCHANGE":"binancedemo","API_KEY":"{KEY}","SECRET_KEY":"{SECRET}","MARGIN_MODE":"cross"}}]"#
    );
    let file = home.path().join("accounts.json");
    fs::write(&file, &good).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let (code, out, err) = run(&home, &["check"], &settings);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    for expected in [
        "mode       live",
        "account    Main (binance): key and secret set; 10 USDT × 5 an entry, up to two entries, isolated margin",
        "account    demo (binancedemo): key and secret set; 10 USDT × 20 an entry, up to two entries, cross margin",
        "default    none",
        "warning    accounts.json: holds secrets and can be read by every user",
    ] {
        assert!(out.contains(expected), "{expected}\n{out}");
    }
    fs::write(&file, good.replace(":5}", ":0}").replace("binancedemo", "mtgox")).unwrap();
    let (code, _, err) = run(&home, &["check"], &settings);
    assert_eq!(code, Some(78));
    let lines: Vec<_> = err.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with("accounts.json:1: account Main: LEVERAGE: "), "{err}");
    assert!(lines[1].starts_with("accounts.json:2: account demo: EXCHANGE: there is no such exchange"), "{err}");
    assert!([KEY, SECRET, TOKEN].iter().all(|secret| !err.contains(secret) && !out.contains(secret)));
}

#[test]
fn an_alert_reaches_the_account_it_names_and_no_other() {
    let mut rig =
        Rig::idle(SimConfig::default(), 0, &[("ACCOUNTS_FILE", "accounts.json"), ("BINANCE_API_KEY", ""), ("BINANCE_API_SECRET", "")]);
    let accounts = format!(
        r#"[{{"ACCOUNT_ID":"play","EXCHANGE":"paper"}}, {{"ACCOUNT_ID":"toy","EXCHANGE":"paper"}},
           {{"ACCOUNT_ID":"Real","EXCHANGE":"binance","API_KEY":"{KEY}","SECRET_KEY":"{SECRET}","BASE_URL":"{}"}}]"#,
        rig.exchange.url
    );
    fs::write(rig.home.path().join("accounts.json"), accounts).unwrap();
    rig.run();
    rig.connected();
    rig.until_said("mode=live");
    rig.until_said("accounts=play (paper),toy (paper),Real (binance)");
    let to = |account: &str, bar| entry(BTC, "LONG", "primary_entry", LONG, bar).replacen('{', &format!("{{\"account\":\"{account}\","), 1);
    let nobodys = rig.alert(&entry(BTC, "LONG", "primary_entry", LONG, 1));
    assert!(nobodys.status == 400 && nobodys.error().contains("name one of the accounts (play, toy, Real)"), "{nobodys:?}");
    let toys = rig.accepted(&to("TOY", 2));
    rig.until("a book of its own", || rig.state().join("paper-toy.json").exists());
    rig.until_said("account=toy symbol=BTCUSDT");
    rig.verdict(toys);
    assert!(rig.exchange.writes().is_empty(), "{}", rig.story());
    rig.accepted(&to("real", 3));
    rig.until_resting(BTC, Resting { entries: 2, ..Resting::default() });
    assert!(!rig.state().join("paper-play.json").exists(), "nobody traded there");
    rig.stop();
    rig.set("DEFAULT_ACCOUNT", "REAL");
    rig.run();
    rig.connected();
    rig.accepted(&rig::exit(BTC, "LONG", 4));
    rig.until_resting(BTC, Resting::default());
    let price = http::post(rig.daemon().port, "/paper/price", "", r#"{"symbol":"BTCUSDT","price":50500}"#).unwrap();
    assert_eq!(price.status, 404, "prices are not moved by hand beside real money");
}

#[test]
fn the_first_alert_on_paper_names_its_account() {
    let mut rig =
        Rig::idle(SimConfig::default(), 0, &[("ACCOUNTS_FILE", "accounts.json"), ("BINANCE_API_KEY", ""), ("BINANCE_API_SECRET", "")]);
    let accounts = r#"[{"ACCOUNT_ID":"play","EXCHANGE":"paper"}, {"ACCOUNT_ID":"toy","EXCHANGE":"paper"}]"#;
    fs::write(rig.home.path().join("accounts.json"), accounts).unwrap();
    rig.run();
    rig.connected();
    rig.until_said("mode=paper");
    rig.until_said("moves the prices of account play only");
    rig.until_said(r#"-d '{"token":"YOUR_WEBHOOK_TOKEN","account":"play","event":"ENTRY""#);
    let price = format!(r#"{{"token":"{TOKEN}","symbol":"BTCUSDT","price":50500}}"#);
    assert_eq!(http::post(rig.daemon().port, "/paper/price", "", &price).unwrap().status, 200);
}

#[test]
fn the_text_language_is_told_of_names_coins_and_the_default() {
    let roster = |default: &str, accounts: &'static str| {
        let file = TextFile { path: ".env".to_owned(), text: format!("ACCOUNTS_FILE=a\n{default}"), open_to_others: false };
        let sources = Sources {
            environment: Box::new(|_| None),
            env_file: Ok(Some(file)),
            credential: Box::new(|_| Ok(None)),
            file: Box::new(|path| {
                Ok(Some(TextFile { path: path.display().to_string(), text: accounts.to_owned(), open_to_others: false }))
            }),
            write_template: Box::new(|_, _| Ok(())),
        };
        let roster = perphook::daemon::roster(&config::load(&sources, false).unwrap());
        (roster.accounts, roster.default)
    };
    const TWO: &str = r#"[{"ACCOUNT_ID":"a","EXCHANGE":"paper"},{"ACCOUNT_ID":"B","EXCHANGE":"paper","SETTLE_COIN":"usdt"}]"#;
    let both = vec![("a".to_owned(), "USDT".to_owned()), ("B".to_owned(), "USDT".to_owned())];
    assert_eq!(roster("", TWO), (both.clone(), None));
    assert_eq!(roster("DEFAULT_ACCOUNT=b", TWO), (both, Some(1)));
    assert_eq!(roster("", r#"[{"ACCOUNT_ID":"a","EXCHANGE":"paper"}]"#), (vec![("a".to_owned(), "USDT".to_owned())], Some(0)));
}
