//! What goes over the wire: the adapters' requests against known answers, and the simulated exchanges against the documentation.

mod binance_vectors;
mod bingx_vectors;
mod bitget_vectors;
mod bybit_vectors;
mod coinex_vectors;
mod desk;
mod kraken_vectors;
mod kucoin_vectors;
mod okx_vectors;
mod phemex_vectors;
mod sim_binance;
mod sim_bingx;
mod sim_bitget;
mod sim_bybit;
mod sim_coinex;
mod sim_kraken;
mod sim_kucoin;
mod sim_okx;
mod sim_phemex;
mod vectors;

use perphook::sim;
