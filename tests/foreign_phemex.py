"""Phemex's row among the exchanges that a foreign client judges."""

from foreign_rig import refused
from foreign_row import BTC, ETH, Row, opposite


class Phemex(Row):
    name = client = "phemex"
    options = {"defaultType": "swap", "defaultSubType": "linear"}
    order_path = "/g-orders"
    # There is such a rule, but ccxt does not read it.
    min_cost = None
    name_length = 40
    odd_name = "My-order_1-and-no-longer-than-40-letters"
    names_come_back = True
    # Its total is the wallet.
    total_has_profit = False
    whole_stop_stays = True
    has_batches = False
    account_has_mode = False
    codes = {"leverage": "11004", "margin mode": "11005", "duplicate": "11085", "bad name": "30000", "poor": "11001", "mode": "20004"}

    def time(self, sim):
        return int(self.raw(sim, "/public/time")["data"]["serverTime"])

    def raw(self, sim, target):
        """What ccxt has no method for."""
        return sim.client.fetch(sim.base + target)

    def quote(self, sim):
        # The ticker that ccxt reads has neither.
        ticker = self.raw(sim, "/md/v3/ticker/24hr?symbol=BTCUSDT")["result"]
        return float(ticker["bidRp"]), float(ticker["askRp"])

    def isolate(self, sim):
        sim.client.set_margin_mode("isolated", BTC, {"leverage": 5})

    def cannot_change_margin_mode(self, sim):
        sim.deny("margin mode", sim.client.set_margin_mode, "cross", BTC, {"leverage": 10})

    def rows(self, sim, symbol=BTC):
        """Its positions, also flat ones."""
        return sim.client.fetch_positions([symbol])

    def is_hedge(self, sim):
        return self.rows(sim)[0]["hedged"]

    def hedge(self, sim):
        sim.client.set_position_mode(True, BTC)

    def opening(self, side):
        return {"posSide": side.capitalize()}

    def closing(self, side):
        return {"posSide": side.capitalize(), "reduceOnly": True}

    def side(self, sim, side):
        """What orders of a side call it."""
        return side.capitalize() if self.is_hedge(sim) else "Merged"

    def asked(self, sim, **named):
        """The shapes of this answer take turns; ccxt reads one of them."""
        for _ in range(3):
            order = sim.client.fetch_order(named.get("id"), BTC, {key: named[key] for key in named if key != "id"})
            if order["id"]:
                return order
        raise AssertionError(f"no shape that ccxt reads: {order}")

    def order(self, sim, id):
        return self.asked(sim, id=id)

    def order_named(self, sim, name):
        return self.asked(sim, clientOrderId=name)

    def fills(self, sim):
        # ccxt looks for a bare list, and knows no number that means a maker.
        answer = sim.client.privateGetExchangeOrderV2TradingList({"currency": "USDT", "symbol": "BTCUSDT", "limit": 200})
        trades = sim.client.parse_trades(answer["data"]["rows"], sim.client.market(BTC))
        return [{**trade, "takerOrMaker": {6: "maker", 7: "taker"}[int(trade["info"]["execStatus"])]} for trade in trades]

    def kinds(self, sim):
        """Everything that is open, by the exchange's type."""
        return [(order["info"]["orderType"], order) for order in sim.opened()]

    def plain(self, orders):
        return [order for order in orders if order["info"]["ordStatus"] != "Untriggered"]

    def guards(self, sim):
        names = {"Stop": "stop", "MarketIfTouched": "target"}
        return sorted((names[kind], order["triggerPrice"]) for kind, order in self.kinds(sim) if kind in names)

    def guard(self, sim, side, kind, coins, price):
        falls = (kind == "stop") == (side == "long")
        params = {"reduceOnly": True, "closeOnTrigger": True, "posSide": self.side(sim, side)}
        more = {"triggerPrice": price, "triggerDirection": "descending" if falls else "ascending"}
        return sim.order("market", opposite(side), coins, **params, **more)

    def protect(self, sim, side, kind, price):
        return self.guard(sim, side, kind, sim.coins(sim.positions()[side]["contracts"]), price)

    def quantity_stop(self, sim, coins, price):
        self.guard(sim, "long", "stop", coins, price)

    def unprotect(self, sim, side, kind):
        wanted = {"stop": "Stop", "target": "MarketIfTouched"}[kind]
        (order,) = [order for known, order in self.kinds(sim) if known == wanted]
        sim.client.cancel_order(order["id"], BTC, {"posSide": self.side(sim, side)})

    def cancel_guards(self, sim):
        # ccxt's own word for it is misspelled.
        sim.client.cancel_all_orders(BTC, {"untriggered": True})

    def markets(self, sim):
        ids = {base: sim.client.market(f"{base}/USDT:USDT")["id"] for base in ("1000PEPE", "UNI")}
        assert ids == {"1000PEPE": "u1000PEPEUSDT", "UNI": "UNIUSDT"}, ids
        assert sim.client.market("LUNA/USDT:USDT")["active"] is False

    def settings(self, sim):
        (row,) = self.rows(sim)
        assert (row["marginMode"], row["leverage"], row["info"]["leverageRr"]) == ("isolated", 10, "10"), row
        # What was never touched has no row.
        assert self.rows(sim, ETH) == []
        pair = {"longLeverageRr": 10, "shortLeverageRr": 10}
        mode = refused(sim.error.ExchangeError, sim.client.set_leverage, 10, BTC, pair)
        assert "20004" in mode, mode

    def market_order(self, sim):
        # An order is only taken.
        placed = sim.order("market", "buy", 0.01, clientOrderId="m2")
        assert (placed["info"]["ordStatus"], placed["filled"]) == ("Created", 0), placed
        sim.order("market", "sell", 0.01, reduceOnly=True)
        # A field that nobody knows is ignored: this one is executed at once.
        sim.order("market", "buy", 0.01, price=None, stopPrize=60000)
        sim.order("market", "sell", 0.01, reduceOnly=True)

    def protection(self, sim):
        # Any number of them rests.
        self.protect(sim, "long", "stop", 47000)
        assert self.guards(sim) == [("stop", 47000), ("stop", 48000)], self.guards(sim)
        (second,) = [order for _, order in self.kinds(sim) if order["triggerPrice"] == 47000]
        sim.client.cancel_order(second["id"], BTC)

    def cancel_all_has_two_halves(self, sim):
        sim.order("market", "buy", 0.01)
        self.protect(sim, "long", "stop", 48000)
        sim.order("limit", "buy", 0.01, 49000)
        sim.client.cancel_all_orders(BTC, {"trigger": True})
        assert [kind for kind, _ in self.kinds(sim)] == ["Stop"], self.kinds(sim)
        self.cancel_guards(sim)
        sim.order("market", "sell", 0.01, reduceOnly=True)
        none = refused(sim.error.ExchangeError, self.guard, sim, "long", "stop", 0.01, 48000)
        assert "11013" in none, none

    def batch(self, sim):
        # Only cancelling knows several orders; ccxt sends and signs their comma encoded.
        ids = [sim.order("limit", "buy", 0.01, price)["id"] for price in (49000, 48900)]
        answer = sim.client.privateDeleteGOrders({"symbol": "BTCUSDT", "orderID": ",".join(ids), "posSide": "Merged"})
        assert [row["orderID"] for row in answer["data"]] == ids, answer
        assert sim.opened() == []

    def trades(self, sim):
        # The same orders in numbers: 1 is a market order, 3 a stop; 7 is filled.
        filled = [order for order in sim.client.fetch_orders(BTC) if order["status"] == "closed"]
        assert all(order["filled"] == order["amount"] and int(order["info"]["ordStatus"]) == 7 for order in filled), filled
        assert {1, 2, 3} <= {int(order["info"]["ordType"]) for order in filled}, filled

    def hedge_mode(self, sim):
        shown = {row["info"]["posSide"]: row["info"]["side"] for row in self.rows(sim)}
        assert shown == {"Long": "Buy", "Short": "Sell"}, shown
        wrong = refused(sim.error.ExchangeError, sim.client.set_leverage, 10, BTC)
        assert "20004" in wrong, wrong
        mixed = {"longLeverageRr": 10, "shortLeverageRr": -10}
        mixed = refused(sim.error.ExchangeError, sim.client.set_leverage, 10, BTC, mixed)
        assert "39108" in mixed, mixed
