//! The alerts the tests send.

/// The token the daemon is given.
pub const TOKEN: &str = "rigT0ken-8fQ3vLx2Zr7Kp5Wn";

/// An ENTRY; prices are entry, second entry, stop, target; an empty one is null. `bar` makes bodies differ.
pub fn entry(symbol: &str, side: &str, subtype: &str, prices: [&str; 4], bar: u64) -> String {
    let [entry, second, stop, target] = prices.map(|price| if price.is_empty() { "null" } else { price });
    format!(
        r#"{{"token":"{TOKEN}","event":"ENTRY","order_subtype":"{subtype}","signal_side":"{side}","symbol":"{symbol}.P","entry_price":{entry},"second_entry_price":{second},"stop_loss":{stop},"take_profit":{target},"bar_index":{bar}}}"#
    )
}

/// An EXIT, as the indicator sends it.
pub fn exit(symbol: &str, side: &str, bar: u64) -> String {
    format!(
        r#"{{"token":"{TOKEN}","event":"EXIT","order_subtype":"reduce_only","signal_side":"{side}","symbol":"{symbol}.P","entry_price":null,"bar_index":{bar}}}"#
    )
}
