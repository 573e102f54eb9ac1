//! Which vectors are compared, which are of calls we never make, and where ours differ from theirs.

use crate::vectors::Difference;
use crate::vectors::Sent::{Nothing, Text};

/// Differences of single calls: vector, parameter (a path into lists), their value, ours.
pub(super) const DIFFERENCES: &[Difference] = &[
    // ccxt's own name for the same thing, which slips into the body.
    ("order_market_buy", "clientOrderId", Text("bot-0001"), Nothing),
    // The attribute of a position has no name.
    ("position_stop_loss_ccxt", "client_id", Text("bot-0011"), Nothing),
    // Every order names its contract; orders with names of senders are sent singly, so these are ours.
    ("batch_orders", "market", Text("ETHUSDT"), Nothing),
    ("batch_orders", "orders/0/client_id", Text("bot-0014"), Text("ph00000000aa000001e01")),
    ("batch_orders", "orders/1/client_id", Text("bot-0015"), Text("ph00000000aa000001d01")),
    // What ends a trade has a name of ours.
    ("close_position_all", "client_id", Text("bot-0010"), Text("ph00000000aa000001c01")),
    // Lists are followed page by page, with more than ten rows in each.
    ("positions", "page", Nothing, Text("1")),
    ("positions", "limit", Nothing, Text("100")),
    ("position_one", "page", Nothing, Text("1")),
    ("position_one", "limit", Nothing, Text("100")),
    ("open_orders", "page", Nothing, Text("1")),
    ("open_orders", "limit", Nothing, Text("100")),
    ("open_orders_by_client_id", "page", Nothing, Text("1")),
    ("open_orders_by_client_id", "limit", Nothing, Text("100")),
    ("finished_orders_by_client_id", "page", Nothing, Text("1")),
    ("finished_orders_by_client_id", "limit", Nothing, Text("100")),
    ("open_stop_orders", "page", Nothing, Text("1")),
    ("open_stop_orders", "limit", Nothing, Text("100")),
    ("fills", "page", Nothing, Text("1")),
    ("fills", "limit", Nothing, Text("100")),
    // Fills since a time; in the documentation, though not in the vector.
    ("fills", "start_time", Nothing, Text("1699999990000")),
];

/// Calls we never make. Post-only, IOC and FOK are not offered, stops and targets are attributes of the whole position, plan
/// orders (which are not reduce-only) are none of ours and cancelled by their numbers, every order has our name and is asked
/// for and cancelled by it.
pub(super) const NEVER_SENT: [&str; 10] = [
    "order_limit_maker_only",
    "order_limit_ioc",
    "order_limit_fok",
    "position_stop_loss_partial",
    "stop_order_market",
    "stop_order_limit_ccxt",
    "cancel_by_id",
    "cancel_stop_by_client_id",
    "cancel_batch",
    "order_status",
];

/// What the tests below compare.
pub(super) const COMPARED: [&str; 31] = [
    "server_time",
    "instruments",
    "ticker",
    "balance",
    "positions",
    "position_one",
    "leverage_and_margin_mode_cross",
    "leverage_and_margin_mode_isolated",
    "order_market_buy",
    "order_market_buy_plain",
    "order_market_sell",
    "order_limit_buy",
    "order_limit_buy_client_id",
    "order_meme_limit",
    "close_position_part",
    "close_position_all",
    "reduce_only_market",
    "position_stop_loss",
    "position_stop_loss_ccxt",
    "position_take_profit",
    "batch_orders",
    "cancel_by_client_id",
    "cancel_stop_by_id",
    "cancel_all",
    "open_orders",
    "open_orders_by_client_id",
    "finished_orders_by_client_id",
    "open_stop_orders",
    "fills",
    "cancel_position_stop_loss",
    "cancel_position_take_profit",
];
