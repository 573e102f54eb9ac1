//! From what a text order asks and what the exchange says is there, to the orders it wants. Pure arithmetic.
//!
//! An order that goes against a position first takes it down with an order that can do nothing else, and only then opens
//! what is left: a reversal is two orders. Sizes are rounded down, and whatever changes later only makes them smaller.

use serde::{Deserialize, Serialize};

use crate::alert::{Command, Leverage, Order, Size, Unit, Verb};
use crate::market::{Action, Decimal, Instrument, Position, Quote, Side, Terms, sizing};

/// A loss of more than this share by rounding down is worth a notice.
const ROUNDING_LOSS_MAX: Decimal = Decimal::from_parts(10, 0, 0, false, 2);

/// What was read before deciding. What an order does not need is not asked for.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Long and short are held side by side.
    pub hedge: bool,
    /// Positions of the contract.
    pub positions: Option<Vec<Position>>,
    /// Prices, for sizes in money.
    pub quote: Option<Quote>,
    /// Everything the account has, for sizes in percent; settle coin.
    pub total: Option<Decimal>,
    /// What the contract is set to, for alerts that name no leverage.
    pub terms: Option<Terms>,
}

/// A fact that must be read before a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Positions of the contract.
    Positions,
    /// Best bid and ask.
    Quote,
    /// Balance of the account.
    Balance,
    /// Leverage of the contract.
    Terms,
}

/// What shall be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In this order, each finished before the next begins. Empty: there is nothing to trade.
    pub legs: Vec<Leg>,
    /// Leverage to set; `None`: left as it is.
    pub leverage: Option<u32>,
    /// The position that stop and target of the alert are to protect.
    pub guards: Option<Side>,
    /// Why there is nothing to trade.
    pub idle: Option<String>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// One step of a plan: so much of one side, opened or closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// The position it belongs to.
    pub side: Side,
    /// Whether it builds that position up or takes it down.
    pub action: Action,
    /// Base coin; becomes smaller when the balance is too small.
    pub qty: Decimal,
    /// Base coin, filled by orders that have ended.
    #[serde(default)]
    pub done: Decimal,
}

impl Leg {
    fn new(side: Side, action: Action, qty: Decimal) -> Leg {
        Leg { side, action, qty, done: Decimal::ZERO }
    }

    /// Whether it builds a position up.
    pub fn opens(&self) -> bool {
        self.action == Action::Open
    }

    /// What is still to be traded, base coin.
    pub fn rest(&self) -> Decimal {
        (self.qty - self.done).max(Decimal::ZERO)
    }
}

/// What must be read before [`plan`] can decide about this command.
pub fn needs(command: &Command) -> Vec<Need> {
    let mut needs = vec![Need::Positions];
    let Command::Order(order) = command else { return needs };
    let priced = matches!(order.size.unit, Unit::Money | Unit::Percent);
    let guarded = order.limit.is_none() && (order.stop.is_some() || order.target.is_some());
    if priced || guarded {
        needs.push(Need::Quote);
    }
    if order.size.unit == Unit::Percent {
        needs.push(Need::Balance);
    }
    if order.leverage.is_none() && order.size.unit != Unit::Contracts && !order.size.nominal {
        needs.push(Need::Terms);
    }
    needs
}

/// Decides. An error is a refusal in words.
pub fn plan(instrument: &Instrument, command: &Command, facts: &Facts) -> Result<Plan, String> {
    let desk = Decider { instrument, facts };
    match command {
        Command::Order(order) => desk.order(order),
        Command::Close { percent } => Ok(desk.close(*percent)),
        Command::ChangeLeverage(leverage) => desk.change_leverage(*leverage),
        Command::Cancel(_) | Command::Enter(_) | Command::Exit { .. } => Ok(Plan::default()),
    }
}

struct Decider<'a> {
    instrument: &'a Instrument,
    facts: &'a Facts,
}

impl Decider<'_> {
    fn held(&self, side: Side) -> Decimal {
        let rows = self.facts.positions.iter().flatten();
        rows.filter(|row| row.symbol == self.instrument.symbol && row.side == side).map(|row| row.qty).sum()
    }

    fn order(&self, order: &Order) -> Result<Plan, String> {
        let mut warnings = Vec::new();
        let named = order.leverage.map(|leverage| self.leverage(leverage, &mut warnings)).transpose()?;
        let plan = match order.verb {
            Verb::Buy => self.trade(order, Side::Long, named, &mut warnings)?,
            Verb::Sell => self.trade(order, Side::Short, named, &mut warnings)?,
            Verb::Position => self.target(order, named, &mut warnings)?,
        };
        let opens = plan.legs.iter().any(Leg::opens);
        // Taking a position down leaves its leverage alone, except that `position` says what the rest shall have.
        let leverage = named.filter(|_| opens || order.verb == Verb::Position && self.holds_anything());
        let guards = plan.guards.filter(|_| order.stop.is_some() || order.target.is_some());
        if let Some(side) = guards {
            self.check_guards(order, side)?;
        } else if order.stop.is_some() || order.target.is_some() {
            warnings.push("tp: and sl: protect a position that the order builds; this one builds none, so they are not used".to_owned());
        }
        self.check_limits(order, &plan.legs)?;
        Ok(Plan { leverage, guards, warnings, ..plan })
    }

    fn holds_anything(&self) -> bool {
        self.held(Side::Long) > Decimal::ZERO || self.held(Side::Short) > Decimal::ZERO
    }

    /// `buy` opens or builds up a long, `sell` a short; against the other side they reduce it first.
    fn trade(&self, order: &Order, side: Side, named: Option<u32>, warnings: &mut Vec<String>) -> Result<Plan, String> {
        let qty = self.quantity(order.size, named, warnings)?;
        let other = self.held(side.other());
        if order.reduce {
            return Ok(match other.is_zero() {
                true => idle(format!("there is no {} position to reduce", side.other())),
                false => self.reduce(side.other(), qty.min(other)),
            });
        }
        if self.facts.hedge || other.is_zero() {
            return Ok(open(vec![Leg::new(side, Action::Open, qty)], side));
        }
        if order.limit.is_some() {
            // One order, as it is: reduce-only by itself when it fits inside the position.
            let leg = if qty <= other { Leg::new(side.other(), Action::Close, qty) } else { Leg::new(side, Action::Open, qty) };
            return Ok(Plan { guards: leg.opens().then_some(side), legs: vec![leg], ..Plan::default() });
        }
        let rest = sizing::floor_to(qty - other, self.step()).unwrap_or_default();
        if qty <= other {
            return Ok(self.reduce(side.other(), qty));
        }
        let mut legs = vec![Leg::new(side.other(), Action::Close, other)];
        if rest < self.least() || self.is_worth_too_little(order, rest) {
            warnings.push(format!("the rest of {} after closing the {} position is too small to open", rest.normalize(), side.other()));
            return Ok(Plan { legs, ..Plan::default() });
        }
        legs.push(Leg::new(side, Action::Open, rest));
        Ok(open(legs, side))
    }

    fn reduce(&self, side: Side, qty: Decimal) -> Plan {
        let qty = sizing::floor_to(qty, self.step()).unwrap_or_default();
        match qty.is_zero() {
            true => idle(format!("less than one lot step ({})", self.step().normalize())),
            false => Plan { legs: vec![Leg::new(side, Action::Close, qty)], ..Plan::default() },
        }
    }

    /// `position`: whatever is there becomes what is asked, and nothing happens when it is so already.
    fn target(&self, order: &Order, named: Option<u32>, warnings: &mut Vec<String>) -> Result<Plan, String> {
        let side = if order.size.amount.is_sign_negative() { Side::Short } else { Side::Long };
        let (held, other) = (self.held(side), self.held(side.other()));
        let wanted = Size { amount: order.size.amount.abs(), ..order.size };
        let mut legs = Vec::new();
        if other > Decimal::ZERO {
            legs.push(Leg::new(side.other(), Action::Close, other));
        }
        let change = match held.is_zero() {
            true => self.quantity(wanted, named, warnings)?,
            false => self.change(wanted, side, held, named)?,
        };
        let size = sizing::floor_to(change.abs(), self.step()).unwrap_or_default();
        if change.is_sign_negative() && !size.is_zero() {
            legs.push(Leg::new(side, Action::Close, size.min(held)));
        } else if !order.reduce && size >= self.least() {
            legs.push(Leg::new(side, Action::Open, size));
        }
        let idle = legs.is_empty().then(|| format!("the {side} position is as large as asked already"));
        Ok(Plan { legs, guards: Some(side), idle, ..Plan::default() })
    }

    /// How much a position of the same side must grow (or, negative, shrink). Targets in money are compared with the
    /// margin it was entered with, so that repeating one after the price has moved does nothing.
    fn change(&self, wanted: Size, side: Side, held: Decimal, named: Option<u32>) -> Result<Decimal, String> {
        if !matches!(wanted.unit, Unit::Money | Unit::Percent) {
            return Ok(self.amount(wanted, named)? - held);
        }
        let rows = self.facts.positions.iter().flatten();
        let row = rows.into_iter().find(|row| row.symbol == self.instrument.symbol && row.side == side);
        let entry = row.map(|row| row.entry_price).filter(|price| *price > Decimal::ZERO).ok_or("the position has no entry price")?;
        let spent = held.checked_mul(entry).ok_or_else(out_of_range)?;
        let extra = self.budget(wanted, named)?.checked_sub(spent).ok_or_else(out_of_range)?;
        let price = if extra.is_sign_negative() { entry } else { self.mid()? };
        extra.checked_div(price).ok_or_else(out_of_range)
    }

    fn close(&self, percent: Option<Decimal>) -> Plan {
        let mut plan = Plan::default();
        for side in [Side::Long, Side::Short] {
            let held = self.held(side);
            let part = match percent {
                None => held,
                Some(percent) => held.checked_mul(percent).and_then(|part| part.checked_div(Decimal::ONE_HUNDRED)).unwrap_or(held),
            };
            let qty = sizing::floor_to(part, self.step()).unwrap_or_default();
            if !qty.is_zero() {
                plan.legs.push(Leg::new(side, Action::Close, qty));
            } else if !held.is_zero() {
                plan.idle = Some(format!("that part of the position is less than one lot step ({})", self.step().normalize()));
            }
        }
        if plan.legs.is_empty() {
            plan.idle.get_or_insert_with(|| "there is no position to close".to_owned());
        }
        plan
    }

    fn change_leverage(&self, wanted: Leverage) -> Result<Plan, String> {
        if !self.holds_anything() {
            return Ok(idle("there is no position whose leverage could be changed".to_owned()));
        }
        let mut warnings = Vec::new();
        let leverage = Some(self.leverage(wanted, &mut warnings)?);
        Ok(Plan { leverage, warnings, ..Plan::default() })
    }

    fn leverage(&self, wanted: Leverage, warnings: &mut Vec<String>) -> Result<u32, String> {
        let max = self.instrument.max_leverage;
        match wanted {
            Leverage::Max if max == 0 => Err("xmax: the exchange does not say what leverage the contract allows".to_owned()),
            Leverage::Max => Ok(max),
            Leverage::Factor(factor) if max > 0 && factor > max => {
                warnings.push(format!("leverage {factor} is above the contract's maximum of {max}; {max} is used"));
                Ok(max)
            }
            Leverage::Factor(factor) => Ok(factor),
        }
    }

    /// Base coin, on the step, and not below what can be ordered.
    fn quantity(&self, size: Size, named: Option<u32>, warnings: &mut Vec<String>) -> Result<Decimal, String> {
        let wanted = self.amount(size, named)?;
        let qty = sizing::floor_to(wanted, self.step()).ok_or_else(out_of_range)?;
        if qty.is_zero() {
            return Err(format!("{} is less than one lot step ({})", wanted.round_dp(8).normalize(), self.step().normalize()));
        }
        let lost = Decimal::ONE - qty.checked_div(wanted).ok_or_else(out_of_range)?;
        if lost > ROUNDING_LOSS_MAX {
            let percent = (lost * Decimal::ONE_HUNDRED).round();
            warnings.push(format!("rounding down to the lot step takes {percent} % off the order"));
        }
        Ok(qty.normalize())
    }

    fn amount(&self, size: Size, named: Option<u32>) -> Result<Decimal, String> {
        match size.unit {
            Unit::Coins if size.nominal => Some(size.amount),
            Unit::Coins => size.amount.checked_mul(self.factor(named)?),
            Unit::Contracts => size.amount.checked_mul(self.instrument.contract_size),
            Unit::Money | Unit::Percent => sizing::bought(self.budget(size, named)?, self.mid()?),
        }
        .ok_or_else(out_of_range)
    }

    /// What a size in money or percent is worth as a position, settle coin.
    fn budget(&self, size: Size, named: Option<u32>) -> Result<Decimal, String> {
        let money = match size.unit {
            Unit::Percent => {
                let total = self.facts.total.ok_or("the balance is not known")?;
                let share = size.amount.clamp(-Decimal::ONE_HUNDRED, Decimal::ONE_HUNDRED);
                total.checked_mul(share).and_then(|part| part.checked_div(Decimal::ONE_HUNDRED)).ok_or_else(out_of_range)?
            }
            _ => size.amount,
        };
        let factor = if size.nominal { Decimal::ONE } else { self.factor(named)? };
        money.checked_mul(factor).ok_or_else(out_of_range)
    }

    /// The leverage sizes are multiplied with: the alert's, or what the exchange has.
    fn factor(&self, named: Option<u32>) -> Result<Decimal, String> {
        let there = self.facts.terms.and_then(|terms| terms.leverage);
        named.or(there).filter(|leverage| *leverage > 0).map(Decimal::from).ok_or_else(|| {
            "the alert names no leverage, and the exchange does not say what the contract is set to; add x and a number".to_owned()
        })
    }

    fn mid(&self) -> Result<Decimal, String> {
        let mid = self.facts.quote.as_ref().map(Quote::mid).filter(|mid| *mid > Decimal::ZERO);
        mid.ok_or_else(|| "the contract has no price now".to_owned())
    }

    fn step(&self) -> Decimal {
        sizing::market_step(self.instrument)
    }

    /// The smallest quantity that can open.
    fn least(&self) -> Decimal {
        self.instrument.min_qty.max(self.step())
    }

    /// What opens must be large enough, and a limit order no larger than one order may be.
    fn check_limits(&self, order: &Order, legs: &[Leg]) -> Result<(), String> {
        let Instrument { max_qty, min_notional, .. } = *self.instrument;
        for leg in legs.iter().filter(|leg| leg.opens()) {
            if leg.qty < self.least() {
                return Err(format!("quantity {} is below the contract's minimum of {}", leg.qty, self.least().normalize()));
            }
            if let Some(notional) = self.worth(order, leg.qty).filter(|notional| *notional < min_notional) {
                let notional = notional.round_dp(4).normalize();
                return Err(format!("order value {notional} is below the contract's minimum of {}", min_notional.normalize()));
            }
        }
        if order.limit.as_ref().is_some_and(|limit| sizing::limit_price(self.instrument, limit.price).is_none()) {
            return Err(format!("the limit price is below one tick ({}) or out of range", self.instrument.tick));
        }
        match order.limit.is_some() && !max_qty.is_zero() && legs.iter().any(|leg| leg.qty > max_qty) {
            true => Err(format!("quantity is above the contract's maximum of {} for one limit order", max_qty.normalize())),
            false => Ok(()),
        }
    }

    /// Price × quantity, as far as a price is known.
    fn worth(&self, order: &Order, qty: Decimal) -> Option<Decimal> {
        let mark = || self.facts.positions.iter().flatten().map(|row| row.mark_price).find(|price| !price.is_zero());
        let price = order.limit.as_ref().map(|limit| limit.price).or_else(|| self.mid().ok()).or_else(mark)?;
        price.checked_mul(qty)
    }

    fn is_worth_too_little(&self, order: &Order, qty: Decimal) -> bool {
        self.worth(order, qty).is_some_and(|worth| worth < self.instrument.min_notional)
    }

    /// A stop that would fire at once opens nothing.
    fn check_guards(&self, order: &Order, side: Side) -> Result<(), String> {
        if let (Some(stop), None, Ok(mid)) = (order.stop, &order.limit, self.mid())
            && !side.is_worse(stop, mid)
        {
            return Err(format!("sl: {stop} is on the wrong side of the price, which is {}", mid.normalize()));
        }
        if let (Some(target), None, Ok(mid)) = (order.target, &order.limit, self.mid())
            && side.is_worse(target, mid)
        {
            return Err(format!("tp: {target} is on the wrong side of the price, which is {}", mid.normalize()));
        }
        for (word, is_stop, price) in [("sl:", true, order.stop), ("tp:", false, order.target)] {
            if price.is_some_and(|price| sizing::trigger_price(self.instrument, side, is_stop, price).is_none()) {
                return Err(format!("{word} is below one tick ({}) or out of range", self.instrument.tick));
            }
        }
        Ok(())
    }
}

/// The quantity to try after "insufficient balance": what the balance pays for, or 5 % less; never more. `None`: nothing is left that could be ordered.
pub fn shrink(instrument: &Instrument, qty: Decimal, affordable: Option<Decimal>) -> Option<Decimal> {
    let step = sizing::market_step(instrument);
    let less = qty.checked_mul(Decimal::new(95, 2))?;
    let wish = affordable.filter(|affordable| *affordable < qty).unwrap_or(less);
    let floored = sizing::floor_to(wish, step)?;
    let smaller = if floored >= qty { qty - step } else { floored };
    (smaller > Decimal::ZERO && smaller >= instrument.min_qty).then(|| smaller.normalize())
}

fn idle(why: String) -> Plan {
    Plan { idle: Some(why), ..Plan::default() }
}

fn open(legs: Vec<Leg>, side: Side) -> Plan {
    Plan { legs, guards: Some(side), ..Plan::default() }
}

fn out_of_range() -> String {
    "the size is out of range".to_owned()
}

#[cfg(test)]
mod tests;
