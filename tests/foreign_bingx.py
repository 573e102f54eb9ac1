"""BingX's row of what differs between the exchanges that a foreign client judges."""

from foreign_rig import refused
from foreign_row import BTC, Row, opposite


class BingX(Row):
    """Nearly all refusals come with HTTP status 200, many of them under one code."""

    name = client = "bingx"
    options = {"defaultType": "swap", "defaultSubType": "linear"}
    lot = 0.0001
    min_cost = 2
    leverage_params = {"side": "BOTH"}
    order_path = "/openApi/swap/v2/trade/order"
    name_length = 40
    odd_name = "my0rder1"
    # ccxt adds margin that is free to margin that is used.
    total_has_profit = False
    whole_stop_stays = True
    tells_hedged = False
    codes = {
        "leverage": "101414", "margin mode": "the account has positions or pending orders", "duplicate": "101481", "bad name": "clientOrderId",
        "poor": "101204", "mode": "In the Hedge mode",
    }

    def native(self, base):
        return base + "-USDT"

    def fills(self, sim):
        """Executions have neither side nor kind, and whole seconds: their orders know better."""
        trades = sim.client.fetch_my_trades(BTC, params={"tradingUnit": "COIN"})
        orders = {trade["order"]: self.order(sim, trade["order"]) for trade in trades}
        return [self.completed(trade, orders[trade["order"]]) for trade in trades]

    def completed(self, trade, order):
        share = trade["fee"]["cost"] / (trade["amount"] * trade["price"])
        kind = "maker" if share < 0.0003 else "taker"
        return {**trade, "side": order["side"], "timestamp": order["lastUpdateTimestamp"], "takerOrMaker": kind}

    def query(self, sim, **params):
        answer = sim.client.swapV2PrivateGetTradeOrder({"symbol": "BTC-USDT", **params})
        return sim.client.parse_order(answer["data"]["order"], sim.client.market(BTC))

    def order_named(self, sim, name):
        return self.query(sim, clientOrderId=name)

    def gone(self, error):
        # ccxt reads no words of 109400.
        return error.BadRequest

    def plain(self, orders):
        return [order for order in orders if not order["stopLossPrice"] and not order["takeProfitPrice"]]

    def triggers(self, sim):
        return [order for order in sim.opened() if order["stopLossPrice"] or order["takeProfitPrice"]]

    def protect(self, sim, side, kind, price):
        key = "stopLossPrice" if kind == "stop" else "takeProfitPrice"
        amount = sim.positions()[side]["contracts"]
        params = {key: price, "workingType": "MARK_PRICE", "reduceOnly": True, "hedged": self.is_hedge(sim)}
        placed = sim.client.create_order(BTC, "market", opposite(side), amount, None, params)
        assert (placed["status"], placed["filled"]) == ("open", None), placed

    def unprotect(self, sim, side, kind):
        key = "stopLossPrice" if kind == "stop" else "takeProfitPrice"
        (order,) = [order for order in self.triggers(sim) if order[key]]
        assert sim.client.cancel_order(order["id"], BTC)["status"] == "canceled"

    def cancel_types(self, sim, *types):
        for type in types:
            sim.client.swapV2PrivateDeleteTradeAllOpenOrders({"symbol": "BTC-USDT", "type": type})

    def cancel_plain(self, sim):
        self.cancel_types(sim, "LIMIT")

    def cancel_guards(self, sim):
        self.cancel_types(sim, "STOP_MARKET", "TAKE_PROFIT_MARKET")

    def settings(self, sim):
        wrong = refused(sim.error.ExchangeError, lambda: sim.client.set_leverage(10, BTC, {"side": "LONG"}))
        assert "One-way mode" in wrong, wrong
        modes = sim.client.fetch_margin_mode(BTC), sim.client.fetch_leverage(BTC)
        assert (modes[0]["marginMode"], modes[1]["longLeverage"]) == ("isolated", 10), modes

    def market_order(self, sim):
        # An order is only taken; its name comes back in small letters.
        placed = sim.order("market", "buy", 0.01, clientOrderId="M2")
        assert (placed["status"], placed["filled"], placed["clientOrderId"]) == ("open", None, "m2"), placed
        assert self.order_named(sim, "m2")["id"] == self.order_named(sim, "M2")["id"] == placed["id"]
        sim.order("market", "sell", 0.01, reduceOnly=True)

    def protection(self, sim):
        twin = refused(sim.error.ExchangeError, self.protect, sim, "long", "stop", 47000)
        assert "110406" in twin, twin
        self.protect(sim, "long", "target", 52000)
        twin = refused(sim.error.ExchangeError, self.protect, sim, "long", "target", 53000)
        assert "110407" in twin, twin
        self.unprotect(sim, "long", "target")
        # The whole position is no quantity.
        whole = {"stopLossPrice": 47000, "closePosition": True}
        refusal = refused(sim.error.ExchangeError, lambda: sim.order("market", "sell", 0.01, **whole))
        assert "quantity or stopPrice is must" in refusal, refusal

    def cancel_all_has_two_halves(self, sim):
        sim.order("market", "buy", 0.01)
        self.protect(sim, "long", "stop", 48000)
        sim.order("limit", "buy", 0.01, 49000)
        # Without a type it is everything.
        assert len(sim.client.cancel_all_orders(BTC)) == 2
        assert sim.opened() == []
        sim.order("market", "sell", 0.01, reduceOnly=True)

    def batch(self, sim):
        each = {"symbol": BTC, "type": "limit", "side": "buy", "amount": 0.01}
        # What is refused is not in the answer.
        (good,) = sim.client.create_orders([{**each, "amount": 50, "price": 49000}, {**each, "price": 48900}])
        assert [order["price"] for order in sim.opened()] == [48900]
        sim.client.cancel_order(good["id"], BTC)

    def trades(self, sim):
        (sheets, *_), (coins, *_) = sim.client.fetch_my_trades(BTC), self.fills(sim)
        assert sheets["amount"] == round(coins["amount"] / self.lot), sheets
        assert float(coins["info"]["commission"]) < 0 and coins["id"] is None, coins

    def hedge_mode(self, sim):
        words = refused(sim.error.ExchangeError, lambda: sim.client.set_leverage(10, BTC, self.leverage_params))
        assert "Hedge mode" in words, words
        sim.client.set_leverage(12, BTC, {"side": "SHORT"})
        assert {side: position["leverage"] for side, position in sim.positions().items()} == {"long": 10, "short": 12}, sim.positions()
