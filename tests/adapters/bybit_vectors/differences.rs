//! Which vectors are compared, which are of calls we never make, and where ours differ from theirs.

/// Differences of single calls: vector, parameter (a path into lists), their value, ours, both as JSON text. `None` = not sent.
pub(super) const DIFFERENCES: &[(&str, &str, Option<&str>, Option<&str>)] = &[
    // One coin of the wallet.
    ("balance", "coin", None, Some(r#""USDT""#)),
    // The half is always named: without it an order is refused once the user's app has switched to hedge mode.
    ("limit_order_client_id", "positionIdx", None, Some("0")),
    ("market_order_meme", "positionIdx", None, Some("0")),
    ("batch_orders", "request/0/positionIdx", None, Some("0")),
    ("batch_orders", "request/1/positionIdx", None, Some("0")),
    // ccxt trusts the half alone; the documentation asks for both.
    ("hedge_close_long", "reduceOnly", None, Some("true")),
    // Only the stop travels with the entry: a target that is refused must not cost it.
    ("market_order_with_position_tpsl", "takeProfit", Some(r#""2100.00""#), None),
    ("market_order_with_position_tpsl", "tpTriggerBy", Some(r#""MarkPrice""#), None),
    ("market_order_with_position_tpsl", "tpOrderType", Some(r#""Market""#), None),
    ("market_order_with_position_tpsl", "stopLoss", Some(r#""1900.00""#), Some(r#""1900""#)),
    // One leg at a time.
    ("trading_stop_full", "takeProfit", Some(r#""2100.00""#), None),
    ("trading_stop_full", "tpTriggerBy", Some(r#""MarkPrice""#), None),
    ("trading_stop_full", "tpOrderType", Some(r#""Market""#), None),
    ("trading_stop_full", "stopLoss", Some(r#""1900.00""#), Some(r#""1900""#)),
    ("trading_stop_clear", "takeProfit", Some(r#""0""#), None),
    // As many as an answer holds.
    ("open_orders", "limit", None, Some(r#""50""#)),
    // Fills of the symbol since a time, so that hand-made ones are seen too.
    ("executions", "orderLinkId", Some(r#""tv-0001""#), None),
    ("executions", "startTime", None, Some(r#""1699999990000""#)),
    ("executions", "limit", None, Some(r#""100""#)),
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
