//! Thousands of random trading days of the pure desk against the simulated exchange, in virtual time.
//!
//! A day has alerts, duplicates, moving prices, partial fills, every kind of fault, hands on the web site, and crashes
//! with restart. After each step the invariants are checked by the exchange's own books. `SIM_DAYS=100000` runs more;
//! a failing day prints its seed, and `SIM_SEED=n` replays that one alone. `SIM_EXCHANGE=okx` spends all of them on one exchange.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "what is not as expected here has to end the test")]

mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use perphook::desk::{AccountRules, Admission, Rules};
use perphook::exchange::paper::{NewPlain, Order, TimeInForce};
use perphook::market::{Decimal, Millis, Side};
use perphook::sim;
use sim::Kind;
use sim::faults::{Class, Conditions, Fault, Faults, Rule};
use world::{START, Setting, World, audit, entry, exit};

const DAYS: u64 = 5_000;
const STEPS_PER_DAY: u64 = 500;
/// Who comes back too early after a restart may be locked out for ten minutes.
const LONGEST_MS: Millis = 720_000;
const SYMBOLS: [(&str, i64); 3] = [("BTCUSDT", 50_000), ("ETHUSDT", 3_000), ("SOLUSDT", 150)];

/// xorshift64*: small, seeded, the same everywhere.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Dice {
        Dice(sim::faults::mix(seed, 1) | 1)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize].clone()
    }
}

#[test]
fn random_days_keep_the_invariants() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    if let Some(seed) = number("SIM_SEED") {
        let world = day(seed);
        println!("{}", world.story());
        return;
    }
    let days = number("SIM_DAYS").unwrap_or(DAYS);
    let workers = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let hands: Vec<_> = (0..workers)
        .map(|worker| {
            std::thread::spawn(move || {
                let mut steps = 0;
                for seed in (worker..days).step_by(workers as usize) {
                    match catch_unwind(AssertUnwindSafe(|| day(seed).steps)) {
                        Ok(taken) => steps += taken,
                        Err(cause) => {
                            let text = cause.downcast_ref::<String>().cloned().unwrap_or_default();
                            return Err(format!("seed {seed} (replay with SIM_SEED={seed}): {text}"));
                        }
                    }
                }
                Ok(steps)
            })
        })
        .collect();
    let results: Vec<Result<u64, String>> = hands.into_iter().map(|hand| hand.join().expect("days are caught")).collect();
    let failed: Vec<&String> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    assert!(failed.is_empty(), "{}", failed.into_iter().cloned().collect::<Vec<_>>().join("\n"));
    let steps: u64 = results.into_iter().flatten().sum();
    println!("{days} days, {steps} steps");
}

/// One day, from the first alert to the last order's end.
fn day(seed: u64) -> World {
    let mut dice = Dice::new(seed);
    let rules = Rules { duplicate_window_ms: dice.pick(&[0, 60_000]), entry_timeout_ms: dice.pick(&[0, 0, 0, 40_000]), ..Rules::default() };
    let account = AccountRules { alert_timeout_ms: dice.pick(&[180_000, 20_000]), ..AccountRules::default() };
    let exchange = dice.pick(Kind::ALL);
    let mut world = World::new(Setting {
        exchange: std::env::var("SIM_EXCHANGE").ok().map_or(exchange, |name| Kind::from_name(&name).expect("an exchange")),
        accounts: dice.pick(&[1, 1, 1, 2, 3]),
        account,
        hedge: dice.one_in(3),
        rtt_ms: dice.pick(&[2, 20, 80, 250]),
        rules,
    });
    let mut prices: Vec<Decimal> = SYMBOLS.iter().map(|(_, price)| Decimal::from(*price)).collect();
    for ((symbol, _), price) in SYMBOLS.iter().zip(&prices) {
        world.price(symbol, *price);
    }
    world.run_for(2_000);
    if dice.one_in(2) {
        world.book(0, leave_a_strangers_order);
    }
    for account in 0..world.lines.len() {
        let plan = faults(seed + account as u64, &mut dice);
        world.faults(account, plan);
    }
    let mut sent: Vec<String> = Vec::new();
    let mut bar = 0;
    let end = START + 40_000 + dice.below(200_000);
    while world.now < end && world.steps < STEPS_PER_DAY {
        bar += 1;
        happen(&mut world, &mut dice, &mut prices, &mut sent, bar);
        let pause: Millis = dice.pick(&[0, 1, 30, 300, 1_000, 2_500, 7_000]);
        world.run_until(world.now + pause, STEPS_PER_DAY);
        if dice.one_in(4) {
            world.flush();
        }
    }
    evening(&mut world, &mut dice);
    world
}

/// One thing happens.
fn happen(world: &mut World, dice: &mut Dice, prices: &mut [Decimal], sent: &mut Vec<String>, bar: u64) {
    let at = dice.below(SYMBOLS.len() as u64) as usize;
    let symbol = SYMBOLS[at].0;
    let account = dice.below(world.lines.len() as u64) as usize;
    match dice.below(26) {
        20.. => {
            let line = some_text(dice, account, symbol, prices[at]);
            world.remark(&line);
            world.text(&line);
        }
        0..=3 => {
            let body = some_entry(dice, account, symbol, prices[at], bar);
            send(world, sent, &body);
            if dice.one_in(3) {
                // The indicator's second alert of the same instant.
                let other = if body.contains("primary_entry") {
                    body.replace("primary_entry", "dca_fill")
                } else {
                    body.replace("dca_fill", "primary_entry")
                };
                send(world, sent, &other);
            }
        }
        4 | 5 => send(world, sent, &exit(account, symbol, dice.pick(&["LONG", "SHORT"]), bar)),
        6 if !sent.is_empty() => {
            let body = dice.pick(sent);
            for _ in 0..=dice.below(4) {
                send(world, sent, &body);
            }
        }
        7 => by_hand(world, dice, account, symbol),
        8 if dice.one_in(2) => {
            let down_ms = dice.pick(&[50, 1_500, 20_000]);
            let executed = dice.one_in(2);
            world.crash(executed, down_ms);
        }
        _ => {
            let per_mille = Decimal::from(dice.below(41) as i64 - 20) / Decimal::from(1000);
            let jump = if dice.one_in(12) { Decimal::from(3) } else { Decimal::ONE };
            prices[at] = (prices[at] * (Decimal::ONE + per_mille * jump)).round_dp(1);
            world.price(symbol, prices[at]);
            world.remark(&format!("{symbol} at {}", prices[at]));
        }
    }
}

fn send(world: &mut World, sent: &mut Vec<String>, body: &str) {
    if let Admission::Accept { .. } = world.alert(body) {
        sent.push(body.to_owned());
    }
}

fn some_entry(dice: &mut Dice, account: usize, symbol: &str, price: Decimal, bar: u64) -> String {
    let long = dice.one_in(2);
    let away = |per_mille: u64| {
        let share = Decimal::from(per_mille as i64) / Decimal::from(1000);
        let factor = if long { Decimal::ONE - share } else { Decimal::ONE + share };
        (price * factor).round_dp(4).to_string()
    };
    let first = dice.below(8);
    let entry_price = away(first);
    let second = away(first + 3 + dice.below(12));
    let stop = away(first + 20 + dice.below(15));
    let share = Decimal::from(3 + dice.below(25) as i64) / Decimal::from(1000);
    let target = (price * if long { Decimal::ONE + share } else { Decimal::ONE - share }).round_dp(4).to_string();
    let with_second = !dice.one_in(5);
    let with_target = !dice.one_in(6);
    let with_stop = !dice.one_in(10);
    entry(
        account,
        symbol,
        if long { "LONG" } else { "SHORT" },
        if dice.one_in(5) && with_second { "dca_fill" } else { "primary_entry" },
        [Some(&entry_price), with_second.then_some(&*second), with_stop.then_some(&*stop), with_target.then_some(&*target)],
        bar,
    )
}

/// A line of the text language: every command, sizes that mostly can be paid, protection on some.
fn some_text(dice: &mut Dice, account: usize, symbol: &str, price: Decimal) -> String {
    let name = world::account_name(account);
    let share = |per_mille: i64| (price * (Decimal::ONE + Decimal::new(per_mille, 3))).round_dp(1);
    let long = dice.one_in(2);
    let sign = if long { 1 } else { -1 };
    let verb = if long { "buy" } else { "sell" };
    let coins = Decimal::new(dice.pick(&[10, 25, 60, 155, 1]), 3);
    let dollars = dice.pick(&[20, 77, 300]);
    let size = dice.pick(&[format!("{coins}"), format!("{coins}"), format!("{dollars}$"), "3%".to_owned(), format!("{coins}@")]);
    let leverage = dice.pick(&["x3", "x5", "x20", ""]);
    let away = 10 + dice.below(40) as i64;
    let guard = match dice.below(4) {
        0 => format!("sl:{}", share(-sign * away)),
        1 => format!("sl:{} tp:{}", share(-sign * away), share(sign * away)),
        _ => String::new(),
    };
    let limit_at = share(-sign * dice.below(20) as i64);
    match dice.below(14) {
        0..=3 => format!("{name} {symbol} {verb} {size} {leverage} {guard}"),
        4 | 5 => format!("{name} {symbol} pos {}{coins} {leverage} {guard}", if long { "" } else { "-" }),
        6 => format!("{name} {symbol} pos {}{}$ {leverage}", if long { "" } else { "-" }, dice.pick(&[50, 200])),
        7 => format!("{name} {symbol} close"),
        8 => format!("{name} {symbol} close {}%", dice.pick(&[30, 50, 100])),
        9 => format!("{name} {symbol} {verb} {coins} reduce"),
        10 => format!("{name} {symbol} {verb} {coins} limit:{}:{limit_at} {leverage}", dice.pick(&["tp1", "in2"])),
        11 => {
            let stop = (limit_at * (Decimal::ONE + Decimal::new(-sign * away, 3))).round_dp(1);
            format!("{name} {symbol} {verb} {coins} limit:{}:{limit_at} {leverage} sl:{stop}", dice.pick(&["tp1", "in2"]))
        }
        12 => format!("{name} {symbol} {}", dice.pick(&["cancel:tp1", "cancel:in2", "cancel:all"])),
        _ => format!("{name} {symbol} changeleverage {}", dice.pick(&[3, 7])),
    }
}

/// An order of the user's own, far from the market: it must still be there in the evening.
fn leave_a_strangers_order(sim: &mut sim::Sim, now: Millis) {
    let order = NewPlain {
        client_id: audit::STRANGER.to_owned(),
        symbol: sim.symbol("ETH"),
        buy: true,
        position_side: sim.book.is_hedge().then_some(Side::Long),
        reduce_only: false,
        price: Some(Decimal::from(2_860)),
        time_in_force: TimeInForce::Gtc,
        qty: Decimal::new(10, 3),
        stop: None,
    };
    sim.book.place(&order, now).expect("there is room");
}

/// What a user does on the exchange's own page.
fn by_hand(world: &mut World, dice: &mut Dice, account: usize, symbol: &str) {
    let kind = dice.below(3);
    let nth = dice.below(4) as usize;
    let symbol = world.native(symbol);
    world.remark(&format!("hand {kind} on {symbol}"));
    if kind == 1 {
        // A stop that is taken away is missed at the next reading of resting orders.
        world.troubles.push(world::Trouble::of_all(world.now, world.now + 32_000));
    }
    world.disturbed = true;
    world.book(account, |sim, now| match kind {
        0 => {
            let ours = |order: &&Order| order.symbol == symbol && order.client_id != audit::STRANGER;
            let open: Vec<u64> = sim.book.open_orders().iter().filter(ours).map(|order| order.number).collect();
            if let Some(number) = open.get(nth % open.len().max(1)) {
                let _ = sim.book.cancel(*number, now);
            }
        }
        1 => {
            let open: Vec<u64> =
                sim.book.open_conditionals().iter().filter(|order| order.symbol == symbol).map(|order| order.number).collect();
            if let Some(number) = open.get(nth % open.len().max(1)) {
                let _ = sim.book.cancel_conditional(*number, now);
            }
        }
        _ => {
            for side in [Side::Long, Side::Short] {
                let qty = sim.book.position(&symbol, side);
                if qty > Decimal::ZERO {
                    let wish = format!(r#"{{"symbol":"{symbol}","side":"{side}","qty":"{qty}","close":true}}"#);
                    sim::control::answer(sim, "POST", "/sim/position", &wish, now);
                }
            }
        }
    });
}

fn faults(seed: u64, dice: &mut Dice) -> Faults {
    if dice.one_in(6) {
        return Faults::new(seed, Vec::new(), Conditions::default());
    }
    let mut kinds = Fault::every_trouble(1_500);
    kinds.extend([
        Fault::RateLimit { retry_after_s: 3, ban_s: 10 },
        Fault::refuse(400, -2019, "Margin is insufficient."),
        Fault::refuse(400, -4045, "Reach max stop order limit."),
        Fault::refuse(400, -9999, "A code that nobody has heard of."),
    ]);
    let classes = [Class::Place, Class::Place, Class::Cancel, Class::Read, Class::Any];
    let rules = (0..1 + dice.below(4))
        .map(|_| {
            let rule = Rule::new(dice.pick(&classes), dice.pick(&kinds)).times(1 + dice.below(4));
            if dice.one_in(2) { rule.nth(1 + dice.below(6)) } else { rule.per_mille(50 + dice.below(300)) }
        })
        .collect();
    let conditions = Conditions {
        late_orders_ms: dice.pick(&[0, 0, 300, 900]),
        late_positions_ms: dice.pick(&[0, 0, 200, 700]),
        unseen_position_ms: dice.pick(&[0, 0, 400]),
        late_history_ms: 0,
        liquidity: dice.pick(&[None, None, Some(Decimal::new(2, 3))]),
        clock_skew_ms: dice.pick(&[0, 0, 4_000, -7_000]),
        trigger_ms: dice.pick(&[0, 50]),
    };
    Faults::new(seed, rules, conditions)
}

/// Everything is well again; some days end with an EXIT for all. Then everything has a known end.
fn evening(world: &mut World, dice: &mut Dice) {
    (0..world.lines.len()).for_each(|account| world.faults(account, Faults::new(0, Vec::new(), Conditions::default())));
    world.troubles.push(world::Trouble::of_all(world.now, world.now + world.fence_ms() + 9_000));
    world.run_until(world.now + world.fence_ms() + 29_000, 20_000);
    world.run_until_so(LONGEST_MS, |world| world.desk.status(world.now).accounts.iter().all(|account| account.connected));
    if dice.one_in(2) {
        let accounts = world.lines.len();
        for (account, (at, (symbol, _))) in (0..accounts).flat_map(|account| SYMBOLS.iter().enumerate().map(move |each| (account, each))) {
            world.text(&format!("{} {symbol} cancel:all", world::account_name(account)));
            for side in ["LONG", "SHORT"] {
                world.alert(&exit(account, symbol, side, 1_000_000 + at as u64));
            }
        }
        assert!(world.run_until_quiet(LONGEST_MS), "the day does not come to rest\n{}", world.story());
        for (account, (symbol, _)) in (0..accounts).flat_map(|account| SYMBOLS.iter().map(move |each| (account, each))) {
            for side in [Side::Long, Side::Short] {
                let left = world.position(account, symbol, side);
                assert!(left.is_zero(), "I4: {left} of {symbol} {side} is left\n{}", world.story());
            }
        }
    } else {
        world.run_until(world.now + 45_000, 20_000);
        world.run_until_so(LONGEST_MS, |world| world.desk.memory().alerts.is_empty());
    }
    audit::at_rest(world);
}
