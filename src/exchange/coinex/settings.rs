//! Margin mode and leverage, which are set together.

use super::wire::{self, Reply};
use super::{CoinEx, of};
use crate::exchange::catalogue::unlisted;
use crate::exchange::error::{ExchangeError, Reason, Result};
use crate::exchange::orders::{change, leverage_set};
use crate::exchange::params::Params;
use crate::exchange::session::Call;
use crate::market::{Symbol, Terms};

impl CoinEx {
    /// Only some leverages exist, other ones for every contract.
    fn must_be_listed(&mut self, symbol: &Symbol, leverage: u32) -> Result<()> {
        let params = Params::new().with("market", symbol.as_str());
        let reply: Reply<Vec<wire::MarketRow>> = self.session.call(&Call::public("/v2/futures/market", params))?;
        let row = reply.data.into_iter().find(|row| row.market == symbol.as_str()).ok_or_else(|| unlisted(symbol))?;
        let listed = wire::factors(&row.leverage);
        if listed.contains(&leverage) {
            return Ok(());
        }
        let words = listed.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        Err(ExchangeError::refused(Reason::Leverage, format!("{symbol} takes no leverage of {leverage}, only one of {words}")))
    }

    /// Sets both; there is no call for one of them.
    pub(super) fn set_terms(&mut self, symbol: &Symbol, want: &Terms, known: Terms) -> Result<()> {
        let missing = |what| {
            let why =
                format!("the exchange sets margin mode and leverage together and shows neither while {symbol} has no position: {what}");
            ExchangeError::refused(Reason::Other, why)
        };
        let mode =
            want.margin_mode.or(known.margin_mode).ok_or_else(|| missing("set MARGIN_MODE, which comes with an order that opens"))?;
        let leverage = want.leverage.or(known.leverage).ok_or_else(|| missing("name a leverage"))?;
        self.must_be_listed(symbol, leverage).map_err(ExchangeError::nothing_sent)?;
        let params = of(symbol).with("margin_mode", wire::margin_word(mode)).with("leverage", leverage);
        let call = Call::post("/v2/futures/adjust-position-leverage", &params);
        let so = Terms { leverage: Some(leverage), margin_mode: Some(mode) };
        let done = self.session.call::<Reply<wire::SettingsRow>>(&call).and_then(|reply| {
            let set = reply.data.terms();
            leverage_set(leverage, set.leverage.unwrap_or(0))?;
            match set.margin_mode == Some(mode) {
                true => Ok(()),
                false => Err(ExchangeError::refused(Reason::SettingBlocked, "the exchange set another margin mode")),
            }
        });
        change(&mut self.known, symbol, so, done)
    }
}
