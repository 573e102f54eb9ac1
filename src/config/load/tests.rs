use std::collections::HashMap;

use super::super::sources::TextFile;
use super::*;
use crate::market::{Decimal, MarginMode, TriggerBy};

mod several;

const REAL_TOKEN: &str = "7d1c0a9be84f4f0b8b7d-tok";

/// Sources made of maps: environment, the text of `.env`, and credentials.
fn sources(environment: &[(&str, &str)], env_file: &str, credentials: &[(&str, &str)]) -> Sources {
    let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect::<HashMap<_, _>>();
    let (environment, credentials) = (map(environment), map(credentials));
    let file = |path: &str, text: &str| TextFile { path: path.to_owned(), text: text.to_owned(), open_to_others: path == ".env" };
    Sources {
        environment: Box::new(move |name| environment.get(name).cloned()),
        env_file: Ok((!env_file.is_empty()).then(|| file(".env", env_file))),
        credential: Box::new(move |name| Ok(credentials.get(name).map(|text| file(&format!("/run/credentials/{name}"), text)))),
        file: Box::new(|_| Ok(None)),
        write_template: Box::new(|_, _| Ok(())),
    }
}

fn from_file(text: &str) -> Result<Config, Vec<String>> {
    load(&sources(&[], text, &[]), false).map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
}

fn mistakes(text: &str) -> Vec<String> {
    from_file(text).unwrap_err()
}

fn keys() -> String {
    format!("BINANCE_API_KEY=kkkkkkkk1\nBINANCE_API_SECRET=ssssssss1\nWEBHOOK_TOKEN={REAL_TOKEN}\n")
}

#[test]
fn nothing_at_all_is_paper_with_the_defaults() {
    let config = load(&sources(&[], "", &[]), false).unwrap();
    assert_eq!((config.mode, config.accounts[0].venue, config.accounts[0].name.as_str()), (Mode::Paper, Venue::Paper, "paper"));
    assert_eq!((config.host.to_string().as_str(), config.port), ("127.0.0.1", 5000));
    assert_eq!(config.state_directory.to_str(), Some("./state"));
    assert_eq!(config.rules, crate::desk::Rules::default());
    assert_eq!(config.accounts[0].rules, crate::desk::AccountRules::default());
    assert!(config.token.is_none() && config.warnings.is_empty());
}

#[test]
fn the_predecessors_file_works_unchanged() {
    let text = format!(
        "# Binance\nexport {}BINANCE_TESTNET=False\nSERVICE_PORT=5001\nLOG_LEVEL=INFO\nLOG_FILE=logs/webhook.log\nENTRY_SIZE_USD=12.5\nLEVERAGE=\"10\"\nSLACK_WEBHOOK_URL=https://hooks.example/secret-path\nFLASK_ENV=production\n",
        keys()
    );
    let config = from_file(&text).unwrap();
    assert_eq!((config.mode, config.port), (Mode::Live, 5001));
    let account = &config.accounts[0];
    assert_eq!((account.name.as_str(), account.key.expose(), account.secret.expose()), ("binance", "kkkkkkkk1", "ssssssss1"));
    assert_eq!((account.rules.entry_size_usd, account.rules.leverage), (Decimal::new(125, 1), 10));
    assert!(config.token.as_ref().unwrap().matches(REAL_TOKEN));
    assert_eq!(config.warnings.len(), 3, "{:?}", config.warnings);
    assert!(config.warnings[0].starts_with(".env:11: SLACK_WEBHOOK_URL: not read; notices"));
    assert!(config.warnings[1].contains("FLASK_ENV") && config.warnings[1].contains("SERVICE_PORT"));
    assert!(config.warnings[2].starts_with(".env: holds secrets and can be read by every user"));
    assert!(!format!("{config:?}").contains("ssssssss1") && !config.warnings.concat().contains("secret-path"));
}

#[test]
fn a_file_only_its_owner_can_read_is_no_warning() {
    let mut private = sources(&[], &keys(), &[]);
    if let Ok(Some(file)) = &mut private.env_file {
        file.open_to_others = false;
    }
    assert_eq!(load(&private, false).unwrap().warnings, Vec::<String>::new());
    assert!(from_file("LEVERAGE=5").unwrap().warnings.is_empty(), "no secret in it: anybody may read it");
}

#[test]
fn environment_beats_file_beats_credentials() {
    let credentials = [("LEVERAGE", "3\n"), ("WEBHOOK_TOKEN", "  0123456789abcdef\n"), ("TOTAL_ENTRIES", "1")];
    let config = load(
        &sources(&[("LEVERAGE", "1"), ("HOME", "/x"), ("SERVICE_PORT", " ")], "LEVERAGE=2\nTOTAL_ENTRIES=\nSERVICE_PORT=81", &credentials),
        false,
    )
    .unwrap();
    assert_eq!((config.accounts[0].rules.leverage, config.accounts[0].rules.total_entries, config.port), (1, 1, 81));
    assert!(config.token.unwrap().matches("0123456789abcdef"));
}

#[test]
fn every_mistake_is_reported_at_once_with_its_place() {
    let text = "LEVERAGE=many\nBINANCE_API_KEY=hunter2 hunter2\nLEVRAGE=5\nEXIT_COOLDOWN=-1\nnonsense\nTRIGGER_BY=index\nDUPLICATE_WINDOW=ever\nDEFAULT_ACCOUNT=main\nBINANCE_BASE_URL=https://x/y";
    let told = mistakes(text);
    for expected in [
        ".env:5: a line is NAME=value, a comment or blank",
        ".env:3: LEVRAGE: no such setting (perphook --help lists them)",
        ".env:2: BINANCE_API_KEY: contains a blank or another character that no key has",
        ".env:9: BINANCE_BASE_URL: http://host[:port] or https://host[:port] is needed, without a path",
        ".env:1: LEVERAGE: a whole number from 1 to 200 is needed",
        ".env:6: TRIGGER_BY: one of mark, last is needed",
        ".env:4: EXIT_COOLDOWN: seconds from 0 to 86400 are needed",
        ".env:7: DUPLICATE_WINDOW: seconds from 0 to 86400 are needed",
        "BINANCE_API_SECRET: missing, although BINANCE_API_KEY is given",
        ".env:8: DEFAULT_ACCOUNT: the only account is paper",
    ] {
        assert!(told.iter().any(|mistake| mistake == expected), "{expected}\n{told:#?}");
    }
    assert_eq!(told.len(), 10, "{told:#?}");
    assert!(!told.concat().contains("hunter2"));
    let from_environment = load(&sources(&[("LEVERAGE", "0")], "", &[]), false).unwrap_err();
    assert_eq!(from_environment[0].to_string(), "environment: LEVERAGE: a whole number from 1 to 200 is needed");
}

#[test]
fn where_orders_go_out_the_token_must_be_a_real_one() {
    for (token, reason) in [
        ("", "WEBHOOK_TOKEN: missing"),
        ("WEBHOOK_TOKEN=CHANGE_ME", ".env:3: WEBHOOK_TOKEN: still the placeholder"),
        ("WEBHOOK_TOKEN=your_webhook_token", ".env:3: WEBHOOK_TOKEN: still the placeholder"),
        ("WEBHOOK_TOKEN=fifteen-letters", ".env:3: WEBHOOK_TOKEN: shorter than 16 characters"),
    ] {
        let told = mistakes(&format!("BINANCE_API_KEY=k1\nBINANCE_API_SECRET=s1\n{token}"));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with(reason), "{told:?}");
        let on_paper = from_file(token).unwrap();
        assert_eq!(on_paper.warnings.iter().any(|warning| warning.contains("WEBHOOK_TOKEN")), !token.is_empty());
    }
    assert!(from_file(&keys().replace(REAL_TOKEN, "'quote\"in-the-middle'")).unwrap().warnings.concat().contains("unreadable"));
}

#[test]
fn keys_make_the_mode() {
    let demo = from_file(&(keys() + "BINANCE_TESTNET=true\nDEFAULT_ACCOUNT=BinanceDemo\nSERVICE_HOST=0.0.0.0")).unwrap();
    assert_eq!((demo.mode, demo.accounts[0].venue), (Mode::Demo, Venue::BinanceDemo));
    assert!(demo.warnings.iter().any(|warning| warning.contains("SERVICE_HOST")));
    assert_eq!(mistakes("BINANCE_API_SECRET=s1"), ["BINANCE_API_KEY: missing, although BINANCE_API_SECRET is given"]);
    let told = mistakes(&keys().replace("kkkkkkkk1", "your_binance_api_key"));
    assert!(told.len() == 1 && told[0].starts_with(".env:1: BINANCE_API_KEY: still the placeholder"), "{told:?}");
    let refused = load(&sources(&[], "", &[]), true).unwrap_err();
    assert_eq!(refused[0].to_string(), "BINANCE_API_KEY: missing: --live runs on no paper");
    assert!(load(&sources(&[], &keys(), &[]), true).is_ok());
}

#[test]
fn rules_reach_the_desk() {
    let text = "MARGIN_MODE=Isolated\nTRIGGER_BY=last\nPROTECT_TIMEOUT=2.5\nCLOSE_IF_UNPROTECTED=no\nDUPLICATE_WINDOW=0\nENTRY_TIMEOUT=3600\nALERT_TIMEOUT=60\nORDER_TIMEOUT=90\nTRADE_CAPACITY=8\nQUEUE_CAPACITY=16\nEXIT_COOLDOWN=1";
    let config = from_file(text).unwrap();
    let account = &config.accounts[0].rules;
    assert_eq!((account.margin_mode, account.alert_timeout_ms, account.order_timeout_ms), (Some(MarginMode::Isolated), 60_000, 90_000));
    let rules = crate::desk::Rules {
        entry_timeout_ms: 3_600_000,
        exit_cooldown_ms: 1000,
        duplicate_window_ms: 0,
        trigger_by: TriggerBy::Last,
        protect_timeout_ms: 2500,
        close_if_unprotected: false,
        trade_capacity: 8,
        queue_capacity: 16,
        default_account: None,
    };
    assert_eq!(config.rules, rules);
}

#[test]
fn a_file_that_cannot_be_read_is_a_mistake() {
    let mut broken = sources(&[], "", &[]);
    broken.env_file = Err(Mistake::at(".env", 0, "", "cannot be opened: permission denied"));
    broken.credential = Box::new(|name| match name {
        "WEBHOOK_TOKEN" => Err(Mistake::at("/run/c/WEBHOOK_TOKEN", 0, "", "cannot be read: is a directory")),
        _ => Ok(None),
    });
    let told: Vec<_> = load(&broken, false).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(told, [".env: cannot be opened: permission denied", "/run/c/WEBHOOK_TOKEN: WEBHOOK_TOKEN: cannot be read: is a directory"]);
}
