//! Which vectors are compared, which are of calls we never make, and where ours differ from theirs.

use crate::vectors::Difference;
use crate::vectors::Sent::{Flag, Nothing, Number, Text};

/// Differences of single calls: vector, parameter (a path into lists), their value, ours.
pub(super) const DIFFERENCES: &[Difference] = &[
    // One coin of the wallet.
    ("balance", "coin", Nothing, Text("USDT")),
    // The half is always named: without it an order is refused once the user's app has switched to hedge mode.
    ("limit_order_client_id", "positionIdx", Nothing, Number(0)),
    ("market_order_meme", "positionIdx", Nothing, Number(0)),
    ("batch_orders", "request/0/positionIdx", Nothing, Number(0)),
    ("batch_orders", "request/1/positionIdx", Nothing, Number(0)),
    // ccxt trusts the half alone; the documentation asks for both.
    ("hedge_close_long", "reduceOnly", Nothing, Flag(true)),
    // Only the stop travels with the entry: a target that is refused must not cost it.
    ("market_order_with_position_tpsl", "takeProfit", Text("2100.00"), Nothing),
    ("market_order_with_position_tpsl", "tpTriggerBy", Text("MarkPrice"), Nothing),
    ("market_order_with_position_tpsl", "tpOrderType", Text("Market"), Nothing),
    ("market_order_with_position_tpsl", "stopLoss", Text("1900.00"), Text("1900")),
    // One leg at a time.
    ("trading_stop_full", "takeProfit", Text("2100.00"), Nothing),
    ("trading_stop_full", "tpTriggerBy", Text("MarkPrice"), Nothing),
    ("trading_stop_full", "tpOrderType", Text("Market"), Nothing),
    ("trading_stop_full", "stopLoss", Text("1900.00"), Text("1900")),
    ("trading_stop_clear", "takeProfit", Text("0"), Nothing),
    // As many as an answer holds.
    ("open_orders", "limit", Nothing, Text("50")),
    // Fills of the symbol since a time, so that hand-made ones are seen too.
    ("executions", "orderLinkId", Text("tv-0001"), Nothing),
    ("executions", "startTime", Nothing, Text("1699999990000")),
    ("executions", "limit", Nothing, Text("100")),
    // Liquidations move the position, too.
    ("executions", "execType", Text("Trade"), Nothing),
];

/// Calls we never make. Leverage is read from positions (the call of its own is not on the demo host), a position mode is
/// never changed, every order has our name and is asked for and cancelled by it, closes have a quantity, stops and targets
/// are attributes of the position, cancelling everything spares them unless told, and fills tell the profit.
pub(super) const NEVER_SENT: [&str; 20] = [
    "get_leverage_setting",
    "set_position_mode_oneway_symbol",
    "set_position_mode_hedge_symbol",
    "set_position_mode_oneway_coin",
    "market_order",
    "limit_order",
    "limit_order_post_only",
    "close_whole_position",
    "market_order_with_tpsl_ccxt",
    "stop_loss_market",
    "take_profit_market",
    "stop_loss_market_short",
    "trading_stop_ccxt",
    "cancel_by_id",
    "cancel_all_symbol",
    "open_conditional_orders",
    "order_by_id",
    "order_history_ccxt",
    "closed_pnl",
    "batch_cancel",
];

/// The same as `market_order_client_id` on a host we do not offer.
pub(super) const OTHER_HOST: &str = "testnet_market_order";

/// What the tests below compare.
pub(super) const COMPARED: [&str; 30] = [
    "server_time",
    "account_info",
    "instruments",
    "ticker",
    "balance",
    "position_one_symbol",
    "positions_all",
    "set_leverage",
    "set_margin_mode_isolated",
    "set_margin_mode_cross",
    "market_order_client_id",
    "market_order_meme",
    "limit_order_client_id",
    "reduce_only_market",
    "hedge_open_long",
    "hedge_open_short",
    "hedge_close_long",
    "hedge_close_long_documented",
    "market_order_with_position_tpsl",
    "trading_stop_full",
    "trading_stop_clear",
    "cancel_by_client_id",
    "cancel_all_only_active",
    "cancel_all_only_conditional",
    "open_orders",
    "order_by_client_id",
    "order_history_by_client_id",
    "executions",
    "batch_orders",
    "demo_market_order",
];
