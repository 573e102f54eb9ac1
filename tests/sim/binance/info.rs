//! exchangeInfo in its full size.

use std::fmt::Write;

use perphook::exchange::paper::{Knobs, OPEN_ORDERS_MAX};
use perphook::market::{Decimal, Instrument, Instruments};

/// The body of exchangeInfo.
pub fn exchange_info(instruments: &Instruments, knobs: &Knobs) -> String {
    let mut out = String::from(
        "{\"timezone\":\"UTC\",\"serverTime\":1700000000000,\"futuresType\":\"U_MARGINED\",\"rateLimits\":[\
         {\"rateLimitType\":\"REQUEST_WEIGHT\",\"interval\":\"MINUTE\",\"intervalNum\":1,\"limit\":2400},\
         {\"rateLimitType\":\"ORDERS\",\"interval\":\"MINUTE\",\"intervalNum\":1,\"limit\":1200},\
         {\"rateLimitType\":\"ORDERS\",\"interval\":\"SECOND\",\"intervalNum\":10,\"limit\":300}],\"exchangeFilters\":[],\
         \"assets\":[{\"asset\":\"USDT\",\"marginAvailable\":true,\"autoAssetExchange\":\"-10000\"}],\"symbols\":[",
    );
    for (index, instrument) in instruments.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        symbol(&mut out, instrument, knobs);
    }
    out.push_str("]}");
    out
}

fn symbol(out: &mut String, instrument: &Instrument, knobs: &Knobs) {
    let (name, base, settle) = (&instrument.symbol, &instrument.base, &instrument.settle);
    let price_digits = instrument.tick.scale();
    let qty_digits = instrument.lot_step.scale();
    // Binance's precision fields may allow more digits than the tick does; clients must not use them.
    let shown_digits = price_digits + u32::from(&**base == "BTC");
    let _ = write!(
        out,
        "{{\"symbol\":\"{name}\",\"pair\":\"{name}\",\"contractType\":\"PERPETUAL\",\"deliveryDate\":4133404800000,\"onboardDate\":1569398400000,\
         \"status\":\"TRADING\",\"maintMarginPercent\":\"2.5000\",\"requiredMarginPercent\":\"5.0000\",\"baseAsset\":\"{base}\",\
         \"quoteAsset\":\"{settle}\",\"marginAsset\":\"{settle}\",\"pricePrecision\":{shown_digits},\"quantityPrecision\":{qty_digits},\
         \"baseAssetPrecision\":8,\"quotePrecision\":8,\"underlyingType\":\"COIN\",\"underlyingSubType\":[\"PoW\"],\"triggerProtect\":\"0.0500\",\
         \"liquidationFee\":\"0.012500\",\"marketTakeBound\":\"0.05\",\"maxMoveOrderLimit\":10000,\"filters\":["
    );
    let max_price = Decimal::from(4_529_764);
    let _ = write!(
        out,
        "{{\"filterType\":\"PRICE_FILTER\",\"tickSize\":\"{tick}\",\"minPrice\":\"{tick}\",\"maxPrice\":\"{max_price}\"}},\
         {{\"filterType\":\"LOT_SIZE\",\"stepSize\":\"{}\",\"minQty\":\"{}\",\"maxQty\":\"{}\"}},\
         {{\"filterType\":\"MARKET_LOT_SIZE\",\"stepSize\":\"{}\",\"minQty\":\"{}\",\"maxQty\":\"{}\"}},\
         {{\"filterType\":\"MAX_NUM_ORDERS\",\"limit\":{OPEN_ORDERS_MAX}}},{{\"filterType\":\"MIN_NOTIONAL\",\"notional\":\"{}\"}},\
         {{\"filterType\":\"PERCENT_PRICE\",\"multiplierUp\":\"{}\",\"multiplierDown\":\"{}\",\"multiplierDecimal\":\"4\"}},\
         {{\"filterType\":\"POSITION_RISK_CONTROL\",\"positionControlSide\":\"NONE\"}}],",
        instrument.lot_step,
        instrument.min_qty,
        instrument.max_qty,
        instrument.market_lot_step,
        instrument.min_qty,
        instrument.market_max_qty,
        instrument.min_notional,
        Decimal::ONE + knobs.price_band,
        Decimal::ONE - knobs.price_band,
        tick = instrument.tick,
    );
    out.push_str(
        "\"orderTypes\":[\"LIMIT\",\"MARKET\",\"STOP\",\"STOP_MARKET\",\"TAKE_PROFIT\",\"TAKE_PROFIT_MARKET\",\"TRAILING_STOP_MARKET\"],\
         \"timeInForce\":[\"GTC\",\"IOC\",\"FOK\",\"GTX\",\"GTD\"],\"permissionSets\":[\"GRID\",\"COPY\"]}",
    );
}
