"""Kraken's row of what differs between the exchanges that a foreign client judges."""

import base64

from foreign_rig import refused
from foreign_row import Row, opposite


class Kraken(Row):
    """Contracts settle in dollars. Whatever is refused as an order comes under the heading of success."""

    name, client = "kraken", "krakenfutures"
    btc, eth, xrp, coin = "BTC/USD:USD", "ETH/USD:USD", "XRP/USD:USD", "USD"
    order_path = "/derivatives/api/v3/sendorder"
    tick, lot, min_cost = 1, 0.0001, None
    name_length = 100
    # Its total is the wallet.
    total_has_profit = False
    has_hedge = False
    codes = {
        "leverage": "maxLeverage", "duplicate": "clientOrderIdAlreadyExist", "bad name": "clientOrderIdTooLong",
        "poor": "insufficientAvailableFunds",
    }

    def native(self, base):
        return f"PF_{'XBT' if base == 'BTC' else base}USD"

    def secret(self, secret):
        return base64.b64encode(secret.encode()).decode()

    def time(self, sim):
        # There is no clock to ask; every answer has one.
        return sim.client.parse8601(sim.client.publicGetTickersSymbol({"symbol": self.native("BTC")})["serverTime"])

    def isolate(self, sim):
        """A leverage does it."""

    def preference(self, sim):
        rows = sim.client.privateGetLeveragepreferences()["leveragePreferences"]
        return {row["symbol"]: float(row["maxLeverage"]) for row in rows}

    def cannot_change_margin_mode(self, sim):
        # It can: the margin mode is a leverage or none, and ccxt has no unified way to say none.
        assert sim.positions()["long"]["marginMode"] == "isolated"
        sim.client.privatePutLeveragepreferences({"symbol": "PF_XBTUSD"})
        assert (self.preference(sim), sim.positions()["long"]["marginMode"]) == ({}, "cross")
        sim.client.set_leverage(10, self.btc)
        assert self.preference(sim) == {"PF_XBTUSD": 10}

    def profit_and_margin(self, sim):
        # Positions tell neither, and ccxt's balance leaves out what else the account says.
        position = sim.positions()["long"]
        assert (position["unrealizedPnl"], position["leverage"]) == (None, 10), position
        flex = sim.client.privateGetAccounts()["accounts"]["flex"]
        assert float(flex["portfolioValue"]) == float(flex["balanceValue"]) + 10, flex
        return float(flex["totalUnrealized"]), float(flex["initialMargin"])

    def price(self, order):
        # ccxt trusts no limit price, because that of a market order is none.
        return float(order["info"]["limitPrice"])

    def averaged(self, sim, order):
        """The order's status tells no price; the fills do."""
        fills = [trade for trade in sim.client.fetch_my_trades(self.btc) if trade["order"] == order["id"]]
        cost, filled = sum(trade["cost"] for trade in fills), sum(trade["amount"] for trade in fills)
        assert abs(filled - order["filled"]) < 1e-9, (order, fills)
        return {**order, "cost": cost, "average": cost / filled if filled else None}

    def order(self, sim, id):
        return self.averaged(sim, sim.client.fetch_order(id, self.btc))

    def order_named(self, sim, name):
        found = sim.client.fetch_orders(None, None, None, {"cliOrdIds": name})
        if not found:
            raise sim.error.OrderNotFound(name)
        return self.averaged(sim, found[0])

    def cancel_named(self, sim, name):
        status = sim.client.privatePostCancelorder({"cliOrdId": name})["cancelStatus"]
        assert (status["status"], status["cliOrdId"]) == ("cancelled", name), status

    def plain(self, orders):
        return [order for order in orders if not order["triggerPrice"]]

    def triggers(self, sim):
        return [order for order in sim.opened() if order["triggerPrice"]]

    def guards(self, sim):
        kinds = {"stop": "stop", "take_profit": "target"}
        return sorted((kinds[order["type"]], order["triggerPrice"]) for order in self.triggers(sim))

    def protect(self, sim, side, kind, price):
        key = "stopLossPrice" if kind == "stop" else "takeProfitPrice"
        sim.order("market", opposite(side), 0.01, **{key: price, "triggerSignal": "mark"})

    def unprotect(self, sim, side, kind):
        (order,) = [order for order in self.triggers(sim) if order["type"] == {"stop": "stop", "target": "take_profit"}[kind]]
        sim.client.cancel_order(order["id"], self.btc)

    def cancel_plain(self, sim):
        # To cancel all is to cancel those that wait for a price, too.
        for order in self.plain(sim.opened()):
            sim.client.cancel_order(order["id"], self.btc)

    def cancel_guards(self, sim):
        for order in self.triggers(sim):
            sim.client.cancel_order(order["id"], self.btc)

    def markets(self, sim):
        kinds = {market["id"]: (market["type"], market["linear"]) for market in sim.client.markets.values() if market["base"] == "BTC"}
        assert kinds == {"PF_XBTUSD": ("swap", True), "PI_XBTUSD": ("swap", False), "FF_XBTUSD_271231": ("future", True)}, kinds
        pepe = sim.client.market("PEPE/USD:USD")["precision"]
        assert (pepe["amount"], pepe["price"]) == (1000, 1e-10), pepe
        assert sim.client.market("LUNA/USD:USD")["active"] is False

    def ticker(self, sim):
        # Rows of indices and rows without a price are among them.
        assert sim.client.fetch_tickers([self.btc, "LUNA/USD:USD"])["LUNA/USD:USD"]["last"] is None

    def balance(self, sim):
        assert sim.client.fetch_balance({"type": "cash"})["USD"]["total"] == 25

    def settings(self, sim):
        # The same again is no error; a contract in small letters is unknown.
        sim.client.set_leverage(10, self.btc)
        assert sim.client.fetch_leverage(self.btc)["longLeverage"] == 10
        small = refused(sim.error.ExchangeError, sim.client.privatePutLeveragepreferences, {"symbol": "pf_xbtusd", "maxLeverage": 5})
        assert "CONTRACT_DOES_NOT_EXIST" in small, small

    def market_order(self, sim):
        # The answer tells all at once.
        placed = sim.order("market", "buy", 0.01, clientOrderId="m2")
        assert (placed["status"], placed["filled"], placed["average"], placed["clientOrderId"]) == ("closed", 0.01, 50000, "m2"), placed
        # One that reduces by more than there is is shrunk.
        sim.order("market", "sell", 0.01, reduceOnly=True)

    def limit_order(self, sim):
        placed = sim.order("limit", "buy", 0.01, 49000, postOnly=True)
        assert (placed["status"], placed["postOnly"]) == ("open", True), placed
        sim.client.cancel_order(placed["id"], self.btc)
        refused(sim.error.OrderImmediatelyFillable, lambda: sim.order("limit", "buy", 0.01, 50001, postOnly=True))
        refused(sim.error.OrderNotFillable, lambda: sim.order("limit", "buy", 0.01, 49000, timeInForce="ioc"))

    def protection(self, sim):
        # Several of a kind may rest.
        self.protect(sim, "long", "stop", 47000)
        assert self.guards(sim) == [("stop", 47000), ("stop", 48000)], self.guards(sim)
        (lower,) = [order for order in self.triggers(sim) if order["triggerPrice"] == 47000]
        sim.client.cancel_order(lower["id"], self.btc)

    def stop_fires(self, sim):
        assert [order["status"] for order in sim.client.fetch_canceled_orders(self.btc, None, None, {"trigger": True})], "the target"

    def quantity_stop_and_the_position(self, sim):
        # One that reduces may wait where there is nothing to reduce; an order that comes at once may not.
        sim.order("market", "sell", 0.01, stopLossPrice=48000)
        none = refused(sim.error.ExchangeError, lambda: sim.order("market", "sell", 0.01, reduceOnly=True))
        assert "wouldNotReducePosition" in none, none
        self.cancel_guards(sim)

    def cancel_all_has_two_halves(self, sim):
        sim.order("market", "sell", 0.01, stopLossPrice=48000)
        sim.order("limit", "buy", 0.01, 49000)
        sim.client.cancel_all_orders(self.btc)
        assert sim.opened() == []
        assert sim.client.privatePostCancelallorders({"symbol": "PF_XBTUSD"})["cancelStatus"]["status"] == "noOrdersToCancel"

    def batch(self, sim):
        each = {"symbol": self.btc, "type": "limit", "side": "buy", "amount": 0.01}
        placed = sim.client.create_orders([{**each, "price": 49000}, {**each, "amount": 50, "price": 49000}])
        assert sorted((order["status"], order["info"]["order_tag"]) for order in placed)[0][0] == "open", placed
        refused_one = [order for order in placed if order["status"] == "rejected"]
        assert [order["info"]["status"] for order in refused_one] == ["insufficientAvailableFunds"], placed
        (good,) = [order for order in placed if order["status"] == "open"]
        sim.client.cancel_order(good["id"], self.btc)

    def trades(self, sim):
        closed = sim.client.fetch_closed_orders(self.btc)
        assert {order["id"] for order in closed} == {trade["order"] for trade in sim.client.fetch_my_trades(self.btc)}, closed
        (last, *_) = sim.client.historyGetExecutions({"count": 1})["elements"]
        assert float(last["event"]["Execution"]["execution"]["orderData"]["fee"]) > 0, last
        assert sim.client.fetch_positions_history([self.btc])[-1]["realizedPnl"] is not None

    def books_agree(self, sim):
        # Contracts in USDT are nobody's.
        unknown = refused(sim.error.BadSymbol, sim.client.publicGetTickersSymbol, {"symbol": "PF_ETHUSDT"})
        assert "contractNotFound" in unknown, unknown
