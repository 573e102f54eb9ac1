"""What a check of `foreign_client` must know of an exchange, with ccxt's unified ways where nothing else is said.

A row's attributes and helpers say how ccxt is told there what the checks want, and in which codes the exchange refuses. A
method called like a check says what more is true there; it runs right after that check.
"""

from foreign_rig import CCXT

BTC, ETH, XRP = "BTC/USDT:USDT", "ETH/USDT:USDT", "XRP/USDT:USDT"


def opposite(side):
    """The direction that closes a side."""
    return "sell" if side == "long" else "buy"


class Row:
    """ccxt's unified ways."""

    # As exchange-sim calls it, ccxt's class, and the version that has it.
    name = client = ""
    ccxt = CCXT
    # What keeps that from asking for what is not simulated.
    options = {}
    market_params = {}
    # Its contracts, and the coin they settle in.
    btc, eth, xrp, coin = BTC, ETH, XRP, "USDT"
    # Steps of Bitcoin's price and quantity.
    tick = 0.1
    lot = 0.001
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
    # Whether the name of an open order is refused to another.
    names_are_unique = True
    # Whether ccxt tells that a contract can be traded.
    tells_active = True
    # What ccxt makes of a fee that was paid.
    fee_sign = 1
    # Whether ccxt counts open profit into the balance's total.
    total_has_profit = True
    # Whether a reduce-only stop of a fixed quantity outlives the position.
    quantity_stop_stays = True
    # Whether one for the whole position does.
    whole_stop_stays = False
    # Whether an account may hold both sides of a contract.
    has_hedge = True
    # Whether ccxt tells of a position that it is one of two.
    tells_hedged = True
    # Whether a stop whose price is passed goes off instead of being refused.
    passed_stop_fires = False
    # Whether several orders can be placed with one request.
    has_batches = True
    # Whether the position mode is the account's, and not every contract's own.
    account_has_mode = True
    # The exchange's codes: leverage, margin mode, duplicate, bad name, poor, mode.
    codes = {}

    def native(self, base):
        return base + self.coin

    def secret(self, secret):
        """What a customer gets for the secret of a key."""
        return secret

    def time(self, sim):
        """The exchange's clock, in ms."""
        return sim.client.fetch_time()

    def quote(self, sim):
        """Best bid and ask of Bitcoin."""
        ticker = sim.client.fetch_ticker(self.btc)
        return ticker["bid"], ticker["ask"]

    def fills(self, sim):
        """All executions of Bitcoin."""
        return sim.client.fetch_my_trades(self.btc)

    def hedge(self, sim):
        """Switches to hedge mode."""
        sim.client.set_position_mode(True)

    def quantity_stop(self, sim, coins, price):
        """A stop that closes so much of a long position."""
        sim.order("market", "sell", coins, stopLossPrice=price, reduceOnly=True)

    def isolate(self, sim):
        sim.client.set_margin_mode("isolated", self.btc)

    def used(self, sim):
        """What positions bind."""
        return sim.client.fetch_balance()[self.coin]["used"]

    def profit_and_margin(self, sim):
        """Of the long position."""
        position = sim.positions()["long"]
        return position["unrealizedPnl"], position["initialMargin"]

    def cannot_change_margin_mode(self, sim):
        """With a position."""
        sim.deny("margin mode", sim.client.set_margin_mode, "cross", self.btc)

    def is_hedge(self, sim):
        return sim.client.fetch_position_mode(self.btc)["hedged"]

    def opening(self, side):
        """What an order says in hedge mode that opens a side."""
        return {"hedged": True}

    def closing(self, side):
        return {"hedged": True, "reduceOnly": True}

    def price(self, order):
        """At which an order rests."""
        return order["price"]

    def order(self, sim, id):
        """A plain order, whatever became of it."""
        return sim.client.fetch_order(id, self.btc)

    def order_named(self, sim, name):
        return sim.client.fetch_order(None, self.btc, {"clientOrderId": name})

    def cancel_named(self, sim, name):
        sim.client.cancel_order(None, self.btc, {"clientOrderId": name})

    def gone(self, error):
        """What cancelling an order raises that has ended."""
        return error.OrderNotFound

    def unknown(self, error):
        """What asking for an order raises that never was."""
        return error.OrderNotFound

    def plain(self, orders):
        """Those of a list of open orders that wait for no price."""
        return orders

    def triggers(self, sim):
        """Orders that wait for a price."""
        return sim.client.fetch_open_orders(self.btc, None, None, {"trigger": True})

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
        sim.client.cancel_all_orders(self.btc)

    def cancel_guards(self, sim):
        sim.client.cancel_all_orders(self.btc, {"trigger": True})
