//! Alerts of the JSON language.

/// An ENTRY body; `None` prices are null.
pub fn entry(account: usize, symbol: &str, side: &str, subtype: &str, prices: [Option<&str>; 4], bar: u64) -> String {
    let [entry, second, stop, target] = prices.map(|price| price.unwrap_or("null"));
    format!(
        r#"{{"token":"t","account":"a{account}","event":"ENTRY","order_subtype":"{subtype}","signal_side":"{side}","symbol":"{symbol}","entry_price":{entry},"second_entry_price":{second},"stop_loss":{stop},"take_profit":{target},"bar_index":{bar}}}"#
    )
}

/// An EXIT body.
pub fn exit(account: usize, symbol: &str, side: &str, bar: u64) -> String {
    format!(
        r#"{{"token":"t","account":"a{account}","event":"EXIT","order_subtype":"reduce_only","signal_side":"{side}","symbol":"{symbol}","bar_index":{bar}}}"#
    )
}
