//! Which vectors are compared, which are of calls we never make, and where ours differ from theirs.

use crate::vectors::Difference;
use crate::vectors::Sent::{Nothing, Text};

/// Differences of single calls: vector, parameter, their value, ours. Besides, every signed request of ours names its
/// window, and no public one has a timestamp.
pub(super) const DIFFERENCES: &[Difference] = &[
    // Every order has our name, as the documentation spells it.
    ("order_market_buy", "clientOrderId", Nothing, Text("bot0001")),
    ("order_market_sell", "clientOrderId", Nothing, Text("bot0001")),
    ("order_limit_buy", "clientOrderId", Nothing, Text("bot0001")),
    ("order_meme_limit", "clientOrderId", Nothing, Text("bot0001")),
    ("order_reduce_only_market", "clientOrderId", Nothing, Text("bot0001")),
    ("order_hedge_open_long", "clientOrderId", Nothing, Text("bot0001")),
    ("order_hedge_close_long", "clientOrderId", Nothing, Text("bot0001")),
    ("stop_loss_market", "clientOrderId", Nothing, Text("bot0001")),
    ("take_profit_market", "clientOrderId", Nothing, Text("bot0001")),
    ("stop_loss_market_ccxt", "clientOrderId", Nothing, Text("bot0001")),
    ("take_profit_market_ccxt", "clientOrderId", Nothing, Text("bot0001")),
    ("order_limit_buy_client_id_ccxt", "clientOrderID", Text("bot0003"), Nothing),
    ("order_limit_buy_client_id_ccxt", "clientOrderId", Nothing, Text("bot0003")),
    ("cancel_by_client_id_ccxt", "clientOrderID", Text("bot0003"), Nothing),
    ("cancel_by_client_id_ccxt", "clientOrderId", Nothing, Text("bot0003")),
    // ccxt leaves both to the exchange's defaults; without the first a stop may open a position.
    ("stop_loss_market_ccxt", "reduceOnly", Nothing, Text("true")),
    ("stop_loss_market_ccxt", "workingType", Nothing, Text("MARK_PRICE")),
    ("take_profit_market_ccxt", "reduceOnly", Nothing, Text("true")),
    // Fills of the symbol since a time, so that hand-made ones are seen too.
    ("fills", "orderId", Text("1735950529123455000"), Nothing),
];

/// Calls we never make. Best bid and ask are the only prices asked for, a position mode is never changed, orders go one by
/// one, rest without conditions and close by quantity, stops are neither attached nor without a quantity, and open orders
/// are asked for all together.
pub(super) const NEVER_SENT: [&str; 15] = [
    "last_price",
    "mark_price",
    "position_mode_set_oneway",
    "position_mode_set_hedge",
    "order_limit_post_only",
    "order_limit_ioc",
    "stop_loss_close_position",
    "stop_loss_close_position_with_quantity",
    "entry_with_tp_sl",
    "order_test",
    "batch_orders",
    "close_symbol_positions",
    "close_position_by_id",
    "batch_cancel_ids",
    "open_orders_stop_only",
];

/// The demo, which is the same at another host; no name of an exchange stands for it.
pub(super) const OTHER_HOST: [&str; 2] = ["vst_order_market_buy", "vst_balance"];

/// What is compared.
pub(super) const COMPARED: [&str; 35] = [
    "server_time",
    "instruments",
    "ticker",
    "balance",
    "positions",
    "position_one",
    "leverage_get",
    "leverage_set_oneway",
    "leverage_set_hedge_long",
    "margin_mode_get",
    "margin_mode_set_cross",
    "margin_mode_set_isolated",
    "position_mode_get",
    "order_market_buy",
    "order_market_sell",
    "order_limit_buy",
    "order_limit_buy_client_id_ccxt",
    "order_limit_buy_client_id",
    "order_market_buy_client_id",
    "order_meme_limit",
    "order_reduce_only_market",
    "order_hedge_open_long",
    "order_hedge_close_long",
    "stop_loss_market_ccxt",
    "stop_loss_market",
    "take_profit_market",
    "take_profit_market_ccxt",
    "cancel_by_id",
    "cancel_by_client_id_ccxt",
    "cancel_by_client_id",
    "cancel_all",
    "open_orders",
    "order_by_id",
    "order_by_client_id",
    "fills",
];
