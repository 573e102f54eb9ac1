//! What an account and its contracts are set to: position mode, margin mode, leverage.

use super::book::Book;
use super::order::{Conditional, Denial, Obstacle};
use crate::market::{Decimal, MarginMode, Symbol};

impl Book {
    /// One-way or hedge mode, for the whole account.
    pub fn set_hedge(&mut self, hedge: bool) -> Result<(), Denial> {
        if self.hedge == hedge {
            return Err(Denial::NoChange);
        }
        if !self.plain.open.is_empty() || self.conditional.open.iter().any(Conditional::is_waiting) {
            return Err(Denial::Blocked(Obstacle::Orders));
        }
        if self.markets.values().any(|market| !market.is_flat()) {
            return Err(Denial::Blocked(Obstacle::Position));
        }
        self.hedge = hedge;
        self.changes += 1;
        Ok(())
    }

    /// One-way or hedge mode of one contract, which from then on is its own.
    pub fn set_hedge_on(&mut self, symbol: &Symbol, hedge: bool) -> Result<(), Denial> {
        if self.is_hedge_on(symbol) == hedge {
            return Err(Denial::NoChange);
        }
        if self.has_open_orders(symbol) {
            return Err(Denial::Blocked(Obstacle::Orders));
        }
        let market = self.markets.get_mut(symbol).ok_or(Denial::NoPrice)?;
        if !market.is_flat() {
            return Err(Denial::Blocked(Obstacle::Position));
        }
        market.hedge = Some(hedge);
        self.changes += 1;
        Ok(())
    }

    /// Leverage of one contract.
    pub fn set_leverage(&mut self, symbol: &Symbol, leverage: u32) -> Result<(), Denial> {
        let max = self.instrument(symbol.as_str())?.max_leverage;
        if leverage == 0 || (max != 0 && leverage > max) {
            return Err(Denial::Leverage { max });
        }
        let market = self.markets.get_mut(symbol).ok_or(Denial::NoPrice)?;
        if leverage < market.leverage && market.margin_mode == MarginMode::Isolated && !market.is_flat() {
            return Err(Denial::Blocked(Obstacle::IsolatedPosition));
        }
        let before = std::mem::replace(&mut market.leverage, leverage);
        if leverage < before && self.free_margin() < Decimal::ZERO {
            if let Some(market) = self.markets.get_mut(symbol) {
                market.leverage = before;
            }
            return Err(Denial::Blocked(Obstacle::Margin));
        }
        self.changes += 1;
        Ok(())
    }

    /// Margin mode of one contract.
    pub fn set_margin_mode(&mut self, symbol: &Symbol, mode: MarginMode) -> Result<(), Denial> {
        self.instrument(symbol.as_str())?;
        let has_orders = self.has_open_orders(symbol);
        let market = self.markets.get_mut(symbol).ok_or(Denial::NoPrice)?;
        if market.margin_mode == mode {
            return Err(Denial::NoChange);
        }
        if has_orders {
            return Err(Denial::Blocked(Obstacle::Orders));
        }
        if !market.is_flat() {
            return Err(Denial::Blocked(Obstacle::Position));
        }
        market.margin_mode = mode;
        self.changes += 1;
        Ok(())
    }

    /// Whether a plain or a waiting conditional order is open on a contract.
    pub fn has_open_orders(&self, symbol: &Symbol) -> bool {
        self.plain.open.iter().any(|order| order.symbol == *symbol)
            || self.conditional.open.iter().any(|order| order.is_waiting() && order.symbol == *symbol)
    }
}
