//! Margin modes and leverages: what a contract is set to, and what an order that opens says of both.

use super::KuCoin;
use super::wire::{self, margin_word};
use crate::exchange::error::{ExchangeError, Reason, Result};
use crate::exchange::orders::change;
use crate::exchange::params::Params;
use crate::exchange::session::Call;
use crate::market::{MarginMode, Symbol, Terms};

impl KuCoin {
    pub(super) fn read_margin_mode(&mut self, symbol: &Symbol) -> Result<MarginMode> {
        let (row, _) = self.call::<wire::MarginRow>(&Call::get("/api/v2/position/getMarginMode", Params::of(symbol)))?;
        self.is_in(symbol, row.mode());
        Ok(row.mode())
    }

    /// The contract is in this margin mode; its leverage with cross margin is another matter.
    pub(super) fn is_in(&mut self, symbol: &Symbol, mode: MarginMode) {
        self.known.set(symbol, Terms { margin_mode: Some(mode), ..self.known.get(symbol) });
    }

    /// The margin mode of the contract, and so of its position and of every order.
    pub(super) fn margin_mode(&mut self, symbol: &Symbol) -> Result<MarginMode> {
        match self.known.get(symbol).margin_mode {
            Some(mode) => Ok(mode),
            None => self.read_margin_mode(symbol),
        }
    }

    /// `None` where it is no whole number.
    pub(super) fn read_cross_leverage(&mut self, symbol: &Symbol) -> Result<Option<u32>> {
        let (row, _) = self.call::<wire::LeverageRow>(&Call::get("/api/v2/getCrossUserLeverage", Params::of(symbol)))?;
        self.known.set(symbol, Terms { leverage: row.leverage(), ..self.known.get(symbol) });
        Ok(row.leverage())
    }

    /// The contract's leverage with cross margin.
    pub(super) fn cross_leverage(&mut self, symbol: &Symbol) -> Result<Option<u32>> {
        match self.known.get(symbol).leverage {
            Some(leverage) => Ok(Some(leverage)),
            None => self.read_cross_leverage(symbol),
        }
    }

    /// What an order that opens says of its margin. It rather names the mode that was wished for, and is refused, than open
    /// in one that somebody set since.
    pub(super) fn opening_terms(&mut self, symbol: &Symbol) -> Result<(MarginMode, Option<u32>)> {
        let wish = self.wishes.get(symbol);
        let mode = match wish.margin_mode {
            Some(mode) => mode,
            None => self.margin_mode(symbol)?,
        };
        match mode {
            MarginMode::Cross => Ok((mode, self.cross_leverage(symbol)?)),
            MarginMode::Isolated if wish.leverage.is_none() => {
                Err(ExchangeError::refused(Reason::Leverage, "with isolated margin every order names its leverage, and none was given"))
            }
            MarginMode::Isolated => Ok((mode, wish.leverage)),
        }
    }

    pub(super) fn set_margin_mode(&mut self, symbol: &Symbol, mode: MarginMode) -> Result<()> {
        let params = Params::of(symbol).with("marginMode", margin_word(mode));
        let done = self.call::<wire::MarginRow>(&Call::post("/api/v2/position/changeMarginMode", &params));
        let done =
            done.and_then(|(set, attempt)| if set.mode() == mode { Ok(()) } else { Err(attempt.unknown("another margin mode was set")) });
        let so = Terms { margin_mode: Some(mode), ..self.known.get(symbol) };
        change(&mut self.known, symbol, so, done)
    }

    pub(super) fn set_cross_leverage(&mut self, symbol: &Symbol, leverage: u32) -> Result<()> {
        let params = Params::of(symbol).with("leverage", leverage.to_string());
        let done = self.call::<bool>(&Call::post("/api/v2/changeCrossUserLeverage", &params));
        let done =
            done.and_then(|(done, attempt)| if done { Ok(()) } else { Err(attempt.unknown("the answer does not say that it was done")) });
        let so = Terms { leverage: Some(leverage), ..self.known.get(symbol) };
        change(&mut self.known, symbol, so, done)
    }

    /// A refusal because of the margin or position mode shows that it is not what we took it for.
    pub(super) fn doubt_mode<T>(&mut self, symbol: &Symbol, results: &[Result<T>]) {
        if results.iter().any(|result| matches!(result, Err(error) if error.reason() == Some(Reason::PositionMode))) {
            self.known.set(symbol, Default::default());
        }
    }
}
