//! The invariants of the house plan, checked against the exchange's own books.

use std::collections::BTreeMap;

use perphook::alert::{Command, Unit, Verb};
use perphook::desk::{Kind, Memory, Outcome, Record};
use perphook::exchange;
use perphook::market::{ClientId, Decimal, Leg, Millis, ProtectionKind, Side};

use super::World;

/// The client id of an order that is not ours.
pub const STRANGER: &str = "web_strangers_order";
/// The regular look.
const WATCH_MS: Millis = 1_000;

/// After every step: nothing doubled, nothing naked for too long, the journal tells the truth.
pub fn after_step(world: &World) {
    let fail = |what: String| panic!("{what}\n{}", world.story());
    one_trade_per_side(world.desk.memory(), &fail);
    (0..world.lines.len()).for_each(|account| nothing_doubled(world, account, &fail));
    if world.steps.is_multiple_of(32) {
        (0..world.lines.len()).for_each(|account| nothing_naked(world, account, &fail));
        if world.replayed() != *world.desk.memory() {
            fail("the journal does not read back to the memory".to_owned());
        }
    }
}

fn one_trade_per_side(memory: &Memory, fail: &dyn Fn(String)) {
    let trades: Vec<_> = memory.trades.values().collect();
    for (at, trade) in trades.iter().enumerate() {
        if trades
            .iter()
            .skip(at + 1)
            .any(|other| other.account == trade.account && other.symbol == trade.symbol && other.side == trade.side)
        {
            fail(format!("I2: two trades on {} {}", trade.symbol, trade.side));
        }
    }
}

/// I2, I5: of all attempts at one leg at most one is alive, together they opened no more than was asked, and there is
/// one stop and one target for each position.
fn nothing_doubled(world: &World, account: usize, fail: &dyn Fn(String)) {
    let caps = world.capabilities();
    let doubled = world.book(account, |sim, _| {
        let book = &sim.book;
        let mut alive: BTreeMap<(u64, char), u32> = BTreeMap::new();
        for order in book.open_orders() {
            let Some((number, leg)) = ours(&order.client_id) else { continue };
            if matches!(leg, Leg::Entry | Leg::Second) {
                *alive.entry((number, if leg == Leg::Entry { 'e' } else { 'd' })).or_default() += 1;
            }
        }
        if let Some((leg, count)) = alive.iter().find(|(_, count)| **count > 1) {
            return Some(format!("I5: {count} orders of leg {leg:?} rest at one time"));
        }
        let mut guards: BTreeMap<(String, Side, bool), u32> = BTreeMap::new();
        for order in book.open_conditionals().iter().filter(|order| order.is_waiting() && ours(&order.client_id).is_some()) {
            let Some(side) = order.effect().closes else { continue };
            *guards.entry((order.symbol.to_string(), side, order.kind == ProtectionKind::StopLoss)).or_default() += 1;
        }
        // Where several may rest, a new one comes before the old one goes, and another one may come meanwhile.
        let most = |(_, _, is_stop): &(String, Side, bool)| {
            let habit = if *is_stop { caps.stop } else { caps.target };
            if habit.second == exchange::Second::Rests { 3 } else { 1 }
        };
        let (which, count) = guards.iter().find(|(which, count)| **count > most(which))?;
        Some(format!("I2: {count} protective orders {which:?} rest at one time"))
    });
    doubled.into_iter().for_each(fail);
}

/// The whole day's books: per leg no more opened than one order's quantity.
pub fn nothing_overbought(world: &World, account: usize) {
    let overbought = world.book(account, |sim, _| {
        let mut opened: BTreeMap<(u64, Leg2), (Decimal, Decimal)> = BTreeMap::new();
        for order in sim.book.all_orders() {
            let Some((number, leg)) = ours(&order.client_id) else { continue };
            let leg = match leg {
                Leg::Entry => Leg2::Entry,
                Leg::Second => Leg2::Second,
                Leg::Order => continue,
                _ if order.opened > Decimal::ZERO => return Some(format!("I2: {} opened a position", order.client_id)),
                _ => continue,
            };
            let sum = opened.entry((number, leg)).or_default();
            sum.0 += order.opened;
            sum.1 = sum.1.max(order.qty);
        }
        let (leg, (opened, asked)) = opened.into_iter().find(|(_, (opened, asked))| opened > asked)?;
        Some(format!("I2: leg {leg:?} opened {opened} of {asked}"))
    });
    if let Some(what) = overbought {
        panic!("{what}\n{}", world.story());
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Leg2 {
    Entry,
    Second,
}

/// I3: naked no longer than the watch interval, two round trips, and the time the exchange (or a crash) took.
pub fn nothing_naked(world: &World, account: usize, fail: &dyn Fn(String)) {
    let spans = world.book(account, |sim, _| sim.book.naked_spans());
    let rtt_ms = world.setting().rtt_ms;
    // Other trades of the account may each have a close or a stop of their own in front, the trade itself a look.
    let queue_ms = 12 * rtt_ms;
    for span in &spans {
        let Some(from) = wanted_from(world, account, span.symbol.as_str(), span.side, span.start) else { continue };
        let end = span.end.unwrap_or(world.now);
        let excuse: Millis = world
            .troubles
            .iter()
            .filter(|trouble| trouble.account.is_none_or(|of| of == account) && trouble.to + WATCH_MS > from && trouble.from < end)
            .map(|trouble| trouble.to - trouble.from)
            .sum();
        // An answer that is late just now is no trouble of the past yet.
        let overdue = world.lines[account].flight.as_ref().map_or(0, |flight| world.now.saturating_sub(flight.left_at + rtt_ms));
        let allowed = overdue + WATCH_MS + 2 * rtt_ms + queue_ms + excuse + 2 * world.lines[account].late_ms;
        if end.saturating_sub(from) > allowed {
            fail(format!(
                "I3: {} {} was naked for {} ms from {} on, {allowed} allowed",
                span.symbol,
                span.side,
                end - from,
                from - super::START
            ));
        }
    }
}

/// From when on a stop is wanted for a position that has been naked since then: not at all if it was opened by hand or by
/// alerts without one. A guard may come to a position later, with an order of its own.
fn wanted_from(world: &World, account: usize, symbol: &str, side: Side, since: Millis) -> Option<Millis> {
    let memory = world.desk.memory();
    let name = super::account_name(account);
    let wants = |prices: Option<&perphook::desk::Prices>| prices.is_some_and(|prices| prices.stop.is_some());
    let here = memory.trades.values().filter(|trade| {
        trade.account == name && trade.symbol.as_str() == symbol && trade.side == side && trade.began_at <= since && !trade.is_closing()
    });
    let open = here.into_iter().find_map(|trade| match trade.kind {
        Kind::Guard => trade.filled_at.filter(|_| trade.stop.is_some()).map(|at| since.max(at.saturating_sub(WATCH_MS))),
        _ => wants(trade.prices.as_ref()).then_some(since),
    });
    let closed = memory.closed.iter().any(|trade| {
        trade.account == name
            && trade.symbol.as_str() == symbol
            && trade.side == side
            && trade.began_at <= since
            && since <= trade.closed_at
            && wants(trade.prices.as_ref())
            && trade.why != perphook::desk::Why::Exit
    });
    open.or(closed.then_some(since))
}

/// I1, I4, at the end of a day: every acknowledged alert has its verdict; where no trade is open nothing of ours is left.
pub fn at_rest(world: &World) {
    let memory = world.desk.memory();
    assert!(memory.alerts.is_empty(), "I1: alerts without a verdict: {:?}\n{}", memory.alerts.keys(), world.story());
    assert!(
        memory.newest as usize >= world.acknowledged.len() && world.acknowledged.keys().all(|number| *number <= memory.newest),
        "I1: an acknowledged alert was forgotten\n{}",
        world.story()
    );
    for account in 0..world.lines.len() {
        nothing_left(world, account);
        nothing_overbought(world, account);
        nothing_expired_opened(world, account);
        strangers_are_left_alone(world, account);
        texts_were_carried_out(world, account);
        nothing_naked(world, account, &|what| panic!("{what}\n{}", world.story()));
    }
}

/// I4: where no trade is open nothing of ours is left.
fn nothing_left(world: &World, account: usize) {
    let (memory, name) = (world.desk.memory(), super::account_name(account));
    let has_trade = |symbol: &str, side: Side| {
        memory.trades.values().any(|trade| trade.account == name && trade.symbol.as_str() == symbol && trade.side == side)
    };
    let left = world.book(account, |sim, _| {
        let resting = sim.book.open_orders().iter().map(|order| (&order.client_id, &order.symbol, order.effect()));
        let waiting = sim.book.open_conditionals().iter().filter(|order| order.is_waiting());
        let resting: Vec<_> = resting.chain(waiting.map(|order| (&order.client_id, &order.symbol, order.effect()))).collect();
        resting.into_iter().find_map(|(id, symbol, effect)| {
            let side = effect.opens.or(effect.closes)?;
            (ours(id).is_some() && !has_trade(symbol.as_str(), side)).then(|| format!("I4: {id} is left on {symbol}"))
        })
    });
    if let Some(what) = left {
        panic!("{what}\n{}", world.story());
    }
}

/// I1, I2 for text orders: no more than was asked, and all of it where the verdict says that it is done.
fn texts_were_carried_out(world: &World, account: usize) {
    let mut traded: BTreeMap<u64, (Decimal, Decimal)> = BTreeMap::new();
    world.book(account, |sim, _| {
        for order in sim.book.all_orders() {
            if let Some((number, Leg::Order)) = ours(&order.client_id) {
                let sum = traded.entry(number).or_default();
                sum.0 += order.filled;
                sum.1 += order.opened;
            }
        }
    });
    let name = super::account_name(account);
    for (number, signal) in world.texts.iter().filter(|(_, signal)| signal.account.as_ref() == Some(&name)) {
        let Command::Order(order) = &signal.command else { continue };
        if order.size.unit != Unit::Coins || !order.size.nominal || order.limit.is_some() {
            continue;
        }
        let (filled, opened) = traded.get(number).copied().unwrap_or_default();
        let asked = order.size.amount.abs();
        assert!(opened <= asked, "I2: text alert {number} opened {opened} of {asked}\n{}", world.story());
        let cut = world.records().any(|record| matches!(record, Record::Notice(notice) if notice.alert == *number));
        let done = world.records().any(|record| matches!(record, Record::Verdict { alert, outcome: Outcome::Done } if alert == number));
        if done && !cut && order.verb != Verb::Position && !order.reduce {
            // Rounded down to the lot step; a position closed by others meanwhile took its part.
            let missing = asked - filled;
            let symbol = world.native(signal.symbol.as_str());
            let step = world.book(account, |sim, _| sim.book.instrument(symbol.as_str()).expect("listed").lot_step);
            assert!(missing < step || world.disturbed, "I1: text alert {number} traded {filled} of {asked}\n{}", world.story());
        }
    }
}

/// I5: what is older than its time limit opened nothing.
fn nothing_expired_opened(world: &World, account: usize) {
    let timeout_ms = world.setting().account.alert_timeout_ms;
    let late = world.book(account, |sim, _| {
        sim.book.all_orders().find_map(|order| {
            let (number, leg) = ours(&order.client_id)?;
            let received = world.acknowledged.get(&number)?;
            let last = received + timeout_ms + world.fence_ms();
            (matches!(leg, Leg::Entry | Leg::Second | Leg::Order) && order.opened > Decimal::ZERO && order.created > last)
                .then(|| order.client_id.clone())
        })
    });
    if let Some(id) = late {
        panic!("I5: {id} was opened after its alert had expired\n{}", world.story());
    }
}

/// I6: orders that are not ours end by themselves only.
fn strangers_are_left_alone(world: &World, account: usize) {
    if world.texts.values().any(|signal| matches!(signal.command, Command::Cancel(perphook::alert::Cancel::All))) {
        return;
    }
    let canceled = world.book(account, |sim, _| {
        let order = sim.book.order_by_id(STRANGER)?;
        matches!(order.status, perphook::market::OrderStatus::Canceled).then_some(())
    });
    assert!(canceled.is_none(), "I6: a stranger's order was cancelled\n{}", world.story());
}

/// What is ours in the books.
pub fn ours(client_id: &str) -> Option<(u64, Leg)> {
    let id = ClientId::parse(client_id)?;
    Some((id.number()?, id.leg()?))
}
