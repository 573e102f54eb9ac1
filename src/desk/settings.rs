//! The trading rules a user can set, as plain data.

use crate::market::{Decimal, MarginMode, Millis, TriggerBy};

/// Rules that hold for all accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How long entries rest before they are cancelled; 0 = for ever (`ENTRY_TIMEOUT`).
    pub entry_timeout_ms: Millis,
    /// Within this time after a trade ended flat another EXIT is ignored (`EXIT_COOLDOWN`).
    pub exit_cooldown_ms: Millis,
    /// The same JSON body, or a text body that was never answered, within this time is a resend; 0 = off (`DUPLICATE_WINDOW`).
    pub duplicate_window_ms: Millis,
    /// Which price fires stops and targets (`TRIGGER_BY`).
    pub trigger_by: TriggerBy,
    /// How long definite refusals of a stop are borne (`PROTECT_TIMEOUT`).
    pub protect_timeout_ms: Millis,
    /// Then close at market (`CLOSE_IF_UNPROTECTED`), or only say so.
    pub close_if_unprotected: bool,
    /// Most trades at one time, over all accounts (`TRADE_CAPACITY`).
    pub trade_capacity: usize,
    /// Most alerts waiting at one time (`QUEUE_CAPACITY`); an eighth of it is kept for what only closes.
    pub queue_capacity: usize,
    /// Who is meant by an alert that names no account (`DEFAULT_ACCOUNT`); without it the only account, if there is but one.
    pub default_account: Option<String>,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            entry_timeout_ms: 0,
            exit_cooldown_ms: 30_000,
            duplicate_window_ms: 60_000,
            trigger_by: TriggerBy::Mark,
            protect_timeout_ms: 10_000,
            close_if_unprotected: true,
            trade_capacity: 256,
            queue_capacity: 256,
            default_account: None,
        }
    }
}

/// Rules of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRules {
    /// Margin of one entry, in the settle coin (`ENTRY_SIZE_USD`).
    pub entry_size_usd: Decimal,
    /// Leverage factor (`LEVERAGE`).
    pub leverage: u32,
    /// 1 = never a second entry (`TOTAL_ENTRIES`).
    pub total_entries: u8,
    /// `None`: the symbol's mode is left as it is (`MARGIN_MODE`).
    pub margin_mode: Option<MarginMode>,
    /// Settle coin that completes a bare symbol such as `ETH`.
    pub settle_coin: String,
    /// How long an alert may wait before it is refused (`ALERT_TIMEOUT`).
    pub alert_timeout_ms: Millis,
    /// How long an order of a text alert that opens is tried again before it is given up (`ORDER_TIMEOUT`).
    pub order_timeout_ms: Millis,
}

impl Default for AccountRules {
    fn default() -> AccountRules {
        AccountRules {
            entry_size_usd: Decimal::TEN,
            leverage: 20,
            total_entries: 2,
            margin_mode: None,
            settle_coin: "USDT".to_owned(),
            alert_timeout_ms: 180_000,
            order_timeout_ms: 40_000,
        }
    }
}
