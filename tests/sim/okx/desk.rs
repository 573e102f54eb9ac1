//! What an account has at OKX that the engine's book does not hold: algo orders as they came (the book knows their legs),
//! leverage by margin mode, the mode of every order, stops that wait for their order to be filled; and what the exchange
//! does with them of its own accord.

use std::collections::{BTreeMap, VecDeque};

use perphook::exchange::paper::{Amount, Conditional, ConditionalStatus, Denial, Effect, NewConditional, Order};
use perphook::market::{Decimal, MarginMode, Millis, OrderStatus, ProtectionKind, Side, Symbol, TriggerBy};

use super::super::floor::Floor;
use super::fail::{self, Fail};

/// Leverage nobody has set yet. It is another one for isolated positions, so that a client who forgets the mode is seen.
const LEVER_CROSS: u32 = 20;
const LEVER_ISOLATED: u32 = 3;
/// Plain orders whose mode is remembered, beyond the book's history.
const MODES_KEPT: usize = 2000;

/// Everything beside the book.
pub struct Desk {
    /// `acctLv`: 1 spot, 2 futures, 3 multi-currency.
    pub level: u8,
    /// Plain orders by the book's number.
    pub plain: BTreeMap<u64, Plain>,
    /// Algo orders that wait, oldest first.
    pub waiting: Vec<Algo>,
    /// Algo orders that have ended.
    pub ended: VecDeque<Algo>,
    /// By contract, whether isolated, and side of an isolated hedge.
    levers: BTreeMap<(Symbol, bool, Option<Side>), u32>,
    /// Plain orders whose stops have not come into being yet.
    expecting: Vec<u64>,
    last_algo: u64,
}

/// What a plain order said that the book does not keep.
#[derive(Clone, Debug)]
pub struct Plain {
    pub mode: MarginMode,
    pub kind: &'static str,
    pub tag: String,
    pub lever: u32,
    /// Stops and targets it brings along, and what became of those that did not come into being.
    pub attached: Vec<Attached>,
}

/// A stop, a target or both that come into being when their order is filled.
#[derive(Clone, Debug)]
pub struct Attached {
    pub spec: Spec,
    /// Why it was refused then; empty if it was not.
    pub fail_code: String,
}

/// A price that sets an order off.
#[derive(Clone, Copy, Debug)]
pub struct Trigger {
    pub price: Decimal,
    pub by: TriggerBy,
}

/// An algo order as it comes in: a stop, a target, or both of which the first that goes off ends the other.
#[derive(Clone, Debug)]
pub struct Spec {
    /// `algoClOrdId`; empty when none was given.
    pub name: String,
    pub symbol: Symbol,
    pub buy: bool,
    pub position_side: Option<Side>,
    pub mode: MarginMode,
    /// Base coin; `None` closes the whole position, whatever it is then.
    pub size: Option<Decimal>,
    pub reduce_only: bool,
    /// `cxlOnClosePos`.
    pub ends_with_position: bool,
    pub stop: Option<Trigger>,
    pub target: Option<Trigger>,
    pub tag: String,
}

impl Spec {
    /// The position it takes down, if that is all it can do.
    pub fn closes(&self) -> Option<Side> {
        let effect = Effect::of(self.buy, self.position_side, self.reduce_only || self.size.is_none());
        effect.closes.filter(|_| effect.opens.is_none())
    }
}

/// An algo order that was taken.
#[derive(Clone, Debug)]
pub struct Algo {
    /// Counted from 1.
    pub number: u64,
    pub spec: Spec,
    /// The book's numbers of its stop and its target.
    pub legs: Vec<u64>,
    pub created: Millis,
}

/// Where an algo order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Live,
    Effective,
    Canceled,
    Failed,
}

impl Algo {
    /// Its legs, as the book has them.
    pub fn parts<'a>(&'a self, floor: &'a Floor) -> impl Iterator<Item = &'a Conditional> {
        self.legs.iter().filter_map(|number| floor.book.conditional_by_number(*number))
    }

    /// Where it stands.
    pub fn state(&self, floor: &Floor) -> State {
        let state = |part: &Conditional| match part.status {
            ConditionalStatus::Triggered | ConditionalStatus::Finished => State::Effective,
            ConditionalStatus::Rejected => State::Failed,
            ConditionalStatus::New | ConditionalStatus::Triggering => State::Live,
            ConditionalStatus::Canceled | ConditionalStatus::Expired => State::Canceled,
        };
        let states: Vec<State> = self.parts(floor).map(state).collect();
        let order = [State::Effective, State::Failed, State::Live];
        order.into_iter().find(|state| states.contains(state)).unwrap_or(State::Canceled)
    }
}

/// Orders.
impl Desk {
    pub fn new() -> Desk {
        Desk {
            level: 2,
            plain: BTreeMap::new(),
            waiting: Vec::new(),
            ended: VecDeque::new(),
            levers: BTreeMap::new(),
            expecting: Vec::new(),
            last_algo: 0,
        }
    }

    /// Remembers what a plain order said.
    pub fn note(&mut self, floor: &Floor, number: u64, plain: Plain) {
        while self.plain.len() > floor.config.history_max + MODES_KEPT {
            self.plain.pop_first();
        }
        if !plain.attached.is_empty() {
            self.expecting.push(number);
        }
        self.plain.insert(number, plain);
    }

    /// Every algo order known, ended ones first.
    pub fn algos(&self) -> impl DoubleEndedIterator<Item = &Algo> {
        self.ended.iter().chain(&self.waiting)
    }

    /// The algo order that a plain order came from.
    pub fn origin(&self, order: &Order) -> Option<&Algo> {
        let leg = order.parent?;
        self.algos().rev().find(|algo| algo.legs.contains(&leg))
    }

    /// Whether an algo order that waits, or one that will come with a plain order, has this name.
    pub fn is_taken(&self, name: &str) -> bool {
        let pending = self.expecting.iter().filter_map(|number| self.plain.get(number)).flat_map(|plain| &plain.attached);
        let pending = pending.map(|one| &one.spec);
        !name.is_empty() && self.waiting.iter().map(|algo| &algo.spec).chain(pending).any(|spec| spec.name == name)
    }

    /// Takes an algo order that was checked, and returns its number.
    pub fn place(&mut self, floor: &mut Floor, spec: Spec, now: Millis) -> Result<u64, Denial> {
        let name = if spec.name.is_empty() { floor.made_up_id() } else { spec.name.clone() };
        let kinds = [(ProtectionKind::StopLoss, spec.stop), (ProtectionKind::TakeProfit, spec.target)];
        let mut legs: Vec<u64> = Vec::new();
        for (kind, trigger) in kinds.into_iter().filter_map(|(kind, trigger)| Some((kind, trigger?))) {
            let new = NewConditional {
                // No client can give a name like the second leg's.
                client_id: if legs.is_empty() { name.clone() } else { format!("{name}.2") },
                symbol: spec.symbol.clone(),
                buy: spec.buy,
                position_side: spec.position_side,
                kind,
                trigger_price: trigger.price,
                by: trigger.by,
                amount: spec.size.map_or(Amount::WholePosition, |qty| {
                    // With a side in hedge mode the book knows by itself.
                    Amount::Qty { qty, reduce_only: spec.reduce_only && spec.position_side.is_none() }
                }),
            };
            match floor.book.place_conditional(&new, now) {
                Ok(number) => legs.push(number),
                Err(denial) => {
                    withdraw(floor, &legs, now);
                    return Err(denial);
                }
            }
        }
        self.last_algo += 1;
        self.waiting.push(Algo { number: self.last_algo, spec, legs, created: now });
        Ok(self.last_algo)
    }

    /// Withdraws an algo order that waits.
    pub fn cancel(&mut self, floor: &mut Floor, number: u64, now: Millis) -> Result<(), Fail> {
        let algo = self.waiting.iter().find(|algo| algo.number == number).ok_or_else(Fail::gone)?;
        for leg in &algo.legs {
            floor.book.cancel_conditional(*leg, now).map_err(fail::algo)?;
        }
        Ok(())
    }
}

/// Settings.
impl Desk {
    /// Leverage of a contract in a mode; isolated positions of a hedge have one for each side.
    pub fn lever(&self, symbol: &Symbol, mode: MarginMode, side: Option<Side>) -> u32 {
        let first = if mode == MarginMode::Isolated { LEVER_ISOLATED } else { LEVER_CROSS };
        self.levers.get(&lever_key(symbol, mode, side)).copied().unwrap_or(first)
    }

    /// Remembers it.
    pub fn set_lever(&mut self, symbol: &Symbol, mode: MarginMode, side: Option<Side>, lever: u32) {
        self.levers.insert(lever_key(symbol, mode, side), lever);
    }

    /// Brings the book's contract into an order's mode. The real exchange holds cross and isolated positions side by
    /// side; here that is refused loudly. An order that can only close finds nothing in the other mode.
    pub fn adopt(&self, floor: &mut Floor, symbol: &Symbol, mode: MarginMode, effect: Effect) -> Result<(), Fail> {
        let market = floor.book.market(symbol).ok_or_else(|| fail::plain(Denial::NoPrice))?;
        let (before, leverage) = (market.margin_mode, market.leverage);
        let Some(opens) = effect.opens else {
            return if before == mode { Ok(()) } else { Err(Fail::no_position()) };
        };
        if before != mode {
            floor.book.set_margin_mode(symbol, mode).map_err(fail::plain)?;
        }
        let lever = self.lever(symbol, mode, floor.book.is_hedge().then_some(opens));
        if lever != leverage {
            // Refused only where the other side of an isolated hedge holds it: the book knows one leverage for both.
            let _ = floor.book.set_leverage(symbol, lever);
        }
        Ok(())
    }
}

/// Cancels legs that wait: nothing else can have happened to them in this instant.
fn withdraw(floor: &mut Floor, legs: &[u64], now: Millis) {
    for leg in legs {
        let _ = floor.book.cancel_conditional(*leg, now);
    }
}

fn lever_key(symbol: &Symbol, mode: MarginMode, side: Option<Side>) -> (Symbol, bool, Option<Side>) {
    let is_isolated = mode == MarginMode::Isolated;
    (symbol.clone(), is_isolated, side.filter(|_| is_isolated))
}

/// What happens of its own accord.
impl Desk {
    /// Ends what a fired leg or a closed position ends, and lets come into being what filled orders brought along.
    pub fn settle(&mut self, floor: &mut Floor, now: Millis) {
        for algo in &self.waiting {
            let is_waiting = |leg: &u64| floor.book.conditional_by_number(*leg).is_some_and(Conditional::is_waiting);
            let legs: Vec<u64> = algo.legs.iter().copied().filter(is_waiting).collect();
            let is_fired = legs.len() < algo.legs.len();
            let is_over = algo.spec.ends_with_position
                && algo.spec.closes().is_some_and(|side| floor.book.position(&algo.spec.symbol, side).is_zero());
            if is_fired || is_over {
                withdraw(floor, &legs, now);
            }
        }
        self.put_away(floor);
        self.attach(floor, now);
    }

    fn put_away(&mut self, floor: &Floor) {
        let (waiting, ended) = std::mem::take(&mut self.waiting).into_iter().partition(|algo| algo.state(floor) == State::Live);
        self.waiting = waiting;
        let ended: Vec<Algo> = ended;
        self.ended.extend(ended);
        while self.ended.len() > floor.config.history_max.max(1) {
            self.ended.pop_front();
        }
    }

    /// Stops come into being when their order is filled completely; one that ends before brings none.
    fn attach(&mut self, floor: &mut Floor, now: Millis) {
        for parent in std::mem::take(&mut self.expecting) {
            let status = floor.book.order_by_number(parent).map_or(OrderStatus::Canceled, |order| order.status);
            if !status.is_final() {
                self.expecting.push(parent);
                continue;
            }
            let mut attached = self.plain.get(&parent).map(|plain| plain.attached.clone()).unwrap_or_default();
            for one in attached.iter_mut().filter(|_| status == OrderStatus::Filled) {
                if let Err(denial) = self.place(floor, one.spec.clone(), now) {
                    one.fail_code = fail::algo(denial).code;
                }
            }
            if let Some(plain) = self.plain.get_mut(&parent) {
                plain.attached = attached;
            }
        }
    }
}
