//! Who is behind which name: every exchange an account can be on, and how its adapter is made.
//!
//! A new adapter adds its variant, a line in `facts` and one in [`Venue::connect`].

use super::catalogue::Catalogue;
use super::http::Http;
use super::{Capabilities, Clock, Exchange, Keys, binance, bingx, bitget, bybit, coinex, kraken, kucoin, okx, paper, phemex};

/// An exchange that accounts can be on, with real money or with play money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Venue {
    Binance,
    BinanceDemo,
    Bybit,
    BybitDemo,
    Okx,
    OkxDemo,
    Bitget,
    BitgetDemo,
    KucoinFutures,
    CoinEx,
    BingX,
    BingXDemo,
    Phemex,
    PhemexDemo,
    KrakenFutures,
    /// The exchange inside this process.
    Paper,
}

/// What an adapter needs to reach its exchange.
pub struct Line {
    /// One connection to its host.
    pub http: Box<dyn Http>,
    /// What calls are signed with.
    pub keys: Keys,
    /// Our time.
    pub clock: Clock,
    /// The coin whose balance is asked for, and whose contracts are meant.
    pub settle: String,
    /// What all accounts of that exchange share.
    pub catalogue: Catalogue,
}

/// What is known of an exchange before it is reached.
struct Facts {
    name: &'static str,
    url: &'static str,
    is_demo: bool,
    needs_password: bool,
    settle_coin: &'static str,
    deadline: Option<&'static str>,
    capabilities: Capabilities,
}

impl Facts {
    /// Real money, keys without a password, contracts in USDT, and no end in sight.
    const fn of(name: &'static str, url: &'static str, capabilities: Capabilities) -> Facts {
        Facts { name, url, is_demo: false, needs_password: false, settle_coin: "USDT", deadline: None, capabilities }
    }

    const fn with_password(self) -> Facts {
        Facts { needs_password: true, ..self }
    }

    const fn demo(self) -> Facts {
        Facts { is_demo: true, ..self }
    }

    /// Contracts in another coin.
    const fn settles_in(self, coin: &'static str) -> Facts {
        Facts { settle_coin: coin, ..self }
    }

    /// Until when it can be used, as far as that is announced.
    const fn until(self, deadline: &'static str) -> Facts {
        Facts { deadline: Some(deadline), ..self }
    }
}

impl Venue {
    /// All of them.
    pub const ALL: [Venue; 16] = [
        Venue::Binance,
        Venue::BinanceDemo,
        Venue::Bybit,
        Venue::BybitDemo,
        Venue::Okx,
        Venue::OkxDemo,
        Venue::Bitget,
        Venue::BitgetDemo,
        Venue::KucoinFutures,
        Venue::CoinEx,
        Venue::BingX,
        Venue::BingXDemo,
        Venue::Phemex,
        Venue::PhemexDemo,
        Venue::KrakenFutures,
        Venue::Paper,
    ];

    const fn facts(self) -> Facts {
        match self {
            Venue::Binance => Facts::of("binance", binance::LIVE_URL, binance::CAPABILITIES),
            Venue::BinanceDemo => Facts::of("binancedemo", binance::DEMO_URL, binance::CAPABILITIES).demo(),
            Venue::Bybit => Facts::of("bybit", bybit::LIVE_URL, bybit::CAPABILITIES),
            Venue::BybitDemo => Facts::of("bybitdemo", bybit::DEMO_URL, bybit::CAPABILITIES).demo(),
            Venue::Okx => Facts::of("okx", okx::LIVE_URL, okx::CAPABILITIES).with_password(),
            Venue::OkxDemo => Facts::of("okxdemo", okx::LIVE_URL, okx::CAPABILITIES).with_password().demo(),
            Venue::Bitget => Facts::of("bitget", bitget::LIVE_URL, bitget::CAPABILITIES).with_password().until(bitget::DEADLINE),
            Venue::BitgetDemo => {
                Facts::of("bitgetdemo", bitget::LIVE_URL, bitget::CAPABILITIES).with_password().demo().until(bitget::DEADLINE)
            }
            Venue::KucoinFutures => Facts::of("kucoinfutures", kucoin::LIVE_URL, kucoin::CAPABILITIES).with_password(),
            Venue::CoinEx => Facts::of("coinex", coinex::LIVE_URL, coinex::CAPABILITIES).until(coinex::DEADLINE),
            Venue::BingX => Facts::of("bingx", bingx::LIVE_URL, bingx::CAPABILITIES),
            Venue::BingXDemo => Facts::of("bingxdemo", bingx::DEMO_URL, bingx::CAPABILITIES).demo(),
            Venue::Phemex => Facts::of("phemex", phemex::LIVE_URL, phemex::CAPABILITIES),
            Venue::PhemexDemo => Facts::of("phemexdemo", phemex::DEMO_URL, phemex::DEMO_CAPABILITIES).demo(),
            Venue::KrakenFutures => {
                Facts::of("krakenfutures", kraken::LIVE_URL, kraken::CAPABILITIES).settles_in("USD").until(kraken::DEADLINE)
            }
            Venue::Paper => Facts::of("paper", "", paper::CAPABILITIES),
        }
    }

    /// Its adapter; `None` for the one inside this process, which needs a book and no line.
    pub fn connect(self, line: Line) -> Option<Box<dyn Exchange>> {
        match self {
            Venue::Binance | Venue::BinanceDemo => Some(Box::new(binance::Binance::new(line))),
            Venue::Bybit | Venue::BybitDemo => Some(Box::new(bybit::Bybit::new(line))),
            Venue::Okx | Venue::OkxDemo => Some(Box::new(okx::Okx::new(line))),
            Venue::Bitget | Venue::BitgetDemo => Some(Box::new(bitget::Bitget::new(line))),
            Venue::KucoinFutures => Some(Box::new(kucoin::KuCoin::new(line))),
            Venue::CoinEx => Some(Box::new(coinex::CoinEx::new(line))),
            Venue::BingX | Venue::BingXDemo => Some(Box::new(bingx::BingX::new(line))),
            Venue::Phemex | Venue::PhemexDemo => Some(Box::new(phemex::Phemex::new(line))),
            Venue::KrakenFutures => Some(Box::new(kraken::Kraken::new(line))),
            Venue::Paper => None,
        }
    }

    /// Its name in settings, `/health` and logs.
    pub fn as_str(self) -> &'static str {
        self.facts().name
    }

    /// Where it is reached; nothing for the one inside this process.
    pub fn url(self) -> &'static str {
        self.facts().url
    }

    /// Whether the money is play money at an exchange.
    pub fn is_demo(self) -> bool {
        self.facts().is_demo
    }

    /// Whether its API keys have a password of their own besides key and secret.
    pub fn needs_password(self) -> bool {
        self.facts().needs_password
    }

    /// The coin its contracts settle in, where an account names none.
    pub fn settle_coin(self) -> &'static str {
        self.facts().settle_coin
    }

    /// What is announced, or to be feared, of the end of its interface.
    pub fn deadline(self) -> Option<&'static str> {
        self.facts().deadline
    }

    /// What it can do, as far as that does not depend on the account.
    pub fn capabilities(self) -> Capabilities {
        self.facts().capabilities
    }
}
