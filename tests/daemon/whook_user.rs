//! Somebody moves over from whook: the same accounts.json, the same alerts, the same questions.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "what is not as expected here has to end the test")]

use perphook::desk::Outcome;
use serde_json::json;

use crate::rig::exchange::dec;
use crate::rig::{Rig, TOKEN, http};
use crate::sim::SimConfig;

const ETH: &str = "ETHUSDT";
/// The members of a position in whook's answer.
const MEMBERS: [&str; 13] = [
    "breakEvenPrice",
    "contracts",
    "entryPrice",
    "leverage",
    "liquidationPrice",
    "marginMode",
    "pct",
    "positionMode",
    "realCost",
    "realizedPnl",
    "side",
    "symbol",
    "unrealizedPnl",
];

/// A user of whook whose accounts are at Binance; ether is cheap, so that its examples can be paid for.
fn moved_over() -> Rig {
    let mut rig = Rig::idle_accounts(&SimConfig::default(), 2, 0, &[]);
    let account = |number: usize, name: &str| {
        let mut account = rig.listed(number);
        account["ACCOUNT_ID"] = json!(name);
        account["PASSWORD"] = json!("");
        account["MARGIN_MODE"] = json!("isolated");
        account["SETTLE_COIN"] = json!("USDT");
        account
    };
    rig.list(&[account(1, "myKucoinA"), account(2, "blabla")]);
    rig.price(ETH, "300");
    rig.run();
    rig.connected();
    rig
}

#[test]
fn the_file_that_whook_begins_has_to_be_filled_in() {
    let mut rig = Rig::idle_accounts(&SimConfig::default(), 1, 0, &[]);
    let begun = "[\n\t{\n\t\t\"ACCOUNT_ID\":\"your_account_name\", \n\t\t\"EXCHANGE\":\"exchange_name\", \n\t\t\"API_KEY\":\"your_api_key\", \n\t\t\"SECRET_KEY\":\"your_secret_key\", \n\t\t\"PASSWORD\":\"your_API_key_password\",\n\t\t\"MARGIN_MODE\":\"isolated\"\n\t}\n]\n";
    rig.set("SERVICE_PORT", "");
    for (text, expected) in [
        (begun.to_owned(), vec!["accounts.json:4: account your_account_name: EXCHANGE"]),
        (begun.replace("exchange_name", "binance"), vec![]),
        (begun.replace("exchange_name", "Binance").replace("isolated", "cross"), vec![]),
    ] {
        std::fs::write(rig.home.path().join("accounts.json"), &text).expect("a file");
        for arguments in [&["run"][..], &["run", "--live"], &["check"]] {
            let (code, _, err) = rig.tell(arguments);
            assert_eq!(code, Some(78), "{arguments:?}: {err}");
            let placeholders =
                ["accounts.json:5: account your_account_name: API_KEY: still the placeholder", "SECRET_KEY: still the placeholder"];
            for words in placeholders.iter().chain(&expected) {
                assert!(err.contains(words), "{words}\n{err}");
            }
        }
        assert!(!rig.state().exists(), "nothing was begun");
    }
}

#[test]
fn the_alerts_of_its_readme_do_what_they_did() {
    let rig = moved_over();
    let post = |body: &str| {
        let answer = http::text(rig.daemon().port, &format!("/whook/{TOKEN}"), "", body).expect("an answer");
        assert_eq!(answer.status, 200, "{answer:?} to {body}");
        assert_eq!(rig.verdict(answer.number().expect("a number")), Outcome::Done, "{body}\n{}", rig.story());
    };
    let names = || rig.exchange.open_names(ETH);
    for (body, held) in [
        ("myKucoinA ETH/USDT buy 300$ x3", "3"),
        ("ETH/USDT position -50 x3 myKucoinA", "-50"),
        // 16.665 of 50.
        ("myKucoinA ETH/USDT close 33.33%", "-33.335"),
        ("myKucoinA ETH/USDT buy 10 limit:myid002:290", "-33.335"),
    ] {
        post(body);
        assert_eq!(rig.exchange.net(ETH), dec(held), "{body}\n{}", rig.story());
    }
    assert_eq!(names(), ["myid002"]);
    post("myKucoinA ETH/USDT cancel:myid002");
    assert_eq!(names(), [""; 0]);
    post("myKucoinA ETH/USDT buy 10 limit:myid003:290");
    post("myKucoinA ETH/USDT sell 10 x3 limit:myid004:310");
    assert_eq!(names(), ["myid003", "myid004"]);
    post("myKucoinA ETH/USDT cancel:all");
    assert_eq!(names(), [""; 0]);
    post("myKucoinA ETH/USDT close");
    assert!(rig.exchange.net(ETH).is_zero());
    assert!(rig.account(2).writes().is_empty(), "the other account was asked for nothing");
    rig.as_asked(&[]).expect("nothing else was traded");
}

#[test]
fn its_questions_have_its_answers_but_only_for_who_knows_the_token() {
    let rig = moved_over();
    rig.verdict(rig.ordered("ETH/USDT position -10 x3 myKucoinA"));
    let hello = rig.get("/whook?response=whook");
    assert_eq!((hello.status, hello.text.as_str()), (200, "WHOOKITYWOOK"));
    for query in ["allaccounts", "AllAccounts", "myKucoinA", "nobody"] {
        assert_eq!(rig.get(&format!("/whook?response={query}")).status, 401, "{query}");
        assert_eq!(rig.get(&format!("/whook/{TOKEN}x?response={query}")).status, 401, "{query}");
    }
    let ask = |query: &str| {
        let answer = rig.get(&format!("/whook/{TOKEN}?response={query}"));
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        answer.json()["allaccounts"].clone()
    };
    let all = ask("allaccounts");
    let accounts: Vec<&String> = all.as_object().expect("accounts by name").keys().collect();
    assert_eq!(accounts, ["blabla", "myKucoinA"]);
    assert_eq!(all["blabla"], json!({"balance": all["blabla"]["balance"], "positions": []}));
    assert!(all["blabla"]["balance"].is_number() && all["myKucoinA"]["balance"].is_number(), "{all}");
    let position = &all["myKucoinA"]["positions"][0];
    let mut members: Vec<&String> = position.as_object().expect("a position").keys().collect();
    members.sort();
    assert_eq!(members, MEMBERS, "{position}");
    let words = ["symbol", "side", "positionMode", "marginMode"].map(|name| position[name].as_str().unwrap_or_default());
    assert_eq!(words, ["ETH/USDT:USDT", "short", "oneway", "isolated"]);
    assert!(
        MEMBERS.iter().all(|name| words.contains(&position[*name].as_str().unwrap_or("ETH/USDT:USDT"))),
        "the others are numbers: {position}"
    );
    let number = |name: &str| position[name].as_f64().map(|number| number.round());
    assert_eq!(
        ["leverage", "contracts", "entryPrice", "realCost"].map(number),
        [Some(3.0), Some(10.0), Some(300.0), Some(1000.0)],
        "{position}"
    );
    let one = ask("MYKUCOINA");
    assert_eq!(one.as_object().map(serde_json::Map::len), Some(1), "{one}");
    assert_eq!(one["myKucoinA"]["positions"][0]["contracts"], position["contracts"]);
    assert_eq!(rig.get(&format!("/whook/{TOKEN}?response=nobody")).status, 404);
}
