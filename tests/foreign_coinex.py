"""CoinEx's row of what differs between the exchanges that a foreign client judges."""

from foreign_rig import refused
from foreign_row import Row, opposite

ENDS = {"stop": "stop-loss", "target": "take-profit"}
KEYS = {"stop": "stopLossPrice", "target": "takeProfitPrice"}


class CoinEx(Row):
    """ccxt knew it up to this version. Its errors are texts without codes."""

    name = client = "coinex"
    ccxt = "4.5.85"
    options = {"defaultType": "swap", "defaultSubType": "linear"}
    order_path = "/v2/futures/order"
    tick, lot, min_cost = 0.01, 1e-08, None
    leverage_params = {"marginMode": "isolated"}
    name_length = 32
    names_come_back = True
    names_are_unique = False
    tells_active = False
    # Its total lacks the margin of positions, too.
    total_has_profit = False
    quantity_stop_stays = False
    has_hedge = False
    codes = {
        "leverage": "Invalid Parameter. leverage", "margin mode": "there is a position", "bad name": "abnormal. client_id",
        "poor": "balance not enough",
    }

    def quote(self, sim):
        # The ticker has neither.
        book = sim.client.fetch_order_book(self.btc, 5)
        return book["bids"][0][0], book["asks"][0][0]

    def isolate(self, sim):
        sim.client.set_margin_mode("isolated", self.btc, {"leverage": 5})

    def cannot_change_margin_mode(self, sim):
        sim.deny("margin mode", sim.client.set_margin_mode, "cross", self.btc, params={"leverage": 10})

    def used(self, sim):
        return float(sim.client.fetch_balance()["info"]["data"][0]["margin"])

    def profit_and_margin(self, sim):
        position = sim.positions()["long"]
        return position["unrealizedPnl"], position["collateral"]

    def fills(self, sim):
        # Pages have ten rows if nothing is said.
        return sim.client.fetch_my_trades(self.btc, None, 100)

    def order(self, sim, id):
        order = sim.client.fetch_order(id, self.btc)
        # ccxt takes the words as they come.
        return {**order, "status": {"filled": "closed", "part_canceled": "canceled"}.get(order["status"], order["status"])}

    def orders_named(self, sim, name):
        ways = (sim.client.fetch_open_orders, sim.client.fetch_closed_orders)
        return [order for way in ways for order in way(self.btc, None, None, {"client_id": name})]

    def order_named(self, sim, name):
        found = self.orders_named(sim, name)
        if not found:
            raise sim.error.OrderNotFound(name)
        return found[0]

    def guards(self, sim):
        # ccxt leaves these prices as texts.
        held = sim.positions().values()
        return sorted((kind, float(position[key])) for position in held for kind, key in KEYS.items() if position[key])

    def protect(self, sim, side, kind, price):
        sim.order("market", opposite(side), 0.01, **{KEYS[kind]: price, "stop_type": "mark_price"})

    def unprotect(self, sim, side, kind):
        body = {"market": "BTCUSDT", "market_type": "FUTURES"}
        return sim.client.request(f"futures/cancel-position-{ENDS[kind]}", ["v2", "private"], "POST", body)

    def cancel_guards(self, sim):
        for kind, _ in self.guards(sim):
            self.unprotect(sim, "long", kind)

    def markets(self, sim):
        client = sim.client
        assert client.market("BTC/USD:BTC")["linear"] is False
        assert client.market("LUNA/USDT:USDT")["info"]["is_market_available"] is False
        # ccxt takes the precision of the quote coin for the tick, which is coarser.
        sol = client.market("SOL/USDT:USDT")
        assert (sol["precision"]["price"], sol["info"]["tick_size"], sol["info"].get("is_api_trading_available")) == (0.001, "0.01", None), sol

    def settings(self, sim):
        # The same again is no error, and what was set cannot be read while there is no position.
        sim.client.set_leverage(10, self.btc, self.leverage_params)
        assert sim.client.request("futures/pending-position", ["v2", "private"], "GET", {"market_type": "FUTURES"})["data"] == []
        # One that is between two that are listed.
        between = refused(sim.error.ExchangeError, sim.client.set_leverage, 12, self.btc, self.leverage_params)
        assert self.codes["leverage"] in between, between

    def market_order(self, sim):
        # The answer tells all at once.
        placed = sim.order("market", "buy", 0.01, clientOrderId="m2")
        assert (placed["filled"], placed["average"], placed["fees"][0]["cost"], placed["clientOrderId"]) == (0.01, 50000, 0.25, "m2"), placed
        closed = sim.order("market", "sell", 0.01, reduceOnly=True)
        assert (closed["side"], closed["filled"]) == ("sell", 0.01), closed
        # Nobody shrinks an order that would close more than there is.
        refused(sim.error.ExchangeError, lambda: sim.order("market", "sell", 0.02, reduceOnly=True))

    def position_one_way(self, sim):
        position = sim.positions()["long"]
        assert (position["leverage"], position["marginMode"]) == (10, "isolated"), position

    def limit_order(self, sim):
        # A second order of the same name is a second order, and both are listed.
        for _ in range(2):
            sim.order("limit", "buy", 0.01, 49000, clientOrderId="l1")
        assert [order["clientOrderId"] for order in sim.opened()] == ["l1", "l1"]
        self.cancel_named(sim, "l1")
        assert sim.opened() == [] and self.orders_named(sim, "l1") == []
        taker = refused(sim.error.InvalidOrder, lambda: sim.order("limit", "buy", 0.01, 50001, postOnly=True))
        assert "Maker Only" in taker, taker
        for how in ("IOC", "FOK"):
            refused(sim.error.InvalidOrder, lambda: sim.order("limit", "buy", 0.01, 49000, timeInForce=how))

    def protection(self, sim):
        # Another one takes the place of the first.
        self.protect(sim, "long", "stop", 47000)
        assert self.guards(sim) == [("stop", 47000)], self.guards(sim)
        self.protect(sim, "long", "stop", 48000)

    def stop_fires(self, sim):
        last = max(sim.client.fetch_closed_orders(self.btc), key=lambda order: int(order["id"]))
        assert (last["clientOrderId"], last["type"], last["filled"]) == (None, "market", 0.01), last

    def cancel_all_has_two_halves(self, sim):
        # Plan orders are neither half.
        plan = sim.order("market", "buy", 0.01, triggerPrice=51000, clientOrderId="p1")
        self.cancel_plain(sim)
        (waits,) = self.triggers(sim)
        assert (waits["id"], waits["clientOrderId"], waits["triggerPrice"]) == (plan["id"], "p1", 51000), waits
        sim.client.cancel_order(plan["id"], self.btc, {"trigger": True})
        assert self.triggers(sim) == []

    def batch(self, sim):
        each = {"symbol": self.btc, "type": "limit", "side": "buy", "price": 49000}
        placed = sim.client.create_orders([{**each, "amount": 0.01}, {**each, "amount": 50}])
        assert [order["status"] for order in placed] == ["open", "rejected"], placed
        (opened,) = sim.opened()
        sim.client.cancel_order(opened["id"], self.btc)

    def books_agree(self, sim):
        unknown = refused(sim.error.ExchangeError, sim.client.request, "futures/ticker", ["v2", "public"], "GET", {"market": "NONEUSDT"})
        assert "market NONEUSDT not found" in unknown, unknown
