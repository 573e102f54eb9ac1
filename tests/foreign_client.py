#!/usr/bin/env python3
"""A foreign client judges the simulated Binance: ccxt, which knows nothing of this project, trades on it.

Starts and stops the simulator itself on a free port. Needs cargo, python3 and, the first time, PyPI (the pinned ccxt goes
into target/foreign-client). Ends with a line "N passed, 0 failed"; its exit code is 1 when anything failed.
"""

import json
import sys
import time

from foreign_rig import Exchange, enter_venv, judge, kept_here, refused

BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"


def connect(base, key, secret):
    import ccxt

    client = ccxt.binance({
        "apiKey": key,
        "secret": secret,
        "enableRateLimit": False,
        "timeout": 5000,
        "options": {
            "maxRetriesOnFailure": 0,
            "adjustForTimeDifference": False,
            "defaultType": "swap",
            "defaultSubType": "linear",
            "fetchMarkets": {"types": ["linear"]},
            "fetchMargins": False,
        },
    })
    client.has["fetchCurrencies"] = False
    return kept_here(client, base)


def markets(sim):
    market = sim.client.load_markets()[BTC]
    assert market["swap"] and market["linear"] and market["active"], market
    assert (market["precision"]["price"], market["precision"]["amount"]) == (0.1, 0.001), market["precision"]
    assert market["limits"]["cost"]["min"] == 50, market["limits"]
    assert len(sim.client.markets) >= 20
    assert abs(sim.client.fetch_time() - time.time() * 1000) < 2000


def ticker(sim):
    sim.price("BTCUSDT", 50000)
    assert sim.client.fetch_ticker(BTC)["last"] == 50000


def bid_and_ask(sim):
    quote = sim.client.fetch_bids_asks([BTC])[BTC]
    assert (quote["bid"], quote["ask"]) == (49999.9, 50000.1), quote


def balance(sim):
    usdt = sim.client.fetch_balance()["USDT"]
    assert (usdt["total"], usdt["free"], usdt["used"]) == (10000, 10000, 0), usdt


def settings(sim):
    assert sim.client.set_leverage(10, BTC)["leverage"] == 10
    sim.client.set_margin_mode("isolated", BTC)
    too_high = refused(sim.error.ExchangeError, sim.client.set_leverage, 76, "XRP/USDT:USDT")
    assert "-4028" in too_high, too_high


def market_order(sim):
    placed = sim.client.create_order(BTC, "market", "buy", 0.01, None, {"clientOrderId": "m-1"})
    assert (placed["status"], placed["filled"], placed["average"]) == ("closed", 0.01, None), placed
    order = sim.client.fetch_order(placed["id"], BTC)
    assert (order["status"], order["average"], order["cost"], order["clientOrderId"]) == ("closed", 50000, 500, "m-1"), order
    by_name = sim.client.fetch_order(None, BTC, {"origClientOrderId": "m-1"})
    assert by_name["id"] == placed["id"]


def position_one_way(sim):
    (position,) = sim.client.fetch_positions([BTC])
    assert (position["side"], position["contracts"], position["entryPrice"], position["hedged"]) == ("long", 0.01, 50000, False), position
    assert sim.client.fetch_positions([ETH]) == []
    used = sim.client.fetch_balance()["USDT"]["used"]
    assert abs(used - 50) < 0.01, used


def balance_counts_open_profit(sim):
    before = sim.client.fetch_balance()["USDT"]["total"]
    sim.price("BTCUSDT", 51000)
    after = sim.client.fetch_balance()["USDT"]
    assert abs(after["total"] - before - 10) < 1e-6, (before, after)
    (position,) = sim.client.fetch_positions([BTC])
    assert (position["unrealizedPnl"], position["initialMargin"]) == (10, 50), position
    assert 50049 < float(position["info"]["breakEvenPrice"]) < 50051, position["info"]
    sim.price("BTCUSDT", 50000)


def settings_with_a_position(sim):
    held = refused(sim.error.ExchangeError, sim.client.set_margin_mode, "cross", BTC)
    assert "-4048" in held, held
    lower = refused(sim.error.ExchangeError, sim.client.set_leverage, 5, BTC)
    assert "-4161" in lower, lower
    (config,) = sim.client.fapiPrivateGetSymbolConfig({"symbol": "BTCUSDT"})
    assert (config["marginType"], int(config["leverage"])) == ("ISOLATED", 10), config


def limit_order(sim):
    placed = sim.client.create_order(BTC, "limit", "buy", 0.01, 49000, {"clientOrderId": "l-1"})
    assert (placed["status"], placed["filled"], placed["price"]) == ("open", 0, 49000), placed
    (opened,) = sim.client.fetch_open_orders(BTC)
    assert (opened["clientOrderId"], opened["status"]) == ("l-1", "open"), opened
    duplicate = refused(sim.error.ExchangeError, sim.client.create_order, BTC, "limit", "buy", 0.01, 49000, {"clientOrderId": "l-1"})
    assert "-4116" in duplicate, duplicate
    assert sim.client.cancel_order(placed["id"], BTC)["status"] == "canceled"
    refused(sim.error.OrderNotFound, sim.client.cancel_order, placed["id"], BTC)
    assert sim.client.fetch_order(placed["id"], BTC)["status"] == "canceled"


def a_name_comes_back(sim):
    name = "My.order:1/a_B-2"
    for price in (49000, 48900):
        placed = sim.client.create_order(BTC, "limit", "buy", 0.01, price, {"clientOrderId": name})
        (opened,) = sim.client.fetch_open_orders(BTC)
        assert (opened["clientOrderId"], opened["price"], opened["id"]) == (name, price, placed["id"]), opened
        assert sim.client.cancel_order(None, BTC, {"origClientOrderId": name})["clientOrderId"] == name
    bad = refused(sim.error.ExchangeError, sim.client.create_order, BTC, "limit", "buy", 0.01, 49000, {"clientOrderId": "x" * 37})
    assert "-4015" in bad, bad


def limit_order_fills(sim):
    placed = sim.client.create_order(BTC, "limit", "buy", 0.01, 49500)
    sim.price("BTCUSDT", 49400)
    order = sim.client.fetch_order(placed["id"], BTC)
    assert (order["status"], order["average"]) == ("closed", 49500), order
    sim.client.create_order(BTC, "market", "sell", 0.01, None, {"reduceOnly": True})
    sim.price("BTCUSDT", 50000)


def protection(sim):
    whole = {"closePosition": True, "workingType": "MARK_PRICE"}
    stop = sim.client.create_order(BTC, "market", "sell", None, None, {"stopLossPrice": 48000, "clientOrderId": "s-1", **whole})
    target = sim.client.create_order(BTC, "market", "sell", None, None, {"takeProfitPrice": 52000, "clientOrderId": "t-1", **whole})
    assert (stop["status"], stop["triggerPrice"], target["triggerPrice"]) == ("open", 48000, 52000), (stop, target)
    listed = sim.client.fetch_open_orders(BTC, None, None, {"trigger": True})
    assert sorted(order["clientOrderId"] for order in listed) == ["s-1", "t-1"], listed
    assert sim.client.fetch_open_orders(BTC) == []
    twin = refused(sim.error.ExchangeError, sim.client.create_order, BTC, "market", "sell", None, None, {"stopLossPrice": 47000, **whole})
    assert "-4130" in twin, twin
    refused(sim.error.ExchangeError, sim.client.create_order, BTC, "market", "sell", 0.01, None, {"stopLossPrice": 51000, "reduceOnly": True})
    sim.client.cancel_order(target["id"], BTC, {"trigger": True})
    assert [order["clientOrderId"] for order in sim.client.fetch_open_orders(BTC, None, None, {"trigger": True})] == ["s-1"]


def stop_fires(sim):
    sim.price("BTCUSDT", 47900)
    assert sim.client.fetch_positions([BTC]) == []
    assert sim.client.fetch_open_orders(BTC, None, None, {"trigger": True}) == []
    child = sim.client.fetch_order(None, BTC, {"origClientOrderId": "s-1"})
    assert (child["status"], child["side"], child["average"]) == ("closed", "sell", 47900), child
    sim.price("BTCUSDT", 50000)


def quantity_stop_survives_the_position(sim):
    sim.client.create_order(BTC, "market", "buy", 0.01)
    stop = sim.client.create_order(BTC, "market", "sell", 0.01, None, {"stopLossPrice": 48000, "reduceOnly": True})
    sim.client.create_order(BTC, "market", "sell", 0.01, None, {"reduceOnly": True})
    (listed,) = sim.client.fetch_open_orders(BTC, None, None, {"trigger": True})
    assert (listed["id"], listed["reduceOnly"]) == (stop["id"], True), listed


def cancel_all_has_two_halves(sim):
    sim.client.create_order(BTC, "limit", "buy", 0.01, 49000)
    sim.client.create_order(BTC, "limit", "buy", 0.01, 48900)
    assert len(sim.client.fetch_open_orders(BTC)) == 2
    sim.client.cancel_all_orders(BTC)
    assert sim.client.fetch_open_orders(BTC) == []
    assert len(sim.client.fetch_open_orders(BTC, None, None, {"trigger": True})) == 1
    sim.client.cancel_all_orders(BTC, {"trigger": True})
    assert sim.client.fetch_open_orders(BTC, None, None, {"trigger": True}) == []
    # Nothing to cancel is no error.
    sim.client.cancel_all_orders(BTC)
    sim.client.cancel_all_orders(BTC, {"trigger": True})


def batch(sim):
    orders = [{"symbol": BTC, "type": "limit", "side": "buy", "amount": 0.01, "price": price} for price in (49000, 48900)]
    placed = sim.client.create_orders(orders)
    assert [order["status"] for order in placed] == ["open", "open"], placed
    sim.client.cancel_orders([order["id"] for order in placed], BTC)
    assert sim.client.fetch_open_orders(BTC) == []


def trades_and_orders(sim):
    trades = sim.client.fetch_my_trades(BTC)
    assert (trades[0]["side"], trades[0]["amount"], trades[0]["price"]) == ("buy", 0.01, 50000), trades[0]
    assert abs(trades[0]["fee"]["cost"] - 0.25) < 1e-9, trades[0]
    assert any(trade["takerOrMaker"] == "maker" for trade in trades)
    assert sum(trade["amount"] * (1 if trade["side"] == "buy" else -1) for trade in trades) < 1e-9
    assert len(sim.client.fetch_orders(BTC)) >= len({trade["order"] for trade in trades})


def refusals(sim):
    poor = refused(sim.error.ExchangeError, sim.client.create_order, BTC, "market", "buy", 50)
    assert "-2019" in poor, poor
    refused(sim.error.OrderNotFound, sim.client.fetch_order, None, BTC, {"origClientOrderId": "never-seen"})
    refused(sim.error.ExchangeError, sim.client.create_order, BTC, "limit", "buy", 0.001, 49000)
    sim.client.secret = "another"
    try:
        refused(sim.error.AuthenticationError, sim.client.fetch_balance)
    finally:
        sim.client.secret = "test-api-secret"


def hedge_mode(sim):
    assert sim.client.fetch_position_mode(BTC)["hedged"] is False
    sim.client.set_position_mode(True)
    assert sim.client.fetch_position_mode(BTC)["hedged"] is True
    sim.client.create_order(BTC, "market", "buy", 0.02, None, {"positionSide": "LONG"})
    sim.client.create_order(BTC, "market", "sell", 0.01, None, {"positionSide": "SHORT"})
    positions = {position["side"]: position for position in sim.client.fetch_positions([BTC])}
    assert (positions["long"]["contracts"], positions["short"]["contracts"]) == (0.02, 0.01), positions
    assert positions["long"]["hedged"] is True
    wrong = refused(sim.error.ExchangeError, sim.client.create_order, BTC, "market", "buy", 0.01)
    assert "-4061" in wrong, wrong


def hedge_protection(sim):
    whole = {"closePosition": True, "workingType": "MARK_PRICE"}
    sim.client.create_order(BTC, "market", "sell", None, None, {"stopLossPrice": 48000, "positionSide": "LONG", **whole})
    sim.client.create_order(BTC, "market", "buy", None, None, {"stopLossPrice": 52000, "positionSide": "SHORT", **whole})
    sim.price("BTCUSDT", 47900)
    sides = [position["side"] for position in sim.client.fetch_positions([BTC])]
    assert sides == ["short"], sides
    sim.client.create_order(BTC, "market", "buy", 0.01, None, {"positionSide": "SHORT"})
    assert sim.client.fetch_positions([BTC]) == []
    assert sim.client.fetch_open_orders(BTC, None, None, {"trigger": True}) == []


def books_agree(sim):
    books = sim.control("books")
    assert books["positions"] == [] and books["hedge"] is True, books["positions"]
    log = sim.control("log")
    text = json.dumps(log)
    assert "signature" not in text and "test-api" not in text
    assert all(entry["status"] != 404 for entry in log["entries"]), [entry for entry in log["entries"] if entry["status"] == 404]


def several_accounts(_):
    host = Exchange(connect, "binance", "--accounts", "3", key="k1", secret="s1")
    try:
        clients = [host.client, host.connect("k2", "s2"), host.connect("k3", "s3")]
        for client, amount in zip(clients, (0.01, 0.02, 0.03)):
            client.load_markets()
            client.create_order(BTC, "limit", "buy", amount, 49000, {"clientOrderId": "same-name"})
        host.price("BTCUSDT", 48900)
        assert [client.fetch_positions([BTC])[0]["contracts"] for client in clients] == [0.01, 0.02, 0.03]
        log = host.control("log?account=k2")["entries"]
        assert [entry["path"] for entry in log if entry["method"] == "POST"] == ["/fapi/v1/order"], log
    finally:
        host.stop()


CASES = [
    markets, ticker, bid_and_ask, balance, settings, market_order, position_one_way, balance_counts_open_profit, settings_with_a_position,
    limit_order, a_name_comes_back, limit_order_fills, protection, stop_fires,
    quantity_stop_survives_the_position, cancel_all_has_two_halves, batch, trades_and_orders, refusals, hedge_mode, hedge_protection,
    books_agree, several_accounts,
]


def main():
    enter_venv()
    import ccxt

    sim = Exchange(connect, "binance")
    sim.error = ccxt
    return judge(sim, CASES)


if __name__ == "__main__":
    sys.exit(main())
