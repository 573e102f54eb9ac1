#!/usr/bin/env python3
"""A foreign client judges the simulated exchanges: ccxt, which knows nothing of this project, trades on them.

    foreign_client.py [EXCHANGE...]     all of foreign_exchanges.EXCHANGES if none is named

The checks are written once, here. What differs from exchange to exchange is in the rows of `foreign_exchanges`; after a
check, the row's own method of the same name says what more is true there. Starts and stops the simulators itself on free
ports. Needs cargo, python3 and, the first time, PyPI. Ends with a line "N passed, 0 failed" for every exchange; its exit
code is 1 when anything failed.
"""

import json
import subprocess
import sys
import time

from foreign_exchanges import EXCHANGES
from foreign_rig import Exchange, enter_venv, judge, kept_here, refused


def connector(row):
    """Makes the row's client."""

    def connect(base, key, secret):
        import ccxt

        client = getattr(ccxt, row.client)({
            "apiKey": key,
            "secret": row.secret(secret),
            "password": "test-password",
            "enableRateLimit": False,
            "timeout": 5000,
            "options": {"maxRetriesOnFailure": 0, "adjustForTimeDifference": False, **row.options},
        })
        client.has["fetchCurrencies"] = False
        return kept_here(client, base)

    return connect


class Desk(Exchange):
    """A simulator of its own, with what the checks say of it."""

    def __init__(self, row, *flags, **keys):
        import ccxt

        self.row, self.error = row, ccxt
        super().__init__(connector(row), row.name, *flags, **keys)

    def move(self, price):
        """Moves Bitcoin's price."""
        self.price(self.row.native("BTC"), price)

    def lots(self, coins, client=None):
        """Bitcoins as the exchange counts them."""
        return round(coins / (client or self.client).market(self.row.btc)["contractSize"], 8)

    def coins(self, lots):
        return round(lots * self.client.market(self.row.btc)["contractSize"], 8)

    def order(self, kind, side, coins, price=None, **params):
        """Places an order."""
        return self.client.create_order(self.row.btc, kind, side, self.lots(coins), price, {**self.row.order_params, **params})

    def opened(self):
        """Plain orders that are open."""
        return self.client.fetch_open_orders(self.row.btc)

    def positions(self, symbol=None):
        """What is held, by side."""
        return {position["side"]: position for position in self.client.fetch_positions([symbol or self.row.btc]) if position["contracts"]}

    def deny(self, meaning, call, *args, **params):
        """The call must be refused, in the exchange's words for this."""
        said = refused(self.error.ExchangeError, lambda: call(*args, **params))
        assert self.row.codes[meaning] in said, said


def markets(sim):
    market = sim.client.load_markets(False, sim.row.market_params)[sim.row.btc]
    assert market["swap"] and market["linear"] and (market["active"] or not sim.row.tells_active), market
    assert (market["precision"]["price"], sim.coins(market["precision"]["amount"])) == (sim.row.tick, sim.row.lot), market["precision"]
    assert market["limits"]["cost"]["min"] == sim.row.min_cost, market["limits"]
    assert len([name for name, market in sim.client.markets.items() if market["swap"] and market["settle"] == sim.row.coin]) >= 20
    assert abs(sim.row.time(sim) - time.time() * 1000) < 2000


def ticker(sim):
    sim.move(50000)
    assert sim.client.fetch_ticker(sim.row.btc)["last"] == 50000


def bid_and_ask(sim):
    assert sim.row.quote(sim) == (50000 - sim.row.tick, 50000 + sim.row.tick), sim.row.quote(sim)


def balance(sim):
    coin = sim.client.fetch_balance()[sim.row.coin]
    assert (coin["total"], coin["free"], coin["used"]) == (10000, 10000, 0), coin


def settings(sim):
    sim.row.isolate(sim)
    sim.client.set_leverage(10, sim.row.btc, sim.row.leverage_params)
    sim.deny("leverage", sim.client.set_leverage, 76, sim.row.xrp, sim.row.leverage_params)


def market_order(sim):
    placed = sim.order("market", "buy", 0.01, clientOrderId="m1")
    order = sim.row.order(sim, placed["id"])
    assert (order["status"], order["filled"]) == ("closed", sim.lots(0.01)), order
    assert (order["average"], order["cost"], order["clientOrderId"]) == (50000, 500, "m1"), order
    assert sim.row.order_named(sim, "m1")["id"] == placed["id"]


def position_one_way(sim):
    held = sim.positions()
    assert list(held) == ["long"], held
    position = held["long"]
    assert (sim.coins(position["contracts"]), position["entryPrice"], bool(position.get("hedged"))) == (0.01, 50000, False), position
    assert sim.positions(sim.row.eth) == {}
    used = sim.row.used(sim)
    assert abs(used - 50) < 0.01, used


def balance_counts_open_profit(sim):
    before = sim.client.fetch_balance()[sim.row.coin]["total"]
    sim.move(51000)
    after = sim.client.fetch_balance()[sim.row.coin]["total"]
    assert abs(after - before - (10 if sim.row.total_has_profit else 0)) < 1e-6, (before, after)
    assert sim.row.profit_and_margin(sim) == (10, 50), sim.positions()


def settings_with_a_position(sim):
    sim.move(50000)
    sim.row.cannot_change_margin_mode(sim)


def limit_order(sim):
    placed = sim.order("limit", "buy", 0.01, 49000, clientOrderId="l1")
    (opened,) = sim.opened()
    assert (opened["clientOrderId"], opened["status"], sim.row.price(opened), opened["filled"]) == ("l1", "open", 49000, 0), opened
    if sim.row.names_are_unique:
        sim.deny("duplicate", sim.order, "limit", "buy", 0.01, 49000, clientOrderId="l1")
    sim.client.cancel_order(placed["id"], sim.row.btc)
    refused(sim.row.gone(sim.error), sim.client.cancel_order, placed["id"], sim.row.btc)
    assert sim.opened() == []
    assert sim.row.order(sim, placed["id"])["status"] == "canceled"


def names(sim):
    name = sim.row.odd_name
    placed = sim.order("limit", "buy", 0.01, 49000, clientOrderId=name)
    (opened,) = sim.opened()
    assert (opened["clientOrderId"], opened["id"]) == (name, placed["id"]), opened
    sim.row.cancel_named(sim, name)
    assert sim.opened() == []
    if sim.row.names_come_back:
        again = sim.order("limit", "buy", 0.01, 48900, clientOrderId=name)
        assert sim.row.order_named(sim, name)["id"] == again["id"]
        sim.row.cancel_named(sim, name)
    else:
        sim.deny("duplicate", sim.order, "limit", "buy", 0.01, 48900, clientOrderId=name)
    sim.deny("bad name", sim.order, "limit", "buy", 0.01, 49000, clientOrderId="x" * (sim.row.name_length + 1))


def limit_order_fills(sim):
    placed = sim.order("limit", "buy", 0.01, 49500)
    sim.move(49400)
    order = sim.row.order(sim, placed["id"])
    assert (order["status"], order["average"]) == ("closed", 49500), order
    sim.order("market", "sell", 0.01, reduceOnly=True)
    sim.move(50000)


def protection(sim):
    sim.row.protect(sim, "long", "stop", 48000)
    sim.row.protect(sim, "long", "target", 52000)
    assert sim.row.guards(sim) == [("stop", 48000), ("target", 52000)], sim.row.guards(sim)
    assert sim.row.plain(sim.opened()) == []
    if not sim.row.passed_stop_fires:
        refused(sim.error.ExchangeError, sim.row.protect, sim, "long", "stop", 51000)
    assert sim.row.guards(sim) == [("stop", 48000), ("target", 52000)], sim.row.guards(sim)
    sim.row.unprotect(sim, "long", "target")
    assert sim.row.guards(sim) == [("stop", 48000)], sim.row.guards(sim)


def stop_fires(sim):
    sim.move(47900)
    assert sim.positions() == {}
    assert sim.row.guards(sim) == []
    last = max(sim.row.fills(sim), key=lambda trade: (trade["timestamp"], trade["side"] == "sell"))
    assert (last["side"], last["price"]) == ("sell", 47900), last
    sim.move(50000)


def quantity_stop_and_the_position(sim):
    sim.order("market", "buy", 0.01)
    sim.row.quantity_stop(sim, 0.01, 48000)
    assert sim.row.guards(sim) == [("stop", 48000)], sim.row.guards(sim)
    sim.order("market", "sell", 0.01, reduceOnly=True)
    assert sim.row.guards(sim) == ([("stop", 48000)] if sim.row.quantity_stop_stays else []), sim.row.guards(sim)
    sim.row.cancel_guards(sim)
    assert sim.row.guards(sim) == []


def cancel_all_has_two_halves(sim):
    sim.order("market", "buy", 0.01)
    sim.row.protect(sim, "long", "stop", 48000)
    sim.order("limit", "buy", 0.01, 49000)
    sim.order("limit", "buy", 0.01, 48900)
    assert len(sim.row.plain(sim.opened())) == 2
    sim.row.cancel_plain(sim)
    assert sim.row.plain(sim.opened()) == []
    assert sim.row.guards(sim) == [("stop", 48000)], sim.row.guards(sim)
    sim.row.cancel_guards(sim)
    assert sim.row.guards(sim) == []
    # Nothing to cancel is no error.
    sim.row.cancel_plain(sim)
    sim.row.cancel_guards(sim)
    sim.order("market", "sell", 0.01, reduceOnly=True)


def batch(sim):
    if not sim.row.has_batches:
        return
    each = {"symbol": sim.row.btc, "type": "limit", "side": "buy", "amount": sim.lots(0.01), "params": sim.row.order_params}
    placed = sim.client.create_orders([{**each, "price": price} for price in (49000, 48900)])
    assert sorted(order["id"] for order in placed) == sorted(order["id"] for order in sim.opened()), placed
    sim.client.cancel_orders([order["id"] for order in placed], sim.row.btc)
    assert sim.opened() == []


def trades(sim):
    seen = sorted(sim.row.fills(sim), key=lambda trade: trade["timestamp"])
    first = seen[0]
    assert (first["side"], sim.coins(first["amount"]), first["price"]) == ("buy", 0.01, 50000), first
    assert abs(first["fee"]["cost"] * sim.row.fee_sign - 0.25) < 1e-9, first
    assert any(trade["takerOrMaker"] == "maker" for trade in seen)
    assert abs(sum(trade["amount"] * (1 if trade["side"] == "buy" else -1) for trade in seen)) < 1e-9


def refusals(sim):
    sim.deny("poor", sim.order, "market", "buy", 50)
    refused(sim.row.unknown(sim.error), sim.row.order_named, sim, "never-seen")
    refused(sim.error.ExchangeError, sim.order, "limit", "buy", sim.row.lot / 10, 49000)
    right, sim.client.secret = sim.client.secret, sim.row.secret("another")
    try:
        refused(sim.error.AuthenticationError, sim.client.fetch_balance)
    finally:
        sim.client.secret = right


def hedge_mode(sim):
    if not sim.row.has_hedge:
        refused(sim.error.NotSupported, sim.client.set_position_mode, True)
        return
    assert sim.row.is_hedge(sim) is False
    sim.row.hedge(sim)
    assert sim.row.is_hedge(sim) is True
    sim.order("market", "buy", 0.02, **sim.row.opening("long"))
    sim.order("market", "sell", 0.01, **sim.row.opening("short"))
    held = sim.positions()
    assert {side: sim.coins(position["contracts"]) for side, position in held.items()} == {"long": 0.02, "short": 0.01}, held
    assert bool(held["long"].get("hedged")) is sim.row.tells_hedged
    sim.deny("mode", sim.order, "market", "buy", 0.01)


def hedge_protection(sim):
    if not sim.row.has_hedge:
        return
    sim.row.protect(sim, "long", "stop", 48000)
    sim.row.protect(sim, "short", "stop", 52000)
    sim.move(47900)
    assert list(sim.positions()) == ["short"], sim.positions()
    sim.order("market", "buy", 0.01, **sim.row.closing("short"))
    assert sim.positions() == {}
    assert sim.row.guards(sim) == ([("stop", 52000)] if sim.row.whole_stop_stays else []), sim.row.guards(sim)
    sim.row.cancel_guards(sim)
    assert sim.row.guards(sim) == []


def books_agree(sim):
    books = sim.control("books")
    assert books["positions"] == [] and books["hedge"] is (sim.row.has_hedge and sim.row.account_has_mode), books
    log = sim.control("log")
    text = json.dumps(log)
    assert not any(word in text for word in ("signature", "test-api", "test-password"))
    assert all(entry["status"] != 404 for entry in log["entries"]), [entry for entry in log["entries"] if entry["status"] == 404]


def several_accounts(sim):
    host = Desk(sim.row, "--accounts", "3", key="k1", secret="s1")
    try:
        clients = [host.client, host.connect("k2", "s2"), host.connect("k3", "s3")]
        for client, amount in zip(clients, (0.01, 0.02, 0.03)):
            client.load_markets(False, sim.row.market_params)
            params = {**sim.row.order_params, "clientOrderId": "samename"}
            client.create_order(sim.row.btc, "limit", "buy", host.lots(amount, client), 49000, params)
        host.move(48900)
        held = [host.coins(client.fetch_positions([sim.row.btc])[0]["contracts"]) for client in clients]
        assert held == [0.01, 0.02, 0.03], held
        log = host.control("log?account=k2")["entries"]
        assert [entry["path"] for entry in log if entry["method"] == "POST"] == [sim.row.order_path], log
    finally:
        host.stop()


CHECKS = [
    markets, ticker, bid_and_ask, balance, settings, market_order, position_one_way, balance_counts_open_profit, settings_with_a_position,
    limit_order, names, limit_order_fills, protection, stop_fires, quantity_stop_and_the_position, cancel_all_has_two_halves, batch,
    trades, refusals, hedge_mode, hedge_protection, books_agree, several_accounts,
]


def with_own(check, row):
    """The check, and what more is true on this exchange."""

    def both(sim):
        check(sim)
        getattr(row, check.__name__, lambda sim: None)(sim)

    both.__name__ = check.__name__
    return both


def main():
    wanted = sys.argv[1:] or list(EXCHANGES)
    by_version = {}
    for name in wanted:
        by_version.setdefault(EXCHANGES[name].ccxt, []).append(name)
    if len(by_version) > 1:
        # A process has one ccxt.
        return max(subprocess.call([sys.executable, __file__, *names]) for names in by_version.values())
    enter_venv(*by_version)
    worst = 0
    for name in wanted:
        row = EXCHANGES[name]
        print(f"== {name}", flush=True)
        worst = max(worst, judge(Desk(row), [with_own(check, row) for check in CHECKS]))
    return worst


if __name__ == "__main__":
    sys.exit(main())
