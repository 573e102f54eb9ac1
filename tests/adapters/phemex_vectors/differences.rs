//! Which vectors are compared, which are of calls we never make, and where ours differ from theirs.

use crate::vectors::Difference;
use crate::vectors::Sent::{Nothing, Text};

/// Differences of single calls: vector, parameter, their value, ours.
pub(super) const DIFFERENCES: &[Difference] = &[
    // What is the default is said nevertheless.
    ("limit_buy", "timeInForce", Nothing, Text("GoodTillCancel")),
    ("limit_sell_hedged_short", "timeInForce", Nothing, Text("GoodTillCancel")),
    ("meme_limit", "timeInForce", Nothing, Text("GoodTillCancel")),
    // No such parameter is documented: the leverage has the sign.
    ("margin_mode_cross", "leverage", Text("10"), Nothing),
    ("margin_mode_isolated", "leverage", Text("10"), Nothing),
    // One contract's executions, as many as an answer holds.
    ("trades", "symbol", Nothing, Text("ETHUSDT")),
    ("trades", "limit", Text("20"), Text("200")),
];

/// Calls we never make. Prices come from the recommended ticker, open profit is computed (the call for it costs 25 times
/// as much), no position mode is switched and no leverage is unlimited, every order has our name and is asked for and
/// cancelled by it, one at a time; stops and targets are orders of their own; nothing is amended; the history is asked by
/// name. The last one is misspelled and cancels what it should not.
pub(super) const NEVER_SENT: [&str; 15] = [
    "ticker_v2",
    "positions_with_pnl",
    "leverage_cross_max_oneway",
    "position_mode_hedged",
    "position_mode_oneway",
    "market_buy",
    "limit_buy_post_only",
    "attached_sl_tp",
    "put_create_limit",
    "amend",
    "cancel_by_id",
    "cancel_by_id_hedged",
    "cancel_bulk",
    "order_list",
    "cancel_all_ccxt_misspelled",
];

/// What the tests beside this compare.
pub(super) const COMPARED: [&str; 29] = [
    "instruments",
    "server_time",
    "ticker_v3",
    "balance",
    "positions_oneway",
    "positions_hedged",
    "leverage_isolated_oneway",
    "leverage_cross_oneway",
    "leverage_isolated_hedged",
    "margin_mode_cross",
    "margin_mode_isolated",
    "market_buy_client_id",
    "limit_buy",
    "limit_sell_hedged_short",
    "meme_limit",
    "reduce_only_market",
    "reduce_only_market_hedged",
    "stop_loss_market",
    "take_profit_market",
    "stop_loss_market_hedged_long",
    "cancel_by_client_id",
    "cancel_all_active",
    "cancel_all_conditional",
    "open_orders",
    "open_orders_none",
    "order_by_client_id_rows",
    "order_by_client_id_list",
    "order_by_client_id_missing",
    "trades",
];
