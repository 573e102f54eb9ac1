//! `ACCOUNTS_FILE` beside the other settings.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use super::*;

const MAIN: &str = r#"{"ACCOUNT_ID":"Main","EXCHANGE":"binance","API_KEY":"k1","SECRET_KEY":"s1"}"#;
const DEMO: &str = r#"{"ACCOUNT_ID":"demo","EXCHANGE":"binancedemo","API_KEY":"k2","SECRET_KEY":"s2","LEVERAGE":3}"#;
const PLAY: &str = r#"{"ACCOUNT_ID":"play","EXCHANGE":"paper"}"#;
const TOKEN_LINE: &str = "WEBHOOK_TOKEN=7d1c0a9be84f4f0b8b7d-tok\n";

fn with_accounts(env_file: &str, accounts: &[&str]) -> Sources {
    let text = format!("[{}]", accounts.join(",\n"));
    let mut sources = sources(&[], &format!("ACCOUNTS_FILE=accounts.json\n{env_file}"), &[]);
    sources.file = Box::new(move |path| {
        Ok((path == Path::new("accounts.json")).then(|| TextFile {
            path: "accounts.json".to_owned(),
            text: text.clone(),
            open_to_others: true,
        }))
    });
    sources
}

fn loaded(env_file: &str, accounts: &[&str]) -> Result<Config, Vec<String>> {
    load(&with_accounts(env_file, accounts), false).map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
}

fn names(config: &Config) -> Vec<&str> {
    config.accounts.iter().map(|account| account.name.as_str()).collect()
}

#[test]
fn the_accounts_of_both_places_count() {
    let config = loaded(&(keys() + "LEVERAGE=7\nMARGIN_MODE=cross\nORDER_TIMEOUT=50"), &[MAIN, DEMO]).unwrap();
    assert_eq!(names(&config), ["binance", "Main", "demo"]);
    let rules: Vec<_> = config.accounts.iter().map(|account| (account.rules.leverage, account.rules.margin_mode)).collect();
    assert_eq!(rules, [(7, Some(MarginMode::Cross)), (7, Some(MarginMode::Isolated)), (3, Some(MarginMode::Isolated))]);
    assert!(config.accounts.iter().all(|account| account.rules.order_timeout_ms == 50_000));
    let alone = loaded(TOKEN_LINE, &[MAIN]).unwrap();
    assert_eq!((names(&alone), alone.default_account()), (vec!["Main"], Some(0)), "no paper account comes along");
}

#[test]
fn the_most_real_account_makes_the_mode() {
    for (accounts, mode) in
        [(&[DEMO, PLAY, MAIN][..], Mode::Live), (&[PLAY, DEMO], Mode::Demo), (&[MAIN], Mode::Live), (&[PLAY], Mode::Paper)]
    {
        assert_eq!(loaded(TOKEN_LINE, accounts).unwrap().mode, mode);
    }
    assert_eq!(loaded("", &[PLAY]).unwrap().mode, Mode::Paper, "paper needs no token");
    assert!(loaded("", &[PLAY, DEMO]).unwrap_err()[0].starts_with("WEBHOOK_TOKEN: missing"));
}

#[test]
fn live_wants_one_account_that_is_not_paper() {
    let told = |accounts: &[&str]| load(&with_accounts(TOKEN_LINE, accounts), true).map(|_| ()).map_err(|told| told[0].to_string());
    assert_eq!(told(&[PLAY, DEMO]), Ok(()));
    assert_eq!(told(&[PLAY]), Err(".env:1: ACCOUNTS_FILE: every account is on paper: --live runs on no paper".to_owned()));
    assert_eq!(told(&[]), Err("accounts.json: no accounts found: the list is empty".to_owned()));
}

#[test]
fn the_default_account_is_one_of_them_in_any_case() {
    let config = loaded(&format!("{TOKEN_LINE}DEFAULT_ACCOUNT=MAIN"), &[DEMO, MAIN]).unwrap();
    assert_eq!((config.rules.default_account.as_deref(), config.default_account()), (Some("Main"), Some(1)));
    assert_eq!(loaded(TOKEN_LINE, &[DEMO, MAIN]).unwrap().default_account(), None);
    assert_eq!(
        loaded(&format!("{TOKEN_LINE}DEFAULT_ACCOUNT=other"), &[DEMO, MAIN]).unwrap_err(),
        [".env:3: DEFAULT_ACCOUNT: there is no such account; there are demo, Main"]
    );
    let broken = MAIN.replace("binance", "mtgox");
    let told = loaded(&format!("{TOKEN_LINE}DEFAULT_ACCOUNT=Main"), &[&broken]).unwrap_err();
    assert!(told.len() == 1 && told[0].contains("there is no such exchange"), "an account with a mistake may be the one: {told:?}");
}

#[test]
fn accounts_of_both_places_may_not_clash() {
    let twin = MAIN.replace("Main", "BINANCE");
    assert_eq!(
        loaded(&keys(), &[&twin]).unwrap_err(),
        ["accounts.json:1: account BINANCE: ACCOUNT_ID: this name is taken already (.env:2: upper and lower case are the same)"]
    );
    let same_key = MAIN.replace("k1", "kkkkkkkk1");
    assert_eq!(
        loaded(&keys(), &[PLAY, &same_key]).unwrap_err(),
        ["accounts.json:2: account Main: SETTLE_COIN: must differ from that of account binance: host and API key are the same"]
    );
    let other_coin = same_key.replace('}', r#","SETTLE_COIN":"USDC"}"#);
    assert!(loaded(&keys(), &[&other_coin]).is_ok());
    let own: Vec<String> = (0..ACCOUNTS_MAX).map(|at| PLAY.replace("play", &format!("p{at}"))).collect();
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    assert!(loaded("", &own).is_ok());
    assert!(loaded(&keys(), &own).unwrap_err()[0].contains("more than 64 accounts"));
}

#[test]
fn mistakes_of_settings_and_accounts_are_told_together() {
    let told = loaded("LEVERAGE=many\n", &[&MAIN.replace("k1", "your_api_key"), &DEMO.replace('3', "0")]).unwrap_err();
    for start in
        [".env:2: LEVERAGE:", "accounts.json:1: account Main: API_KEY:", "accounts.json:2: account demo: LEVERAGE:", "WEBHOOK_TOKEN:"]
    {
        assert!(told.iter().any(|mistake| mistake.starts_with(start)), "{start}\n{told:#?}");
    }
    assert_eq!(told.len(), 4, "{told:#?}");
}

#[test]
fn what_may_surprise_is_a_warning() {
    let warned = |env_file: &str, accounts: &[&str]| loaded(env_file, accounts).unwrap().warnings;
    let warnings = warned(&format!("{TOKEN_LINE}BINANCE_TESTNET=true\nMARGIN_MODE=cross"), &[MAIN]);
    for expected in [
        "accounts.json: holds secrets and can be read by every user of this machine (chmod o= accounts.json)",
        ".env:3: BINANCE_TESTNET: means nothing to the accounts of ACCOUNTS_FILE: each has its own there",
        ".env:4: MARGIN_MODE: means nothing to the accounts of ACCOUNTS_FILE: each has its own there",
    ] {
        assert!(warnings.iter().any(|warning| warning == expected), "{expected}\n{warnings:#?}");
    }
    assert_eq!(warned("", &[PLAY]), [""; 0]);
    let two = warned("", &[PLAY, &PLAY.replace("play", "game")]);
    assert_eq!(two, [".env:1: ACCOUNTS_FILE: POST /paper/price moves the prices of account play only"]);
}

#[test]
fn a_missing_file_is_begun_and_named() {
    let written: Rc<RefCell<Vec<String>>> = Rc::default();
    let seen = Rc::clone(&written);
    let mut missing = sources(&[("ACCOUNTS_FILE", "a/accounts.json")], &keys(), &[]);
    missing.write_template = Box::new(move |path, text| {
        seen.borrow_mut().push(format!("{} {text}", path.display()));
        Ok(())
    });
    let told = load(&missing, false).unwrap_err();
    assert_eq!(told[0].to_string(), "a/accounts.json: no accounts found: the file was missing; there is a template now, fill it in");
    assert!(told.len() == 1 && written.borrow()[0].starts_with("a/accounts.json [\n\t{\n"), "{told:?}");
    missing.write_template = Box::new(|_, _| Err(std::io::Error::other("read-only")));
    let told = load(&missing, false).unwrap_err();
    assert_eq!(told[0].to_string(), "a/accounts.json: no accounts found: the file is missing, and no template can be written: read-only");
    missing.file = Box::new(|_| Err(Mistake::at("a/accounts.json", 0, "", "cannot be opened: permission denied")));
    assert_eq!(load(&missing, false).unwrap_err()[0].to_string(), "a/accounts.json: cannot be opened: permission denied");
    assert_eq!(written.borrow().len(), 1);
}

#[test]
fn the_other_file_of_whook_is_told_of() {
    let with_neighbour = |text: &'static str| {
        let mut sources = with_accounts("", &[PLAY]);
        let accounts = sources.file;
        sources.file = Box::new(move |path| match path == Path::new("config.json") {
            true => Ok(Some(TextFile { path: "config.json".to_owned(), text: text.to_owned(), open_to_others: true })),
            false => accounts(path),
        });
        load(&sources, false).unwrap().warnings
    };
    let warnings = with_neighbour(r#"[{"ALERT_TIMEOUT": 60, "UPDATE_ORDERS_FREQUENCY": 0.2}]"#);
    assert!(warnings.len() == 1 && warnings[0].starts_with("config.json: not read; ALERT_TIMEOUT"), "{warnings:?}");
    assert_eq!(with_neighbour(r#"{"editor": true}"#), [""; 0]);
}
