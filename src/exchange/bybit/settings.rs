//! What contracts and the account are set to: one-way or hedge, leverage, margin mode. The rows of a contract's position
//! tell the first two, and are there even when it is flat.

use super::wire::{self, PositionRow, Reply};
use super::{Bybit, POSITIONS, errors, of};
use crate::exchange::error::{ExchangeError, Reason, Result};
use crate::exchange::known::Known;
use crate::exchange::orders::shared_name;
use crate::exchange::params::Params;
use crate::exchange::session::Call;
use crate::market::{MarginMode, Symbol, Terms};

impl Bybit {
    pub(super) fn position_rows(&mut self, query: &Params) -> Result<Vec<PositionRow>> {
        let rows: Vec<PositionRow> = self.whole(POSITIONS, query)?;
        match rows.iter().find(|row| row.is_broken()) {
            Some(row) => Err(ExchangeError::refused(Reason::Other, format!("a position of {} without a side", row.symbol))),
            None => Ok(rows),
        }
    }

    /// The rows of one contract, which are there even when it is flat: they tell its position mode and its leverage.
    pub(super) fn rows_of(&mut self, symbol: &Symbol) -> Result<Vec<PositionRow>> {
        let rows = self.position_rows(&of(symbol))?;
        if let Some(first) = rows.first() {
            let symbol = shared_name(&self.instruments, symbol.as_str());
            // The halves of a hedge-mode contract may differ in isolated mode: then there is no one leverage.
            let leverage = first.leverage().filter(|leverage| rows.iter().all(|row| row.leverage() == Some(*leverage)));
            self.known.set(&symbol, Terms { leverage, margin_mode: None });
            self.modes.set(symbol, rows.iter().any(PositionRow::is_hedge));
        }
        Ok(rows)
    }

    /// Whether a contract is in hedge mode. Asked for before something is sent, which therefore was not sent if this fails.
    pub(super) fn mode_of(&mut self, symbol: &Symbol) -> Result<bool> {
        if self.modes.get(symbol).is_none() {
            self.rows_of(symbol).map_err(ExchangeError::nothing_sent)?;
        }
        Ok(self.modes.get(symbol).unwrap_or(self.hedge))
    }

    pub(super) fn account_info(&mut self) -> Result<wire::AccountInfo> {
        let reply: Reply<wire::AccountInfo> = self.session.call(&Call::get("/v5/account/info", Params::new()))?;
        self.margin_mode = reply.result.margin_mode();
        Ok(reply.result)
    }

    /// Sets the mode of the whole account, unless a fresh look shows that somebody did so already.
    pub(super) fn set_margin_mode(&mut self, mode: MarginMode) -> Result<()> {
        self.account_info().map_err(ExchangeError::nothing_sent)?;
        if self.margin_mode == Some(mode) {
            return Ok(());
        }
        log::warn!("setting the account's margin mode to {}: all its contracts are affected", wire::margin_word(mode));
        let params = Params::new().with("setMarginMode", wire::margin_word(mode));
        let done = self.session.call::<Reply<errors::Reasons>>(&Call::post("/v5/account/set-margin-mode", &params));
        match done.and_then(|reply| reply.result.refusal().map_or(Ok(()), Err)) {
            Err(error) if error.reason() != Some(Reason::NoChangeNeeded) => {
                if matches!(error, ExchangeError::Unknown { .. }) {
                    (self.margin_mode, self.known) = (None, Known::default());
                }
                return Err(error);
            }
            // Leverages were known in the other mode.
            Ok(()) | Err(_) => (self.margin_mode, self.known) = (Some(mode), Known::default()),
        }
        Ok(())
    }

    pub(super) fn set_leverage(&mut self, symbol: &Symbol, leverage: u32) -> Result<()> {
        let leverage = leverage.to_string();
        let params = of(symbol).with("buyLeverage", leverage.as_str()).with("sellLeverage", leverage.as_str());
        self.session.call::<wire::Done>(&Call::post("/v5/position/set-leverage", &params)).map(drop)
    }
}
