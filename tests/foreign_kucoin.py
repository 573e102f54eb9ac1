"""What is different at KuCoin."""

from foreign_rig import refused
from foreign_row import BTC, ETH, Row, opposite


class KuCoin(Row):
    name, client = "kucoin", "kucoinfutures"
    options = {"uta": False, "hf": False, "fetchMarkets": {"types": ["swap"], "fetchTickersFees": False}}
    market_params = {"marginables": False}
    min_cost = None
    order_path = "/api/v1/orders"
    # Every order says its margin mode and, where that is isolated, its leverage.
    order_params = {"marginMode": "isolated", "leverage": 10}
    name_length = 40
    tells_hedged = False
    passed_stop_fires = True
    whole_stop_stays = True
    codes = {"leverage": "300016", "margin mode": "50002", "duplicate": "300018", "bad name": "100001", "poor": "300003", "mode": "330012"}

    def native(self, base):
        return {"BTC": "XBT"}.get(base, base) + "USDTM"

    def gone(self, error):
        # ccxt knows 100004 no better.
        return error.BadRequest

    def kind(self, order):
        """What an order that waits is for: ccxt tells the price only."""
        return "stop" if (order["side"], order["info"]["stop"]) in (("sell", "down"), ("buy", "up")) else "target"

    def guards(self, sim):
        return sorted((self.kind(order), order["triggerPrice"]) for order in self.triggers(sim))

    def protect(self, sim, side, kind, price):
        key = "stopLossPrice" if kind == "stop" else "takeProfitPrice"
        mode = {"positionSide": side.upper()} if self.is_hedge(sim) else {}
        sim.order("market", opposite(side), 0.01, **{key: price, "closeOrder": True, **mode})

    def unprotect(self, sim, side, kind):
        (order,) = [order for order in self.triggers(sim) if self.kind(order) == kind]
        sim.client.cancel_order(order["id"], BTC)

    def markets(self, sim):
        # Listed beside those of use: contracts that settle in other coins, and some that end.
        kinds = {market["id"]: market["type"] for market in sim.client.markets.values() if market["base"] == "BTC"}
        swaps, futures = ("XBTUSDTM", "XBTUSDM", "XBTUSDCM"), ("XBTMZ26", "XBTUSDTMZ26")
        assert kinds == dict.fromkeys(swaps, "swap") | dict.fromkeys(futures, "future"), kinds
        sizes = {base: sim.client.market(f"{base}/USDT:USDT")["contractSize"] for base in ("BTC", "ETH", "XRP")}
        assert sizes == {"BTC": 0.001, "ETH": 0.01, "XRP": 10}, sizes
        assert not sim.client.market("LUNA/USDT:USDT")["active"]

    def settings(self, sim):
        assert sim.client.fetch_margin_mode(BTC)["marginMode"] == "isolated"
        # The default is isolated margin, whatever the contract has.
        silent = refused(sim.error.InvalidOrder, sim.client.create_order, ETH, "market", "buy", 1)
        assert "330005" in silent, silent
        # Leverage can be set for cross margin only.
        sim.client.set_leverage(7, ETH)
        assert sim.client.fetch_leverage(ETH, {"marginMode": "cross"})["longLeverage"] == 7

    def market_order(self, sim):
        # An order is only taken: there is nothing but its ids.
        placed = sim.order("market", "buy", 0.01, clientOrderId="m2")
        assert (placed["status"], placed["filled"], placed["clientOrderId"]) == (None, None, "m2"), placed
        sim.order("market", "sell", 0.01, reduceOnly=True)

    def stop_fires(self, sim):
        # A stop keeps its number.
        (fired,) = [order for order in sim.client.fetch_closed_orders(BTC) if order["info"]["stop"] and order["filled"]]
        fired = self.order(sim, fired["id"])
        assert (fired["status"], fired["side"], fired["average"], fired["filled"]) == ("closed", "sell", 47900, sim.lots(0.01)), fired
        assert fired["info"]["stopTriggered"] is True, fired

    def quantity_stop_and_the_position(self, sim):
        # Without a position it may wait, and one that is late goes off at once.
        self.protect(sim, "long", "stop", 48000 + 1)
        assert self.guards(sim) == [("stop", 48001)], self.guards(sim)
        self.cancel_guards(sim)
        sim.order("market", "buy", 0.01)
        sim.order("market", "sell", 0.01, stopLossPrice=51000, reduceOnly=True)
        assert (sim.positions(), self.guards(sim)) == ({}, []), sim.positions()

    def batch(self, sim):
        # The answer is good where an order is not.
        each = {"symbol": BTC, "type": "limit", "side": "buy", "amount": 10, "params": self.order_params}
        good, bad = sim.client.create_orders([{**each, "price": price} for price in (49000, 60000)])
        assert (bad["id"], bad["info"]["code"]) == (None, "300011"), bad
        sim.client.cancel_order(good["id"], BTC)

    def refusals(self, sim):
        other = refused(sim.error.InvalidOrder, lambda: sim.order("market", "buy", 0.01, marginMode="cross"))
        assert "330005" in other, other
        nothing = refused(sim.error.InvalidOrder, lambda: sim.order("market", "sell", 0.01, reduceOnly=True))
        assert "300009" in nothing, nothing

    def books_agree(self, sim):
        # The accounts that come next have not been touched yet.
        self.order_params = {"marginMode": "cross"}
