"""What every foreign client's script needs: ccxt at a pinned version, a simulated exchange with a port, and its verdicts.

ccxt lives in target/foreign-client/VERSION, installed the first time and shared by all scripts that want this version.
The simulator is built unless EXCHANGE_SIM names its program.
"""

import json
import os
import re
import subprocess
import sys
import traceback
import urllib.request
import venv
from urllib.parse import urlsplit

CCXT = "4.5.90"
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
TARGET = os.environ.get("CARGO_TARGET_DIR") or os.path.join(ROOT, "target")


def enter_venv(version=CCXT):
    """Runs the script again with this ccxt, installing it first if need be."""
    home = os.path.join(TARGET, "foreign-client", version)
    python = os.path.join(home, "bin", "python")
    if os.path.realpath(sys.prefix) == os.path.realpath(home):
        return
    probe = [python, "-c", f"import ccxt; assert ccxt.__version__ == '{version}'"]
    if not os.path.exists(python) or subprocess.run(probe, stderr=subprocess.DEVNULL).returncode != 0:
        venv.create(home, with_pip=True, clear=True)
        # ccxt is thousands of files, most of which nobody imports: compiling them all takes a minute.
        pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-compile"]
        subprocess.run([*pip, f"ccxt=={version}"], check=True)
    os.execv(python, [python, os.path.abspath(sys.argv[0]), *sys.argv[1:]])


def simulator():
    """The simulated exchanges' program."""
    program = os.environ.get("EXCHANGE_SIM")
    if program:
        return os.path.abspath(program)
    subprocess.run(["cargo", "build", "-q", "--features", "sim", "--bin", "exchange-sim"], cwd=ROOT, check=True)
    return os.path.join(TARGET, "debug", "exchange-sim")


class Exchange:
    """A simulator of its own, and a client pointed at it; `connect(base, key, secret)` makes the client."""

    def __init__(self, connect, name, *flags, key="test-api-key", secret="test-api-secret"):
        self.process = subprocess.Popen([simulator(), name, "--port", "0", *flags], stdout=subprocess.PIPE, text=True)
        self.base = re.search(r"http://\S+", self.process.stdout.readline()).group(0)
        self.connect = lambda key, secret: connect(self.base, key, secret)
        self.client = self.connect(key, secret)

    def control(self, path, **body):
        """A control call; with values it is a POST."""
        data = json.dumps(body).encode() if body else None
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.base + "/sim/" + path, data=data, timeout=5) as answer:
            return json.load(answer)

    def price(self, symbol, price):
        self.control("price", symbol=symbol, price=str(price))

    def stop(self):
        self.process.terminate()
        self.process.wait()


def kept_here(client, base):
    """Points every address of a client at the simulator, also those of no use here: a forgotten one would leave this machine."""
    # Otherwise a proxy from the environment swallows what is meant for this machine.
    client.session.trust_env = False

    def here(node):
        if isinstance(node, dict):
            return {key: here(value) for key, value in node.items()}
        return base + urlsplit(client.implode_hostname(node)).path if isinstance(node, str) else node

    client.urls["api"] = here(client.urls["api"])
    return client


def refused(error, call, *args):
    """The call must be refused with this exception."""
    try:
        answer = call(*args)
    except error as refusal:
        return str(refusal)
    raise AssertionError(f"not refused: {answer}")


def judge(sim, cases):
    """Runs the cases in their order and stops the exchange; the exit code."""
    passed = failed = 0
    try:
        for case in cases:
            try:
                case(sim)
                passed += 1
                print(f"ok      {case.__name__}", flush=True)
            except Exception:
                failed += 1
                print(f"FAILED  {case.__name__}\n{traceback.format_exc()}", flush=True)
    finally:
        sim.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
