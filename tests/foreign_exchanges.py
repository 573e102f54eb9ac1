"""What differs between the exchanges that a foreign client judges: one row each."""

from foreign_bingx import BingX
from foreign_coinex import CoinEx
from foreign_kraken import Kraken
from foreign_kucoin import KuCoin
from foreign_phemex import Phemex
from foreign_rig import refused
from foreign_row import BTC, Row, opposite


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


class Okx(Row):
    name = client = "okx"
    options = {"defaultType": "swap", "fetchMarkets": {"types": ["swap"]}}
    order_path = "/api/v5/trade/batch-orders"
    lot = 0.0001
    min_cost = None
    # Every order says its margin mode.
    order_params = {"marginMode": "isolated"}
    leverage_params = {"marginMode": "isolated"}
    name_length = 32
    odd_name = "My0rder1"
    names_come_back = True
    codes = {"leverage": "59102", "duplicate": "51016", "bad name": "51000", "poor": "51008", "mode": "posSide"}

    def native(self, base):
        return base + "-USDT-SWAP"

    def isolate(self, sim):
        sim.client.set_margin_mode("isolated", BTC, {"lever": 5})

    def cannot_change_margin_mode(self, sim):
        # It is no setting. Each mode has a leverage of its own.
        sim.client.set_leverage(7, BTC, {"marginMode": "cross"})
        assert [sim.client.fetch_leverage(BTC, {"marginMode": mode})["longLeverage"] for mode in ("cross", "isolated")] == [7, 10]
        none = refused(sim.error.ExchangeError, lambda: sim.order("market", "sell", 0.01, reduceOnly=True, marginMode="cross"))
        assert "51169" in none, none

    def is_hedge(self, sim):
        return sim.client.fetch_position_mode(BTC)["hedged"]

    def triggers(self, sim):
        return sim.client.fetch_open_orders(BTC, None, None, {"trigger": True, "ordType": "conditional,oco"})

    def protect(self, sim, side, kind, price):
        # One order for the whole position is all there may be.
        params = {"cxlOnClosePos": True, "reduceOnly": True, "algoClOrdId": kind + side, "posSide": side if self.is_hedge(sim) else "net"}
        if kind == "stop":
            params |= {"stopLossPrice": price, "closeFraction": "1"}
        else:
            params |= {"takeProfitPrice": price}
        sim.order("market", opposite(side), 0.01, **params)

    def unprotect(self, sim, side, kind):
        sim.client.cancel_order(None, BTC, {"trigger": True, "clientOrderId": kind + side})

    def cancel_plain(self, sim):
        # There is no call for all of them.
        ids = [order["id"] for order in sim.opened()]
        if ids:
            sim.client.cancel_orders(ids, BTC)

    def cancel_guards(self, sim):
        ids = [order["id"] for order in self.triggers(sim)]
        if ids:
            sim.client.cancel_orders(ids, BTC, {"trigger": True})

    def markets(self, sim):
        sizes = {base: sim.client.market(f"{base}/USDT:USDT")["contractSize"] for base in ("BTC", "ETH", "PEPE")}
        assert sizes == {"BTC": 0.01, "ETH": 0.1, "PEPE": 10000000}, sizes

    def protection(self, sim):
        whole = {"stopLossPrice": 47000, "closeFraction": "1", "reduceOnly": True}
        twin = refused(sim.error.ExchangeError, lambda: sim.order("market", "sell", 0.01, **whole))
        assert "51088" in twin, twin

    def stop_fires(self, sim):
        # What a stop becomes is found by its id alone.
        sent = sim.client.fetch_order(None, BTC, {"trigger": True, "clientOrderId": "stoplong"})
        assert sent["info"]["state"] == "effective", sent
        child = self.order(sim, sent["info"]["ordIdList"][0])
        assert (child["status"], child["side"], child["average"], child["clientOrderId"]) == ("closed", "sell", 47900, None), child
        refused(sim.error.OrderNotFound, self.order_named, sim, "stoplong")

    def trades(self, sim):
        seen = sim.client.fetch_my_trades(BTC)
        # ccxt names an order after the algo order that it came from.
        filled = {order["info"]["ordId"] for order in sim.client.fetch_closed_orders(BTC)}
        assert {trade["order"] for trade in seen} <= filled, (seen, filled)



class Bitget(Row):
    """A classic account."""

    name, client = "bitget", "bitget"
    options = {"defaultType": "swap", "defaultSubType": "linear", "uta": False, "fetchMarkets": {"types": ["swap"], "uta": False}}
    min_cost = 5
    order_path = "/api/v2/mix/order/place-order"
    name_length = 50
    whole_stop_stays = True
    codes = {"leverage": "45044", "margin mode": "45117", "duplicate": "40786", "bad name": "40020", "poor": "40762", "mode": "40774"}

    def isolate(self, sim):
        super().isolate(sim)
        # Every order must agree with the settings.
        self.order_params = {"marginMode": "isolated"}

    def is_hedge(self, sim):
        request = {"symbol": "BTCUSDT", "productType": "USDT-FUTURES", "marginCoin": "USDT"}
        return sim.client.privateMixGetV2MixAccountAccount(request)["data"]["posMode"] == "hedge_mode"

    def gone(self, error):
        # ccxt knows 22001 no better.
        return error.ExchangeError

    def triggers(self, sim):
        return sim.client.fetch_open_orders(BTC, None, None, {"planType": "profit_loss"})

    def guards(self, sim):
        kinds = {"pos_loss": "stop", "loss_plan": "stop", "pos_profit": "target", "profit_plan": "target"}
        return sorted((kinds[order["info"]["planType"]], order["triggerPrice"]) for order in self.triggers(sim))

    def protect(self, sim, side, kind, price):
        key = "stopLossPrice" if kind == "stop" else "takeProfitPrice"
        sim.client.create_order(BTC, "market", opposite(side), 0.01, None, {key: price, "hedged": self.is_hedge(sim)})

    def unprotect(self, sim, side, kind):
        plan = {"stop": "pos_loss", "target": "pos_profit"}[kind]
        (order,) = [order for order in self.triggers(sim) if order["info"]["planType"] == plan]
        sim.client.cancel_order(order["id"], BTC, {"trigger": True, "planType": plan})

    def cancel_plain(self, sim):
        # Nothing to cancel is an error.
        if sim.opened():
            sim.client.cancel_all_orders(BTC)

    def cancel_guards(self, sim):
        for plan in {order["info"]["planType"] for order in self.triggers(sim)}:
            sim.client.cancel_all_orders(BTC, {"trigger": True, "planType": plan})

    def settings(self, sim):
        set_again = refused(sim.error.ExchangeError, sim.client.set_leverage, 10, BTC)
        assert "40814" in set_again, set_again
        modes = sim.client.fetch_margin_mode(BTC), sim.client.fetch_leverage(BTC)
        assert (modes[0]["marginMode"], modes[1]["longLeverage"]) == ("isolated", 10), modes

    def protection(self, sim):
        for kind, code in (("stop", "43031"), ("target", "43030")):
            self.protect(sim, "long", "target", 52000) if kind == "target" else None
            twin = refused(sim.error.ExchangeError, self.protect, sim, "long", kind, 47000 if kind == "stop" else 53000)
            assert code in twin, twin
        self.unprotect(sim, "long", "target")

    def cancel_all_has_two_halves(self, sim):
        nothing = refused(sim.error.ExchangeError, sim.client.cancel_all_orders, BTC)
        assert "22001" in nothing, nothing

    def refusals(self, sim):
        other = refused(sim.error.ExchangeError, lambda: sim.order("market", "buy", 0.01, marginMode="cross"))
        assert "marginMode" in other, other
        unified = refused(sim.error.ExchangeError, sim.client.privateUtaGetV3AccountSettings)
        assert "40084" in unified, unified

    def books_agree(self, sim):
        # The accounts that come next have not been touched yet.
        self.order_params = {}


class BitgetUnified(Row):
    """A unified account."""

    name, client = "bitget-unified", "bitget"
    options = {"defaultType": "swap", "defaultSubType": "linear", "uta": True, "fetchMarkets": {"types": ["swap"], "uta": True}}
    min_cost = 5
    order_params = {"marginMode": "isolated"}
    leverage_params = {"marginMode": "isolated", "posSide": "long"}
    order_path = "/api/v3/trade/place-order"
    name_length = 32
    odd_name = "My.order:1/a_B-2"
    names_come_back = True
    whole_stop_stays = True
    # ccxt takes fees for negative here, too; the documentation's examples are positive.
    fee_sign = -1
    codes = {"leverage": "25223", "margin mode": "25236", "duplicate": "25212", "bad name": "40020", "poor": "25203", "mode": "25236"}

    def isolate(self, sim):
        """Its orders say so."""

    def order(self, sim, id):
        return self.averaged(sim.client.fetch_order(id, BTC))

    def averaged(self, order):
        """ccxt reads neither average nor value from orders of unified accounts."""
        info = order["info"]
        return {**order, "average": float(info["avgPrice"]), "cost": float(info["cumExecValue"])}

    def gone(self, error):
        # ccxt knows 25204 no better.
        return error.ExchangeError

    unknown = gone

    def cannot_change_margin_mode(self, sim):
        sim.deny("margin mode", sim.order, "market", "buy", 0.01, marginMode="crossed")

    def is_hedge(self, sim):
        return sim.client.privateUtaGetV3AccountSettings()["data"]["holdMode"] == "hedge_mode"

    def protect(self, sim, side, kind, price):
        key = "stopLossPrice" if kind == "stop" else "takeProfitPrice"
        # There is one for the whole position only: that is the stop.
        mode = {"tpslMode": "full" if kind == "stop" else "partial"}
        sim.client.create_order(BTC, "market", opposite(side), 0.01, None, {key: price, "reduceOnly": True, **mode})

    def unprotect(self, sim, side, kind):
        key = "stopLossPrice" if kind == "stop" else "takeProfitPrice"
        (order,) = [order for order in self.triggers(sim) if order[key]]
        sim.client.cancel_order(order["id"], BTC, {"trigger": True})

    def cancel_guards(self, sim):
        for order in self.triggers(sim):
            sim.client.cancel_order(order["id"], BTC, {"trigger": True})

    def settings(self, sim):
        data = sim.client.privateUtaGetV3AccountSettings()["data"]
        (config,) = data["symbolConfigList"]
        assert (data["accountMode"], config["symbol"], config["leverage"]) == ("unified", "BTCUSDT", "10"), data

    def protection(self, sim):
        twin = refused(sim.error.ExchangeError, self.protect, sim, "long", "stop", 47000)
        assert "25594" in twin, twin

    def refusals(self, sim):
        request = {"productType": "USDT-FUTURES"}
        classic = refused(sim.error.PermissionDenied, sim.client.privateMixGetV2MixAccountAccounts, request)
        assert "40085" in classic, classic


ROWS = [Binance(), Bybit(), Okx(), Bitget(), BitgetUnified(), KuCoin(), CoinEx(), BingX(), Phemex(), Kraken()]
EXCHANGES = {row.name: row for row in ROWS}
