//! The invariants of the house plan, by the exchange's own books and the daemon's own journal. Each names what is wrong.

use std::collections::{BTreeMap, BTreeSet};

use perphook::desk::{Memory, Outcome, Record};
use perphook::exchange::paper::{Book, NakedSpan};
use perphook::market::{Decimal, Leg, Millis, ProtectionKind, Side};

use super::exchange::ours;

type Verdict = Result<(), String>;

/// A time in which the daemon or the exchange was not at its best; protection may take longer then.
#[derive(Clone, Copy, Debug)]
pub struct Trouble {
    pub from: Millis,
    pub to: Millis,
}

/// I2, I5, at any moment: of all attempts at one leg at most one rests, and a position has one stop and one target.
pub fn nothing_doubled(book: &Book) -> Verdict {
    let mut alive: BTreeMap<(u64, bool), u32> = BTreeMap::new();
    let mut of_side: BTreeMap<(String, Side), BTreeSet<u64>> = BTreeMap::new();
    for order in book.open_orders() {
        let Some((number, leg @ (Leg::Entry | Leg::Second))) = ours(&order.client_id) else { continue };
        *alive.entry((number, leg == Leg::Entry)).or_default() += 1;
        if let Some(side) = order.effect().opens {
            of_side.entry((order.symbol.to_string(), side)).or_default().insert(order.number);
        }
    }
    if let Some((leg, count)) = alive.iter().find(|(_, count)| **count > 1) {
        return Err(format!("I5: {count} orders of leg {leg:?} rest at one time"));
    }
    if let Some((place, orders)) = of_side.iter().find(|(_, orders)| orders.len() > 2) {
        return Err(format!("I2: {} entries rest on {place:?}", orders.len()));
    }
    let mut guards: BTreeMap<(String, Side, bool), u32> = BTreeMap::new();
    for order in book.open_conditionals().iter().filter(|order| order.is_waiting() && ours(&order.client_id).is_some()) {
        let Some(side) = order.effect().closes else { continue };
        *guards.entry((order.symbol.to_string(), side, order.kind == ProtectionKind::StopLoss)).or_default() += 1;
    }
    match guards.iter().find(|(_, count)| **count > 1) {
        Some((which, count)) => Err(format!("I2: {count} protective orders {which:?} rest at one time")),
        None => Ok(()),
    }
}

/// I2, over the whole history: a leg opened no more than one order's quantity, and nothing but entries opened anything.
pub fn nothing_overbought(book: &Book) -> Verdict {
    let mut opened: BTreeMap<(u64, bool), (Decimal, Decimal)> = BTreeMap::new();
    for order in book.all_orders() {
        match ours(&order.client_id) {
            Some((number, leg @ (Leg::Entry | Leg::Second))) => {
                let sum = opened.entry((number, leg == Leg::Entry)).or_default();
                *sum = (sum.0 + order.opened, sum.1.max(order.qty));
            }
            // What a text order asked for is in its alert; see `asked.rs`.
            Some((_, Leg::Order)) => {}
            Some(_) if order.opened > Decimal::ZERO => return Err(format!("I2: {} opened a position", order.client_id)),
            _ => {}
        }
    }
    match opened.iter().find(|(_, (opened, asked))| opened > asked) {
        Some((leg, (opened, asked))) => Err(format!("I2: leg {leg:?} opened {opened} of {asked}")),
        None => Ok(()),
    }
}

/// I3: naked no longer than `allowed_ms`, plus the time of the troubles that touch the span.
pub fn nothing_naked(spans: &[NakedSpan], allowed_ms: Millis, troubles: &[Trouble], now: Millis) -> Verdict {
    for span in spans {
        let end = span.end.unwrap_or(now);
        let touching = troubles.iter().filter(|trouble| trouble.to + allowed_ms > span.start && trouble.from < end);
        let excuse: Millis = touching.map(|trouble| trouble.to.min(end) - trouble.from.max(span.start).min(trouble.to.min(end))).sum();
        let naked_ms = end - span.start;
        if naked_ms > allowed_ms + excuse {
            return Err(format!("I3: {} {} was naked for {naked_ms} ms, {allowed_ms} + {excuse} allowed", span.symbol, span.side));
        }
    }
    Ok(())
}

/// I4, once every trade was closed: no position, and no order of ours.
pub fn nothing_left(book: &Book) -> Verdict {
    let plain = book.open_orders().iter().map(|order| &order.client_id);
    let conditional = book.open_conditionals().iter().filter(|order| order.is_waiting()).map(|order| &order.client_id);
    if let Some(id) = plain.chain(conditional).find(|id| ours(id).is_some()) {
        return Err(format!("I4: {id} is left"));
    }
    match book.markets().find(|(_, market)| !market.is_flat()) {
        Some((symbol, _)) => Err(format!("I4: a position of {symbol} is left")),
        None => Ok(()),
    }
}

/// I5: no entry was placed after its alert had expired; `grace_ms` is how long a request may be on its way.
pub fn nothing_expired(book: &Book, journal: &[Record], alert_timeout_ms: Millis, grace_ms: Millis) -> Verdict {
    let received: BTreeMap<u64, Millis> = journal
        .iter()
        .filter_map(|record| match record {
            Record::Alert(alert) => Some((alert.number, alert.at)),
            _ => None,
        })
        .collect();
    for order in book.all_orders() {
        let Some((number, Leg::Entry | Leg::Second)) = ours(&order.client_id) else { continue };
        let Some(at) = received.get(&number) else {
            return Err(format!("I1: {} belongs to alert {number}, which is not in the journal", order.client_id));
        };
        if order.created > at + alert_timeout_ms + grace_ms {
            return Err(format!("I5: {} was placed {} ms after its alert", order.client_id, order.created - at));
        }
    }
    Ok(())
}

/// I1: every alert that was answered 200 is in the journal once, with one verdict; nothing else has more than one.
pub fn every_alert_once(journal: &[Record], acknowledged: &[u64]) -> Verdict {
    let mut seen: BTreeMap<u64, (u32, Vec<&Outcome>)> = BTreeMap::new();
    for record in journal {
        match record {
            Record::Alert(alert) => seen.entry(alert.number).or_default().0 += 1,
            Record::Verdict { alert, outcome } => seen.entry(*alert).or_default().1.push(outcome),
            _ => {}
        }
    }
    let mut answered = BTreeSet::new();
    for number in acknowledged {
        if !answered.insert(number) {
            return Err(format!("I1: two senders were told that theirs is alert {number}"));
        }
        match seen.get(number) {
            None => return Err(format!("I1: alert {number} was answered 200 and is not in the journal")),
            Some((_, outcomes)) if outcomes.is_empty() => return Err(format!("I1: alert {number} has no verdict")),
            Some(_) => {}
        }
    }
    match seen.iter().find(|(_, (times, outcomes))| *times != 1 || outcomes.len() != 1) {
        Some((number, (times, outcomes))) => Err(format!("I1: alert {number} is there {times} times, with {outcomes:?}")),
        None => Ok(()),
    }
}

/// What the journal adds up to.
pub fn memory(journal: &[Record]) -> Memory {
    let mut memory = Memory::default();
    journal.iter().for_each(|record| memory.apply(record));
    memory
}
