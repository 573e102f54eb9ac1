//! Contracts, in v2's words and in v3's.

use perphook::market::{Decimal, Instrument};
use serde_json::{Value, json};

use super::PRODUCT;

/// A contract as v2 lists it: the tick is so many units of the last decimal.
pub fn contract(one: &Instrument) -> Value {
    let (tick, step) = (one.tick.normalize(), one.lot_step.normalize());
    json!({
        "symbol": one.symbol.as_str(), "baseCoin": &*one.base, "quoteCoin": "USDT", "buyLimitPriceRatio": "0.05", "sellLimitPriceRatio": "0.05",
        "feeRateUpRatio": "0.1", "makerFeeRate": "0.0002", "takerFeeRate": "0.0005", "openCostUpRatio": "0.1",
        "supportMarginCoins": ["USDT"], "minTradeNum": one.min_qty.to_string(), "priceEndStep": tick.mantissa().to_string(),
        "volumePlace": step.scale().to_string(), "pricePlace": tick.scale().to_string(), "sizeMultiplier": one.lot_step.to_string(),
        "symbolType": "perpetual", "minTradeUSDT": one.min_notional.to_string(), "maxSymbolOrderNum": "200", "maxProductOrderNum": "1000",
        "maxPositionNum": "150", "symbolStatus": "normal", "offTime": "-1", "limitOpenTime": "-1", "deliveryTime": "",
        "deliveryStartTime": "", "launchTime": "", "fundInterval": "8", "minLever": "1", "maxLever": one.max_leverage.to_string(),
        "posLimit": "0.05", "maintainTime": "", "maxMarketOrderQty": cap(one.market_max_qty), "maxOrderQty": cap(one.max_qty), "isRwa": "NO",
    })
}

/// A contract as v3 lists it. Its kind goes by two names, of which either is documented.
pub fn instrument(one: &Instrument) -> Value {
    let (tick, step) = (one.tick.normalize(), one.lot_step.normalize());
    // A limit order's cap may be missing; here it is for one coin.
    let max_qty = if &*one.base == "XRP" { String::new() } else { cap(one.max_qty) };
    json!({
        "symbol": one.symbol.as_str(), "category": PRODUCT, "isRwa": "NO", "baseCoin": &*one.base, "quoteCoin": "USDT",
        "buyLimitPriceRatio": "0.05", "sellLimitPriceRatio": "0.05", "feeRateUpRatio": "0.1", "makerFeeRate": "0.0002",
        "takerFeeRate": "0.0005", "openCostUpRatio": "0.1", "minOrderQty": one.min_qty.to_string(), "maxOrderQty": max_qty,
        "pricePrecision": tick.scale().to_string(), "quantityPrecision": step.scale().to_string(), "quotePrecision": "",
        "priceMultiplier": tick.to_string(), "quantityMultiplier": one.lot_step.to_string(), "symbolType": "perpetual", "type": "perpetual",
        "minOrderAmount": one.min_notional.to_string(), "maxSymbolOrderNum": "200", "maxProductOrderNum": "400", "maxPositionNum": "50",
        "status": "online", "offTime": "-1", "limitOpenTime": "-1", "deliveryTime": "", "deliveryStartTime": "", "deliveryPeriod": "",
        "launchTime": "", "fundInterval": "8", "minLeverage": "1", "maxLeverage": one.max_leverage.to_string(), "maintainTime": "",
        "maxMarketOrderQty": cap(one.market_max_qty),
    })
}

fn cap(value: Decimal) -> String {
    value.normalize().to_string()
}
