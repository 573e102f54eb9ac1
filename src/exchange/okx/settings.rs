//! Margin modes and leverages: which mode an order must name, and what it is set to.

use super::wire::{self, margin_word};
use super::{Okx, errors, of};
use crate::exchange::Exchange;
use crate::exchange::error::{ExchangeError, Result};
use crate::exchange::orders::leverage_set;
use crate::exchange::session::Call;
use crate::market::{MarginMode, Side, Symbol, Terms};

impl Okx {
    /// The margin mode where none is wished for: that of a position that is held, else the last one wished for, else cross.
    pub(super) fn usual_mode(&mut self, symbol: &Symbol) -> Result<MarginMode> {
        let wished = self.known.get(symbol).margin_mode;
        if let Some(mode) = self.held.mode(symbol, None, wished).or(wished) {
            return Ok(mode);
        }
        self.positions(Some(symbol))?;
        Ok(self.held.mode(symbol, None, None).unwrap_or(MarginMode::Cross))
    }

    /// The margin mode of orders that close or guard a position: its own, which is read where it is not known.
    pub(super) fn position_mode(&mut self, symbol: &Symbol, side: Side) -> Result<MarginMode> {
        let wished = self.known.get(symbol).margin_mode;
        if let Some(mode) = self.held.mode(symbol, Some(side), wished) {
            return Ok(mode);
        }
        self.positions(Some(symbol))?;
        Ok(self.held.mode(symbol, Some(side), wished).or(wished).unwrap_or(MarginMode::Cross))
    }

    /// The margin mode of orders that open.
    pub(super) fn opening_mode(&mut self, symbol: &Symbol) -> Result<MarginMode> {
        match self.known.get(symbol).margin_mode {
            Some(wished) => Ok(wished),
            None => {
                let mode = self.usual_mode(symbol)?;
                self.wish(symbol, mode);
                Ok(mode)
            }
        }
    }

    /// Orders that open take this margin mode from now on; the leverage known of another mode says nothing about it.
    pub(super) fn wish(&mut self, symbol: &Symbol, mode: MarginMode) {
        if self.known.get(symbol).margin_mode != Some(mode) {
            self.known.set(symbol, Terms { leverage: None, margin_mode: Some(mode) });
        }
    }

    /// `None` where the halves differ, and where the account's mode has no leverage to be read.
    pub(super) fn read_leverage(&mut self, symbol: &Symbol, mode: MarginMode) -> Result<Option<u32>> {
        let call = Call::get("/api/v5/account/leverage-info", of(symbol).with("mgnMode", margin_word(mode)));
        let halves = match self.rows::<wire::LeverageRow>(&call) {
            Ok((rows, _)) => rows,
            Err(ExchangeError::Refused(refusal)) if refusal.code == errors::NO_LEVERAGE => Vec::new(),
            Err(error) => return Err(error),
        };
        let first = halves.first().and_then(wire::LeverageRow::leverage);
        Ok(first.filter(|_| halves.iter().all(|half| half.leverage() == first)))
    }

    /// In hedge mode each half of an isolated contract has a leverage of its own.
    pub(super) fn set_leverage(&mut self, symbol: &Symbol, mode: MarginMode, leverage: u32) -> Result<()> {
        let halves: &[Option<&str>] = match (self.hedge, mode) {
            (true, MarginMode::Isolated) => &[Some("long"), Some("short")],
            _ => &[None],
        };
        for half in halves {
            let params = of(symbol).with("lever", leverage.to_string()).with("mgnMode", margin_word(mode)).with_some("posSide", *half);
            let (set, _) = self.row::<wire::LeverageRow>(&Call::post("/api/v5/account/set-leverage", &params))?;
            leverage_set(leverage, set.leverage().unwrap_or(0))?;
        }
        Ok(())
    }
}
