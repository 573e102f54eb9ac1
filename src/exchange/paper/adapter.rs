//! The book in the words of the trait.

use std::sync::Arc;

use super::{
    Amount, Book, Conditional, ConditionalStatus, Denial, Market, NewConditional, NewPlain, Obstacle, Order, Paper, TimeInForce, Trade,
    lock,
};
use crate::exchange::{
    AccountMode, Capabilities, Covers, CustomIds, Exchange, ExchangeError, Habit, Letters, MarginScope, Reason, Result, Second,
};
use crate::market::{
    Action, Balance, Decimal, Fill, Instruments, Millis, NewOrder, OrderKind, OrderRef, OrderState, OrderStatus, Position, Protection,
    Quote, Side, Symbol, Terms,
};

const SETTLE: &str = "USDT";

/// What it can do.
pub const CAPABILITIES: Capabilities = Capabilities {
    name: "paper",
    margin_mode: MarginScope::Contract,
    hedge: true,
    stop: CLOSES_POSITION,
    target: CLOSES_POSITION,
    attaches_stop: false,
    guards_end_with_position: true,
    guards_hold_up_close: false,
    positions_show_orders: true,
    custom_ids: Some(CustomIds { chars_max: 36, letters: Letters::Any, signs: ".:/_-" }),
    batch: 5,
    fence_ms: 0,
    watch_per_minute_max: 6000,
    budget_is_shared: false,
};
const CLOSES_POSITION: Habit = Habit { covers: Covers::Position, second: Second::Refused };

impl Exchange for Paper {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn server_time(&mut self) -> Result<Millis> {
        Ok((self.clock)())
    }

    fn open(&mut self) -> Result<AccountMode> {
        self.load(false)?;
        Ok(AccountMode { hedge: lock(&self.shared).book.is_hedge(), restricted: None })
    }

    fn instruments(&mut self) -> Result<Arc<Instruments>> {
        self.load(true)
    }

    fn quote(&mut self, symbol: &Symbol) -> Result<Quote> {
        self.act(Some(symbol), |book, _| {
            let tick = book.instrument(symbol.as_str()).map_err(refusal)?.tick;
            let market = book.market(symbol).ok_or_else(|| refusal(Denial::NoPrice))?;
            Ok(market.quote(tick))
        })
    }

    fn balance(&mut self) -> Result<Balance> {
        Ok(self.act(None, |book, _| Balance { coin: SETTLE.to_owned(), total: book.equity(), available: book.available() }))
    }

    fn positions(&mut self, only: Option<&Symbol>) -> Result<Vec<Position>> {
        Ok(self.act(None, |book, _| positions(book, only)))
    }

    fn terms(&mut self, symbol: &Symbol) -> Result<Terms> {
        self.act(Some(symbol), |book, _| {
            book.instrument(symbol.as_str()).map_err(refusal)?;
            book.market(symbol).map(terms).ok_or_else(|| refusal(Denial::NoPrice))
        })
    }

    fn cancel_all(&mut self, symbol: &Symbol, conditional: bool) -> Result<()> {
        self.act(Some(symbol), |book, now| {
            book.instrument(symbol.as_str()).map_err(refusal)?;
            book.cancel_all(symbol, now);
            if conditional {
                book.cancel_all_conditionals(symbol, now);
            }
            Ok(())
        })
    }

    fn prepare(&mut self, symbol: &Symbol, want: &Terms) -> Result<()> {
        self.act(Some(symbol), |book, _| {
            if let Some(mode) = want.margin_mode {
                match book.set_margin_mode(symbol, mode) {
                    Ok(()) | Err(Denial::NoChange) => {}
                    Err(denial) => return Err(refusal(denial)),
                }
            }
            want.leverage.map_or(Ok(()), |leverage| book.set_leverage(symbol, leverage)).map_err(refusal)
        })
    }

    fn place(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
        let symbol = orders.first().map(|order| order.symbol.clone());
        self.act(symbol.as_ref(), |book, now| orders.iter().map(|order| place(book, order, now)).collect())
    }

    fn protect(&mut self, protection: &Protection) -> Result<OrderState> {
        self.act(Some(&protection.symbol), |book, now| {
            let order = NewConditional {
                client_id: protection.id.as_str().to_owned(),
                symbol: protection.symbol.clone(),
                buy: protection.side == Side::Short,
                position_side: book.is_hedge().then_some(protection.side),
                kind: protection.kind,
                trigger_price: protection.trigger_price,
                by: protection.by,
                amount: Amount::WholePosition,
            };
            let number = book.place_conditional(&order, now).map_err(refusal)?;
            let placed = book.conditional_by_number(number).ok_or_else(|| refusal(Denial::UnknownOrder))?;
            Ok(conditional_state(book, placed))
        })
    }

    fn order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        Ok(self.act(Some(&order.symbol), |book, _| {
            let id = order.id.as_str();
            let state = if order.guard.is_some() {
                book.conditional_by_id(id).map(|found| conditional_state(book, found))
            } else {
                book.order_by_id(id).map(plain_state)
            };
            state.filter(|state| state.symbol == order.symbol)
        }))
    }

    fn open_orders(&mut self, symbol: &Symbol) -> Result<Vec<OrderState>> {
        Ok(self.act(Some(symbol), |book, _| {
            let plain = book.open_orders().iter().map(plain_state);
            let conditional = book.open_conditionals().iter().map(|order| conditional_state(book, order));
            plain.chain(conditional).filter(|state| state.symbol == *symbol).collect()
        }))
    }

    fn cancel(&mut self, order: &OrderRef) -> Result<()> {
        self.act(Some(&order.symbol), |book, now| {
            let id = order.id.as_str();
            let unknown = || refusal(Denial::UnknownOrder);
            if order.guard.is_some() {
                let open = book.open_conditionals().iter().find(|open| open.client_id == id && open.symbol == order.symbol);
                let number = open.map(|open| open.number).ok_or_else(unknown)?;
                return book.cancel_conditional(number, now).map_err(refusal);
            }
            let open = book.open_orders().iter().find(|open| open.client_id == id && open.symbol == order.symbol);
            let number = open.map(|open| open.number).ok_or_else(unknown)?;
            book.cancel(number, now).map_err(refusal)
        })
    }

    fn fills(&mut self, symbol: &Symbol, since: Millis) -> Result<Vec<Fill>> {
        Ok(self.act(Some(symbol), |book, _| {
            book.trades().iter().filter(|trade| trade.symbol == *symbol && trade.at >= since).map(fill).collect()
        }))
    }
}

fn place(book: &mut Book, order: &NewOrder, now: Millis) -> Result<OrderState> {
    let plain = NewPlain {
        client_id: order.id.as_str().to_owned(),
        symbol: order.symbol.clone(),
        buy: (order.side == Side::Long) == (order.action == Action::Open),
        position_side: book.is_hedge().then_some(order.side),
        reduce_only: order.action == Action::Close && !book.is_hedge(),
        price: match order.kind {
            OrderKind::Market => None,
            OrderKind::Limit { price } => Some(price),
        },
        time_in_force: TimeInForce::Gtc,
        qty: order.qty,
        stop: None,
    };
    let number = book.place(&plain, now).map_err(refusal)?;
    book.order_by_number(number).map(plain_state).ok_or_else(|| refusal(Denial::UnknownOrder))
}

fn positions(book: &Book, only: Option<&Symbol>) -> Vec<Position> {
    let mut rows = Vec::new();
    for (symbol, market) in book.markets().filter(|(symbol, _)| only.is_none_or(|only| only == *symbol)) {
        for side in [Side::Long, Side::Short] {
            let held = market.held(side);
            let has_orders = || book.open_orders().iter().any(|order| order.symbol == *symbol && plain_state(order).side == side);
            if held.qty.is_zero() && !has_orders() {
                continue;
            }
            rows.push(Position {
                hedge: book.is_hedge(),
                symbol: symbol.clone(),
                side,
                qty: held.qty,
                entry_price: held.entry_price,
                mark_price: market.mark,
                liquidation_price: market.liquidation_price(side),
                changed_at: changed_at(book, symbol, side),
                unrealized_pnl: held.profit(side, held.qty, market.mark),
                margin: market.margin_of(held.qty * held.entry_price),
                break_even_price: market.break_even_price(side, book.knobs().taker_fee),
                terms: terms(market),
            });
        }
    }
    rows
}

fn changed_at(book: &Book, symbol: &Symbol, side: Side) -> Millis {
    book.trades().iter().rev().find(|trade| trade.symbol == *symbol && trade.side == side).map_or(0, |trade| trade.at)
}

fn terms(market: &Market) -> Terms {
    Terms { leverage: Some(market.leverage), margin_mode: Some(market.margin_mode) }
}

fn plain_state(order: &Order) -> OrderState {
    let effect = order.effect();
    OrderState {
        created_at: order.created,
        id: order.client_id.clone(),
        symbol: order.symbol.clone(),
        side: effect.opens.or(effect.closes).unwrap_or(Side::Long),
        opens: effect.opens.is_some(),
        conditional: false,
        guards: None,
        status: order.status,
        qty: order.qty,
        filled: order.filled,
        avg_price: order.avg_price(),
        price: order.price.unwrap_or_default(),
    }
}

fn conditional_state(book: &Book, order: &Conditional) -> OrderState {
    let child = order.child.and_then(|number| book.order_by_number(number));
    let effect = order.effect();
    OrderState {
        created_at: order.created,
        id: order.client_id.clone(),
        symbol: order.symbol.clone(),
        side: effect.closes.or(effect.opens).unwrap_or(Side::Long),
        opens: effect.opens.is_some(),
        conditional: true,
        guards: Some(order.kind),
        status: match order.status {
            ConditionalStatus::New => OrderStatus::Resting,
            ConditionalStatus::Triggering | ConditionalStatus::Triggered => OrderStatus::Triggered,
            ConditionalStatus::Finished => child.map_or(OrderStatus::Expired, |child| child.status),
            ConditionalStatus::Canceled => OrderStatus::Canceled,
            ConditionalStatus::Expired => OrderStatus::Expired,
            ConditionalStatus::Rejected => OrderStatus::Rejected,
        },
        qty: match order.amount {
            Amount::WholePosition => Decimal::ZERO,
            Amount::Qty { qty, .. } => qty,
        },
        filled: child.map(|child| child.filled).unwrap_or_default(),
        avg_price: child.map(Order::avg_price).unwrap_or_default(),
        price: order.trigger_price,
    }
}

fn fill(trade: &Trade) -> Fill {
    Fill {
        by: None,
        side: trade.position_side,
        buy: trade.buy,
        price: trade.price,
        qty: trade.qty,
        fee: trade.fee,
        fee_elsewhere: false,
        at: trade.at,
    }
}

/// A refusal of the book in the classes all exchanges share.
fn refusal(denial: Denial) -> ExchangeError {
    let reason = match denial {
        Denial::UnknownSymbol | Denial::NotTrading => Reason::SymbolUnknown,
        Denial::NoPrice => Reason::Busy,
        Denial::BadClientId => Reason::BadRequest,
        Denial::DuplicateClientId => Reason::DuplicateClientId,
        Denial::PositionMode => Reason::PositionMode,
        Denial::NoPosition | Denial::ReduceOnlyConflict | Denial::Oversized { .. } => Reason::NoPosition,
        Denial::WouldTrigger => Reason::WouldTrigger,
        Denial::AlreadyProtected => Reason::AlreadyProtected,
        Denial::ZeroQty | Denial::MinQty { .. } => Reason::MinSize,
        Denial::MaxQty { .. } => Reason::MaxSize,
        Denial::OffStep { .. } | Denial::OffTick { .. } => Reason::Precision,
        Denial::BadPrice | Denial::PriceBand { .. } => Reason::PriceBand,
        Denial::MinNotional { .. } => Reason::MinNotional,
        Denial::InsufficientBalance { .. } => Reason::InsufficientBalance,
        Denial::TooManyOrders { .. } => Reason::TooManyOrders,
        Denial::UnknownOrder | Denial::Triggering => Reason::UnknownOrder,
        Denial::Leverage { .. } | Denial::Blocked(Obstacle::Margin) => Reason::Leverage,
        Denial::Blocked(_) => Reason::SettingBlocked,
        Denial::NoChange => Reason::NoChangeNeeded,
    };
    ExchangeError::refused(reason, denial.to_string())
}
