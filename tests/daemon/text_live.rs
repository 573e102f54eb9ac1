//! Text alerts through the real program: every command, every way in, every trouble of an exchange, and many accounts at once.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "what is not as expected here has to end the test")]

use std::net::TcpListener;

use perphook::desk::Outcome;
use perphook::market::{Decimal, Leg, Symbol};
use serde_json::{Value, json};

use crate::rig::asked::in_their_order;
use crate::rig::exchange::dec;
use crate::rig::{Answer, Rig, TOKEN, http};
use crate::sim::SimConfig;
use crate::sim::faults::{Class, Conditions, Fault, Faults, Rule};
use crate::sim::log::Entry;

const ETH: &str = "ETHUSDT";
const BTC: &str = "BTCUSDT";

fn one() -> Rig {
    Rig::with_accounts(&SimConfig::default(), 1, 0, &[])
}

/// Carries out a line and checks what is held afterwards.
fn leads_to(rig: &Rig, line: &str, held: &str) {
    let number = rig.ordered(line);
    assert_eq!(rig.verdict(number), Outcome::Done, "{line}\n{}", rig.story());
    assert_eq!(rig.exchange.net(ETH), dec(held), "{line}\n{}", rig.story());
}

fn leverage(rig: &Rig) -> u32 {
    rig.exchange.with(|sim, _| sim.book.market(&Symbol::new(ETH)).expect("a market").leverage)
}

#[test]
fn every_command_does_what_it_says() {
    let rig = one();
    for (line, held) in [
        ("a1 ETHUSDT buy 0.1 x5", "0.1"),
        ("eth/usdt A1 LONG 0.1 nominal", "0.2"),
        ("sell ETHUSDT.P 0.05 a1", "0.15"),
        ("a1 ETH/USDT:USDT sell 0.5 reduce", "0"),
        ("a1 ETHUSDT short 0.1", "-0.1"),
        ("a1 ETHUSDT pos 0.2", "0.2"),
        ("a1 ETHUSDT position -0.2 x4", "-0.2"),
        ("a1 ETHUSDT close 50%", "-0.1"),
        ("a1 ETHUSDT buy 0.3 reduceonly", "0"),
        ("a1 ETHUSDT buy 300$ x3", "0.3"),
        ("a1 ETHUSDT close", "0"),
        ("a1 ETHUSDT buy $300 nominal", "0.1"),
        ("a1 ETHUSDT buy 0.1@", "0.2"),
        ("a1 ETHUSDT buy 0.01 collateral 10x", "0.3"),
        ("a1 ETHUSDT pos 0", "0"),
        ("a1 ETHUSDT sell 300 force_usdt bclock", "-0.1"),
        ("a1 ETHUSDT sell 0.1 force_basecurrency", "-0.2"),
        ("a1 ETHUSDT pos -0", "0"),
    ] {
        leads_to(&rig, line, held);
    }
    leads_to(&rig, "a1 ETHUSDT buy 0.1 x5", "0.1");
    leads_to(&rig, "a1 ETHUSDT changeleverage 7", "0.1");
    assert_eq!(leverage(&rig), 7);
    leads_to(&rig, "a1 ETHUSDT close", "0");
    leads_to(&rig, "a1 ETHUSDT sell 0.1 xmax", "-0.1");
    assert_eq!(leverage(&rig), 125);
    leads_to(&rig, "a1 ETHUSDT close", "0");
    for line in ["a1 ETHUSDT buy %3 x2", "a1 ETHUSDT sell 3 force_percent x2"] {
        let number = rig.ordered(line);
        assert_eq!(rig.verdict(number), Outcome::Done, "{line}");
        let held = rig.exchange.net(ETH).abs();
        // 3 % of ten thousand less what the fees took, twice, at 3000.
        assert!((dec("0.198")..=dec("0.2")).contains(&held), "{line}: {held}");
        leads_to(&rig, "a1 ETHUSDT close", "0");
    }
    let idle = rig.ordered("a1 ETHUSDT close");
    assert!(matches!(rig.verdict(idle), Outcome::Nothing(_)));
    assert_eq!(rig.exchange.open_names(ETH), [""; 0]);
    rig.as_asked(&[]).expect("nothing else was traded");
}

#[test]
fn limit_orders_rest_under_the_names_they_were_given() {
    let rig = one();
    let done = |line: &str| assert_eq!(rig.verdict(rig.ordered(line)), Outcome::Done, "{line}\n{}", rig.story());
    done("a1 ETHUSDT buy 0.1 limit:first:2900");
    done("a1 ETHUSDT sell 0.1 limit:second:3100");
    done("a1 ETHUSDT buy 0.1 x5 limit:third:2800 sl:2700");
    let taken = rig.ordered("a1 ETHUSDT buy 0.2 limit:first:2850");
    assert!(matches!(rig.verdict(taken), Outcome::Refused(why) if why.contains("name")), "{}", rig.story());
    assert_eq!(rig.exchange.open_names(ETH), ["first", "second", "third"]);
    done("a1 ETHUSDT cancel:first");
    assert_eq!(rig.exchange.open_names(ETH), ["second", "third"]);
    let gone = rig.ordered("a1 ETHUSDT cancel:first");
    assert!(matches!(rig.verdict(gone), Outcome::Nothing(_)));
    rig.price(ETH, "2800");
    rig.until("the stop of the limit order rests", || rig.exchange.open_ids(Leg::Stop).len() == 1);
    assert_eq!(rig.exchange.net(ETH), dec("0.1"));
    done("a1 ETHUSDT cancel:all");
    assert_eq!(rig.exchange.open_names(ETH), rig.exchange.open_ids(Leg::Stop), "the protection stays, and only that");
    done("a1 ETHUSDT close");
    rig.until("nothing rests", || rig.exchange.open_names(ETH).is_empty());
    rig.as_asked(&["third".to_owned()]).expect("nothing else was traded");
}

#[test]
fn a_stop_and_a_target_guard_the_position_until_it_is_flat() {
    let rig = one();
    let guards = || (rig.exchange.open_ids(Leg::Stop).len(), rig.exchange.open_ids(Leg::Target).len());
    let stop_price = || {
        rig.exchange.with(|sim, _| sim.book.open_conditionals().iter().find(|order| order.is_waiting()).map(|order| order.trigger_price))
    };
    leads_to(&rig, "a1 ETHUSDT buy 0.1 x5 sl:2900", "0.1");
    rig.until("a stop rests", || guards() == (1, 0));
    leads_to(&rig, "a1 ETHUSDT buy 0.1 sl:2950", "0.2");
    rig.until("the later stop is the one", || guards() == (1, 0) && stop_price() == Some(dec("2950")));
    leads_to(&rig, "a1 ETHUSDT pos 0.2 tp:3100", "0.2");
    rig.until("a target beside it", || guards() == (1, 1));
    leads_to(&rig, "a1 ETHUSDT sell 0.3 sl:3100", "-0.1");
    rig.until("one stop for the short, none for the long", || guards() == (1, 0) && stop_price() == Some(dec("3100")));
    rig.price(ETH, "3100");
    rig.until("stopped out", || rig.exchange.net(ETH).is_zero() && rig.exchange.open_names(ETH).is_empty());
    rig.as_asked(&[]).expect("nothing else was traded");
}

#[test]
fn the_token_may_stand_in_the_path_in_a_header_or_in_the_text() {
    let rig = one();
    let port = rig.daemon().port;
    let post = |path: &str, headers: &str, body: &str| http::text(port, path, headers, body).expect("an answer");
    let header = format!("X-Webhook-Token: {TOKEN}\r\n");
    let right = [
        post(&format!("/whook/{TOKEN}"), "", "a1 ETHUSDT buy 0.1"),
        post(&format!("/webhook/{TOKEN}"), "", "a1 ETHUSDT buy 0.1"),
        post("/whook", &header, "a1 ETHUSDT buy 0.1"),
        post("/whook", "", &format!("token:{TOKEN} a1 ETHUSDT buy 0.1")),
        post("/webhook", "", &format!("a1 ETHUSDT buy 0.1 TOKEN:{TOKEN}")),
        http::post(port, "/whook", "", &format!("a1 ETHUSDT token:{TOKEN} buy 0.1")).expect("an answer"),
    ];
    for answer in &right {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(rig.verdict(answer.number().expect("a number")), Outcome::Done);
    }
    assert_eq!(rig.exchange.net(ETH), dec("0.6"));
    let wrong = [
        post("/whook", "", "a1 ETHUSDT buy 0.1"),
        post(&format!("/whook/{TOKEN}x"), "", "a1 ETHUSDT buy 0.1"),
        post("/whook", "", "a1 ETHUSDT buy 0.1 token:something-else-altogether"),
        post("/whook", "", &format!("// token:{TOKEN}\na1 ETHUSDT buy 0.1")),
    ];
    assert!(wrong.iter().all(|answer| answer.status == 401), "{wrong:?}");
    assert_eq!(rig.exchange.net(ETH), dec("0.6"));
}

#[test]
fn every_line_has_its_own_verdict() {
    let rig = Rig::with_accounts(&SimConfig::default(), 2, 0, &[]);
    let body =
        "// the morning's orders\na1 ETHUSDT buy 0.1\r\n\na2 ETHUSDT sell 0.2\na1 ETHUSDT buy\n a3 ETHUSDT buy 1\na2 NOSUCHUSDT buy 1\n";
    let answer = rig.text(body);
    assert_eq!(answer.status, 200, "{answer:?}");
    let lines = answer.json()["lines"].clone();
    let told: Vec<(u64, bool)> =
        lines.as_array().expect("a list").iter().map(|line| (line["line"].as_u64().unwrap_or(0), line["alert"].is_u64())).collect();
    assert_eq!(told, [(2, true), (4, true), (5, false), (6, false), (7, false)], "{lines}");
    assert_eq!([2, 3, 4].map(|at| &lines[at]["field"]), ["size", "account", "symbol"], "{lines}");
    let numbers: Vec<u64> = answer.line_numbers().into_iter().flatten().collect();
    let ends: Vec<Outcome> = numbers.iter().map(|number| rig.verdict(*number)).collect();
    assert!(ends.iter().all(|outcome| *outcome == Outcome::Done), "{ends:?}");
    assert_eq!((rig.account(1).net(ETH), rig.account(2).net(ETH)), (dec("0.1"), dec("-0.2")));
    let nothing = rig.text("a1 ETHUSDT buy\na1 ETHUSDT limit:x");
    assert_eq!((nothing.status, nothing.line_numbers()), (400, vec![None, None]), "{nothing:?}");
    rig.as_asked(&[]).expect("nothing else was traded");
}

#[test]
fn a_repeat_is_meant_unless_it_has_the_same_key() {
    let rig = Rig::with_accounts(&SimConfig::default(), 2, 0, &[]);
    let first = rig.ordered("a1 ETHUSDT buy 0.1");
    let second = rig.ordered("a1 ETHUSDT buy 0.1");
    assert!(first < second);
    rig.verdict(second);
    assert_eq!(rig.exchange.net(ETH), dec("0.2"), "the same words twice are two orders");
    let keyed = rig.ordered("a1 ETHUSDT buy 0.1 id:bar-7");
    let again = rig.text("a1 ETHUSDT buy 0.1 id:bar-7");
    assert_eq!((again.status, again.is_duplicate(), again.number()), (200, true, Some(keyed)), "{again:?}");
    let other = rig.text("a1 ETHUSDT buy 0.2 id:bar-7");
    assert_eq!(other.status, 400, "{other:?}");
    let both = rig.ordered_lines("a1 ETHUSDT buy 0.1 id:bar-8\na2 ETHUSDT buy 0.1 id:bar-8");
    let twice = rig.text("a1 ETHUSDT buy 0.1 id:bar-8\na2 ETHUSDT buy 0.1 id:bar-8");
    assert_eq!(twice.line_numbers(), both.iter().map(|number| Some(*number)).collect::<Vec<_>>(), "{twice:?}");
    both.iter().for_each(|number| drop(rig.verdict(*number)));
    assert_eq!((rig.account(1).net(ETH), rig.account(2).net(ETH)), (dec("0.4"), dec("0.1")));
    rig.as_asked(&[]).expect("nothing else was traded");
}

/// One account for each kind of trouble, each with a plan of its own that strikes whatever it asks of the exchange.
#[test]
fn whatever_goes_wrong_each_order_is_executed_once() {
    let mut faults = Fault::every_trouble(1_500);
    faults.push(Fault::refuse(503, -1001, "Internal error; unable to process your request. Please try again."));
    let rig = Rig::with_accounts(&SimConfig::default(), faults.len(), 0, &[]);
    let each = |line: &str| (1..=faults.len()).map(|number| format!("a{number} {line}\n")).collect::<String>();
    let strike = |class: Class| {
        for (fault, account) in faults.iter().zip(&rig.accounts) {
            let rules = vec![Rule::new(class, fault.clone()).times(1)];
            account.plan_faults(&json!(Faults::new(1, rules, Conditions::default())).to_string());
        }
    };
    let carried = |line: &str, held: &str| {
        let numbers = rig.ordered_lines(&each(line));
        for (number, (account, fault)) in numbers.iter().zip(rig.accounts.iter().zip(&faults)) {
            assert_eq!(rig.verdict(*number), Outcome::Done, "{fault:?}: {line}\n{}\n{}", rig.story(), account.story(60));
            assert_eq!(account.net(ETH), dec(held), "{fault:?}: {line}\n{}\n{}", rig.story(), account.story(60));
        }
    };
    let struck = |path: &str| {
        for (fault, account) in faults.iter().zip(&rig.accounts) {
            let hit = |entry: &Entry| entry.path.starts_with(path) && entry.fault == Some(fault.name());
            assert!(account.requests().iter().any(hit), "{} never struck {path}\n{}", fault.name(), account.story(60));
            account.forget_requests();
        }
    };
    strike(Class::Setting);
    carried("ETHUSDT buy 0.1 x5", "0.1");
    struck("");
    strike(Class::Place);
    carried("ETHUSDT buy 0.1", "0.2");
    struck("/fapi/v1/order");
    strike(Class::Place);
    carried("ETHUSDT sell 0.3 x5 sl:3200 tp:2800", "-0.1");
    rig.until("every short has its stop and target", || {
        rig.accounts.iter().all(|account| (account.open_ids(Leg::Stop).len(), account.open_ids(Leg::Target).len()) == (1, 1))
    });
    struck("");
    strike(Class::Any);
    carried("ETHUSDT pos 0.2", "0.2");
    struck("");
    let named = rig.ordered_lines(&each("ETHUSDT buy 0.1 limit:mine:2500"));
    named.iter().for_each(|number| assert_eq!(rig.verdict(*number), Outcome::Done));
    strike(Class::Cancel);
    let cancels = rig.ordered_lines(&each("ETHUSDT cancel:mine"));
    cancels.iter().for_each(|number| drop(rig.verdict(*number)));
    struck("");
    strike(Class::Place);
    carried("ETHUSDT close", "0");
    rig.until("nothing is left", || rig.accounts.iter().all(|account| account.open_names(ETH).is_empty()));
    rig.as_asked(&[]).unwrap_or_else(|wrong| panic!("{wrong}\n{}", rig.stories()));
}

#[test]
fn two_hundred_alerts_for_one_contract_are_carried_out_in_their_order() {
    const ALERTS: u32 = 200;
    // Slow enough that alerts come faster than orders leave.
    let rig = Rig::with_accounts(&SimConfig::default(), 1, 8, &[]);
    // Every fifth asks for a position, so what it trades tells whether those before it were done, and those behind it were not.
    let (mut held, mut lines, mut asked) = (Decimal::ZERO, Vec::new(), Vec::new());
    for at in 0..ALERTS {
        let size = Decimal::new(i64::from(10 + at), 3);
        let change = if at % 3 == 2 { -size } else { size };
        held += change;
        asked.push(change);
        lines.push(match (at % 5, change.is_sign_negative()) {
            (4, _) => format!("a1 ETHUSDT pos {held}"),
            (_, true) => format!("a1 ETHUSDT sell {size}"),
            (_, false) => format!("a1 ETHUSDT buy {size}"),
        });
    }
    let numbers: Vec<u64> = lines.iter().map(|line| rig.ordered(line)).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
    rig.verdict(*numbers.last().expect("the last one"));
    assert_eq!(in_their_order(&rig.exchange, ETH), numbers);
    let executed: Vec<Decimal> = numbers.iter().map(|number| rig.exchange.executed_by(*number)).collect();
    assert_eq!(executed, asked);
    rig.as_asked(&[]).unwrap_or_else(|wrong| panic!("{wrong}\n{}", rig.story()));
    let ends: Vec<Outcome> = numbers.iter().map(|number| rig.verdict(*number)).collect();
    assert!(ends.iter().all(|outcome| *outcome == Outcome::Done), "{ends:?}");
}

#[test]
fn ten_accounts_do_not_wait_for_each_other() {
    const ACCOUNTS: usize = 10;
    // Long beside what a busy machine adds.
    const ROUND_TRIP_MS: u64 = 400;
    let rig = Rig::with_accounts(&SimConfig::default(), ACCOUNTS, ROUND_TRIP_MS, &[]);
    let body: String = (1..=ACCOUNTS).map(|number| format!("a{number} ETHUSDT buy 0.1\n")).collect();
    for number in rig.ordered_lines(&body) {
        assert_eq!(rig.verdict(number), Outcome::Done, "{}", rig.stories());
    }
    let is_order = |entry: &&Entry| entry.method == "POST" && entry.path == "/fapi/v1/order";
    let arrived: Vec<u64> =
        rig.accounts.iter().map(|account| account.requests().iter().find(is_order).expect("an order").arrived_us).collect();
    let spread_ms = (arrived.iter().max().unwrap_or(&0) - arrived.iter().min().unwrap_or(&0)) / 1000;
    // One after the other would take nine round trips for the orders alone.
    assert!(spread_ms < 3 * ROUND_TRIP_MS, "the first and the last order are {spread_ms} ms apart\n{}", rig.stories());
}

#[test]
fn a_dead_host_is_named_and_the_others_go_on() {
    let mut rig = Rig::idle_accounts(&SimConfig::default(), 3, 0, &[]);
    // It takes connections, because the system does, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let closed = TcpListener::bind("127.0.0.1:0").expect("a port");
    let elsewhere = |number: usize, listener: &TcpListener| {
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let mut account = rig.listed(number);
        account["BASE_URL"] = Value::from(url);
        account
    };
    rig.list(&[elsewhere(1, &closed), elsewhere(2, &silent), rig.listed(3)]);
    drop(closed);
    rig.run();
    let numbers = rig.ordered_lines("a1 ETHUSDT buy 0.1\na2 ETHUSDT buy 0.1\na3 ETHUSDT buy 0.1");
    assert_eq!(rig.verdict(numbers[2]), Outcome::Done, "{}", rig.stories());
    assert_eq!(rig.account(3).net(ETH), dec("0.1"));
    let health = || rig.get("/health");
    rig.until("the dead ones are named, and no other", || {
        let answer: Answer = health();
        answer.status == 503
            && ["account a1: ", "account a2: "].iter().all(|name| answer.text.contains(name))
            && !answer.text.contains("account a3")
    });
    for at in 1..=5 {
        assert_eq!(rig.verdict(rig.ordered("a3 ETHUSDT buy 0.1")), Outcome::Done);
        assert_eq!(rig.account(3).net(ETH), Decimal::new(at + 1, 1));
    }
}

#[test]
fn one_daemon_serves_thirty_two_accounts() {
    const ACCOUNTS: usize = 32;
    let rig = Rig::with_accounts(&SimConfig::default(), ACCOUNTS, 0, &[]);
    let number = rig.ordered("a32 BTCUSDT buy 0.01");
    assert_eq!(rig.verdict(number), Outcome::Done, "{}", rig.stories());
    for number in 1..ACCOUNTS {
        assert!(rig.account(number).writes().is_empty(), "account {number} was asked for nothing\n{}", rig.account(number).story(20));
    }
    assert_eq!(rig.account(ACCOUNTS).net(BTC), dec("0.01"));
    let body: String = (1..=ACCOUNTS).map(|number| format!("a{number} BTCUSDT pos 0.01\n")).collect();
    rig.ordered_lines(&body).iter().for_each(|number| drop(rig.verdict(*number)));
    assert!(rig.accounts.iter().all(|account| account.net(BTC) == dec("0.01")));
}
