"""What differs between the exchanges that a foreign client judges: one row each.

A row's attributes and helpers say how ccxt is told there what the checks want, and in which codes the exchange refuses. A
method called like a check of `foreign_client` says what more is true there; it runs right after that check.
"""

from foreign_rig import refused

BTC, ETH, XRP = "BTC/USDT:USDT", "ETH/USDT:USDT", "XRP/USDT:USDT"


def opposite(side):
    """The direction that closes a side."""
    return "sell" if side == "long" else "buy"


class Row:
    """ccxt's unified ways."""

    # As exchange-sim calls it, ccxt's class, and what keeps that from asking for what is not simulated.
    name = client = ""
    options = {}
    market_params = {}
    # Least value of a Bitcoin order in USDT; None where the exchange has no such rule.
    min_cost = 50
    # What every order, and every leverage call, must say.
    order_params = {}
    leverage_params = {}
    # Where one order is placed.
    order_path = ""
    # Longest name, one with every kind of sign that is allowed, and whether it is free again when its order has ended.
    name_length = 36
    odd_name = "My-order_1"
    names_come_back = False
    # Whether ccxt counts open profit into the balance's total.
    total_has_profit = True
    # Whether a reduce-only stop of a fixed quantity outlives the position.
    quantity_stop_stays = True
    # The exchange's codes: leverage, margin mode, duplicate, bad name, poor, mode.
    codes = {}

    def native(self, base):
        return base + "USDT"

    def quote(self, sim):
        """Best bid and ask of Bitcoin."""
        ticker = sim.client.fetch_ticker(BTC)
        return ticker["bid"], ticker["ask"]

    def isolate(self, sim):
        sim.client.set_margin_mode("isolated", BTC)

    def cannot_change_margin_mode(self, sim):
        """With a position."""
        sim.deny("margin mode", sim.client.set_margin_mode, "cross", BTC)

    def is_hedge(self, sim):
        return sim.client.fetch_position_mode(BTC)["hedged"]

    def opening(self, side):
        """What an order says in hedge mode that opens a side."""
        return {"hedged": True}

    def closing(self, side):
        return {"hedged": True, "reduceOnly": True}

    def order(self, sim, id):
        """A plain order, whatever became of it."""
        return sim.client.fetch_order(id, BTC)

    def order_named(self, sim, name):
        return sim.client.fetch_order(None, BTC, {"clientOrderId": name})

    def cancel_named(self, sim, name):
        sim.client.cancel_order(None, BTC, {"clientOrderId": name})

    def gone(self, error):
        """What cancelling an order raises that has ended."""
        return error.OrderNotFound

    def plain(self, orders):
        """Those of a list of open orders that wait for no price."""
        return orders

    def triggers(self, sim):
        """Orders that wait for a price."""
        return sim.client.fetch_open_orders(BTC, None, None, {"trigger": True})

    def guards(self, sim):
        """What protects positions, as (kind, price)."""
        kinds = {"stop": "stopLossPrice", "target": "takeProfitPrice"}
        return sorted((kind, order[key]) for order in self.triggers(sim) for kind, key in kinds.items() if order[key])

    def protect(self, sim, side, kind, price):
        """Protects the whole position of a side; `kind` is "stop" or "target"."""
        raise NotImplementedError

    def unprotect(self, sim, side, kind):
        """Takes one protection away again."""
        raise NotImplementedError

    def cancel_plain(self, sim):
        """Cancels all orders that wait for no price, and only them."""
        sim.client.cancel_all_orders(BTC)

    def cancel_guards(self, sim):
        sim.client.cancel_all_orders(BTC, {"trigger": True})


class Binance(Row):
    name = client = "binance"
    options = {"defaultType": "swap", "defaultSubType": "linear", "fetchMarkets": {"types": ["linear"]}, "fetchMargins": False}
    order_path = "/fapi/v1/order"
    odd_name = "My.order:1/a_B-2"
    names_come_back = True
    codes = {"leverage": "-4028", "margin mode": "-4048", "duplicate": "-4116", "bad name": "-4015", "poor": "-2019", "mode": "-4061"}
    whole = {"closePosition": True, "workingType": "MARK_PRICE"}

    def quote(self, sim):
        quote = sim.client.fetch_bids_asks([BTC])[BTC]
        return quote["bid"], quote["ask"]

    def opening(self, side):
        return {"positionSide": side.upper()}

    def closing(self, side):
        return {"positionSide": side.upper()}

    def order_named(self, sim, name):
        return sim.client.fetch_order(None, BTC, {"origClientOrderId": name})

    def cancel_named(self, sim, name):
        assert sim.client.cancel_order(None, BTC, {"origClientOrderId": name})["clientOrderId"] == name

    def guards(self, sim):
        # ccxt tells a stop from a target by the type alone.
        kinds = {"STOP_MARKET": "stop", "TAKE_PROFIT_MARKET": "target"}
        return sorted((kinds[order["info"]["orderType"]], order["triggerPrice"]) for order in self.triggers(sim))

    def protect(self, sim, side, kind, price):
        key = "stopLossPrice" if kind == "stop" else "takeProfitPrice"
        mode = {"positionSide": side.upper()} if self.is_hedge(sim) else {}
        params = {key: price, "clientOrderId": f"{kind}-{side}-{price}", **self.whole, **mode}
        return sim.client.create_order(BTC, "market", opposite(side), None, None, params)

    def unprotect(self, sim, side, kind):
        (order,) = [order for order in self.triggers(sim) if order["clientOrderId"].startswith(f"{kind}-{side}-")]
        sim.client.cancel_order(order["id"], BTC, {"trigger": True})

    def market_order(self, sim):
        # The answer tells the end, but not the price.
        placed = sim.order("market", "buy", 0.01, clientOrderId="m2")
        assert (placed["status"], placed["filled"], placed["average"]) == ("closed", 0.01, None), placed
        sim.order("market", "sell", 0.01, reduceOnly=True)

    def balance_counts_open_profit(self, sim):
        info = sim.positions()["long"]["info"]
        assert 50049 < float(info["breakEvenPrice"]) < 50051, info

    def settings_with_a_position(self, sim):
        lower = refused(sim.error.ExchangeError, sim.client.set_leverage, 5, BTC)
        assert "-4161" in lower, lower
        (config,) = sim.client.fapiPrivateGetSymbolConfig({"symbol": "BTCUSDT"})
        assert (config["marginType"], int(config["leverage"])) == ("ISOLATED", 10), config

    def protection(self, sim):
        twin = refused(sim.error.ExchangeError, self.protect, sim, "long", "stop", 47000)
        assert "-4130" in twin, twin

    def stop_fires(self, sim):
        # What a stop becomes carries its name.
        child = self.order_named(sim, "stop-long-48000")
        assert (child["status"], child["side"], child["average"]) == ("closed", "sell", 47900), child

    def trades(self, sim):
        seen = sim.client.fetch_my_trades(BTC)
        assert len(sim.client.fetch_orders(BTC)) >= len({trade["order"] for trade in seen})


class Bybit(Row):
    name = client = "bybit"
    options = {
        "defaultType": "swap", "fetchMarkets": {"types": ["linear"]}, "enableUnifiedMargin": False, "enableUnifiedAccount": True,
        "unifiedMarginStatus": 6,
    }
    order_path = "/v5/order/create"
    odd_name = "My-order_1a-B-2"
    # Its total is the wallet.
    total_has_profit = False
    codes = {"leverage": "110013", "margin mode": "3400045", "duplicate": "110072", "bad name": "10001", "poor": "110007", "mode": "10001"}

    def is_hedge(self, sim):
        rows = sim.client.privateGetV5PositionList({"category": "linear", "symbol": "BTCUSDT"})["result"]["list"]
        return int(rows[0]["positionIdx"]) != 0

    def closing(self, side):
        # ccxt forgets that it reduces when it is told of hedge mode.
        return {"positionIdx": 1 if side == "long" else 2, "reduceOnly": True}

    def order(self, sim, id):
        return sim.client.fetch_order(id, BTC, {"acknowledged": True})

    def order_named(self, sim, name):
        found = sim.client.fetch_open_orders(BTC, None, None, {"orderLinkId": name})
        if not found:
            raise sim.error.OrderNotFound(name)
        return found[0]

    def cancel_named(self, sim, name):
        sim.client.cancel_order(None, BTC, {"orderLinkId": name})

    def plain(self, orders):
        return [order for order in orders if not order["triggerPrice"]]

    def trading_stop(self, sim, side, **legs):
        index = (1 if side == "long" else 2) if self.is_hedge(sim) else 0
        more = {"slTriggerBy": "MarkPrice", "tpTriggerBy": "MarkPrice", **legs}
        request = {"category": "linear", "symbol": "BTCUSDT", "tpslMode": "Full", "positionIdx": index, **more}
        return sim.client.privatePostV5PositionTradingStop(request)

    def protect(self, sim, side, kind, price):
        self.trading_stop(sim, side, **{"stopLoss" if kind == "stop" else "takeProfit": str(price)})

    def unprotect(self, sim, side, kind):
        self.protect(sim, side, kind, 0)

    def cancel_plain(self, sim):
        sim.client.cancel_all_orders(BTC, {"orderFilter": "Order"})

    def markets(self, sim):
        # Listed beside those of use: one that settles in another coin, and one that ends.
        kinds = {market["id"]: market["type"] for market in sim.client.markets.values() if market["base"] == "BTC"}
        assert kinds == {"BTCUSDT": "swap", "BTCPERP": "swap", "BTCUSDT-25DEC26": "future"}, kinds

    def market_order(self, sim):
        # An order is only taken; a stop that comes with it is there as soon as it has filled.
        placed = sim.order("market", "buy", 0.01, stopLoss={"triggerPrice": 49000}, clientOrderId="m2")
        assert (placed["status"], placed["filled"]) == (None, None), placed
        assert self.guards(sim) == [("stop", 49000)], self.guards(sim)
        (stop,) = self.triggers(sim)
        assert (stop["clientOrderId"], stop["info"]["stopOrderType"], stop["info"]["parentOrderLinkId"]) == (None, "StopLoss", "m2"), stop
        sim.order("market", "sell", 0.01, reduceOnly=True)
        self.unprotect(sim, "long", "stop")
        assert self.guards(sim) == [], self.guards(sim)

    def protection(self, sim):
        assert sim.positions()["long"]["stopLossPrice"] == 48000, sim.positions()
        same = refused(sim.error.ExchangeError, self.protect, sim, "long", "stop", 48000)
        assert "34040" in same, same
        # A second one takes the place of the first.
        self.protect(sim, "long", "stop", 47500)
        assert self.guards(sim) == [("stop", 47500)], self.guards(sim)
        self.protect(sim, "long", "stop", 48000)

    def cancel_all_has_two_halves(self, sim):
        sim.order("market", "buy", 0.01)
        self.protect(sim, "long", "stop", 48000)
        sim.order("limit", "buy", 0.01, 49000)
        # Without a filter it is everything.
        sim.client.cancel_all_orders(BTC)
        assert sim.opened() == []
        sim.order("market", "sell", 0.01, reduceOnly=True)

    def batch(self, sim):
        each = {"symbol": BTC, "type": "limit", "side": "buy", "amount": 0.01}
        good, bad = sim.client.create_orders([{**each, "price": 49000}, {**each, "amount": 50, "price": 49000}])
        assert (bad["status"], bad["info"]["code"]) == ("rejected", 110007), bad
        sim.client.cancel_order(good["id"], BTC)

    def trades(self, sim):
        seen = sim.client.fetch_my_trades(BTC)
        assert {trade["info"]["stopOrderType"] for trade in seen} == {"UNKNOWN", "StopLoss"}
        closed = sum(float(trade["info"]["closedSize"]) for trade in seen)
        assert abs(closed - sum(trade["amount"] for trade in seen) / 2) < 1e-9, closed


EXCHANGES = {row.name: row for row in [Binance(), Bybit()]}
