//! Orders through the real desk and the real adapters against the simulated exchanges, in virtual time.
//!
//! | file | what is proven |
//! |---|---|
//! | `commands` | every command once in both position modes: requests, in order, and what is there afterwards |
//! | `trouble` | every command with every kind of trouble at each of its calls, on every exchange |
//! | `exchanges` | the life of a bracket, likewise |
//! | `guards` | `sl:` and `tp:`: when they come, are replaced and end |
//! | `held_up` | refusals that do not pass |
//! | `patience` | refusals: for balance, busy, price band, bans |
//! | `brackets` | meeting the trade of a JSON alert |
//! | `lanes` | order of arrival, and who does not wait for whom |
//! | `late` | an exchange that shows positions late |
//! | `crashes` | kill -9 at every step |
//! | `whook_exec` | what each recorded alert of whook did at an exchange |

#![allow(
    unreachable_pub,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what is not as expected here has to end the test"
)]

mod brackets;
mod commands;
mod crashes;
mod exchanges;
mod guards;
mod held_up;
mod lanes;
mod late;
mod patience;
mod scene;
mod trouble;
mod whook_exec;
#[path = "../world/mod.rs"]
mod world;

use perphook::sim;
