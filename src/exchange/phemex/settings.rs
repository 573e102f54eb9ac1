//! What a contract is set to: one-way or hedge, cross or isolated, and its leverage. All three stand in the rows of its
//! position, which are there even when it is flat, unless it was never touched.
//!
//! The position mode is never changed. A contract without rows is taken for one-way; a refusal proves the other mode.
//!
//! Margin mode and leverage are one number: negative is cross, positive isolated. In hedge mode both halves are set
//! together, because they cannot differ in their margin mode.

use super::wire::{self, PositionRow, Reply};
use super::{POSITIONS, Phemex};
use crate::exchange::attempt::Attempt;
use crate::exchange::error::{ExchangeError, Reason, Result};
use crate::exchange::numbers::whole_leverage;
use crate::exchange::orders::{change, shared_name};
use crate::exchange::params::Params;
use crate::exchange::session::Call;
use crate::market::{Decimal, MarginMode, Side, Symbol, Terms};

impl Phemex {
    /// Wallet and positions, of one contract or of all; the rows' position modes are remembered.
    pub(super) fn account(&mut self, only: Option<&Symbol>) -> Result<(wire::Account, Attempt)> {
        let query = Params::new().with("currency", self.settle.as_str()).with_some("symbol", only.map(Symbol::as_str));
        let (reply, attempt) = self.session.call_with_attempt::<Reply<wire::Account>>(&Call::get(POSITIONS, query))?;
        for row in &reply.data.positions {
            self.modes.set(shared_name(&self.instruments, &row.symbol), row.is_hedge());
        }
        Ok((reply.data, attempt))
    }

    /// The rows of one contract; none if it was never touched.
    pub(super) fn rows_of(&mut self, symbol: &Symbol) -> Result<Vec<PositionRow>> {
        let mut rows = self.account(Some(symbol))?.0.positions;
        rows.retain(|row| row.symbol == symbol.as_str());
        if let Some(first) = rows.first().map(PositionRow::terms) {
            // The halves may differ in their leverage: then there is no one leverage.
            let leverage = first.leverage.filter(|_| rows.iter().all(|row| row.terms() == first));
            self.known.set(&shared_name(&self.instruments, symbol.as_str()), Terms { leverage, ..first });
        }
        Ok(rows)
    }

    /// Whether a contract is in hedge mode. Asked for before something is sent, which therefore was not sent if this
    /// fails. Taken for one-way where nothing is known: an order for the wrong mode is refused.
    pub(super) fn mode_of(&mut self, symbol: &Symbol) -> Result<bool> {
        if self.modes.get(symbol).is_none() {
            self.rows_of(symbol).map_err(ExchangeError::nothing_sent)?;
        }
        Ok(self.modes.get(symbol).unwrap_or(false))
    }

    /// The half that orders for a side must name; `None` in one-way mode.
    pub(super) fn half(&mut self, symbol: &Symbol, side: Side) -> Result<Option<Side>> {
        Ok(self.mode_of(symbol)?.then_some(side))
    }

    /// What was taken for its mode is so if that succeeded, and the other way round if it was refused for the mode.
    pub(super) fn learn_mode<T>(&mut self, symbol: &Symbol, taken_for: bool, result: &Result<T>) {
        match result {
            Ok(_) => self.modes.set(symbol.clone(), taken_for),
            Err(error) if error.reason() == Some(Reason::PositionMode) => self.modes.set(symbol.clone(), !taken_for),
            Err(_) => {}
        }
    }

    /// Sets leverage and margin mode in one call; what is not wanted stays as it is.
    pub(super) fn set_terms(&mut self, symbol: &Symbol, want: &Terms) -> Result<()> {
        let ([long, short], mode) = self.leverages(symbol, want).map_err(ExchangeError::nothing_sent)?;
        let so = Terms { leverage: whole_leverage(long.abs()).filter(|_| long == short), margin_mode: Some(mode) };
        let hedge = self.modes.get(symbol).unwrap_or(false);
        let done = match self.send_leverages(symbol, [long, short], hedge) {
            // A setting, not an order: in the other mode it does the same.
            Err(error) if error.reason() == Some(Reason::PositionMode) => self.send_leverages(symbol, [long, short], !hedge),
            done => done,
        };
        let done = match done {
            // What is so already may be refused: the rows tell.
            Err(ExchangeError::Refused(refusal)) if !refusal.reason.is_transient() => match self.rows_of(symbol) {
                Ok(rows) if !rows.is_empty() && self.known.get(symbol) == so => Ok(()),
                _ => Err(ExchangeError::Refused(refusal)),
            },
            done => done,
        };
        change(&mut self.known, symbol, so, done)
    }

    /// One call, in the fields of one position mode.
    fn send_leverages(&mut self, symbol: &Symbol, [long, short]: [Decimal; 2], hedge: bool) -> Result<()> {
        let params = Params::of(symbol);
        let params = if hedge {
            params.with_decimal("longLeverageRr", long).with_decimal("shortLeverageRr", short)
        } else {
            params.with_decimal("leverageRr", long)
        };
        let done = self.session.call::<wire::Done>(&Call::query("PUT", "/g-positions/leverage", params)).map(drop);
        self.learn_mode(symbol, hedge, &done);
        done
    }

    /// What to set the halves to, and the margin mode which that says.
    fn leverages(&mut self, symbol: &Symbol, want: &Terms) -> Result<([Decimal; 2], MarginMode)> {
        let mode = match want.margin_mode.or(self.known.get(symbol).margin_mode) {
            Some(mode) => mode,
            None => {
                self.rows_of(symbol)?;
                // What the exchange lists as its default.
                self.known.get(symbol).margin_mode.unwrap_or(MarginMode::Cross)
            }
        };
        if let Some(leverage) = want.leverage {
            return Ok(([wire::signed_leverage(leverage.into(), mode); 2], mode));
        }
        let rows = self.rows_of(symbol)?;
        let own = |side: Side| {
            let row = rows.iter().find(|row| row.half().is_none_or(|half| half == side));
            row.and_then(PositionRow::own_leverage).map(|leverage| wire::signed_leverage(leverage, mode))
        };
        let none = || ExchangeError::refused(Reason::Leverage, "the contract has no leverage that could be kept: name one");
        Ok(([own(Side::Long).ok_or_else(none)?, own(Side::Short).ok_or_else(none)?], mode))
    }
}
