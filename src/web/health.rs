//! How the daemon is, as plain data, and how `/health` prints it.

use http_types::StatusCode;
use serde_json::{Map, json};

use super::answer::Answer;
use crate::config::Mode;
use crate::market::Millis;
use crate::time::utc_text;

/// State of the daemon at one moment. Read from memory: nobody is asked for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Why the daemon cannot do its work; `None` = it can.
    pub trouble: Option<String>,
    /// Name of each exchange in use, and `connected`, `disconnected` or what else describes it.
    pub exchanges: Vec<(String, String)>,
    /// Alerts accepted since the start.
    pub alerts: u64,
    /// Notices raised since the start.
    pub notices: u64,
    /// Trades that are not closed.
    pub open_trades: u64,
}

impl Health {
    /// 200 or 503.
    pub(super) fn answer(self, mode: Mode, now: Millis) -> Answer {
        let mut members = Map::new();
        for (exchange, state) in self.exchanges {
            members.insert(exchange, state.into());
        }
        members.insert("alerts".to_owned(), self.alerts.into());
        members.insert("notices".to_owned(), self.notices.into());
        members.insert("open_trades".to_owned(), self.open_trades.into());
        members.insert("mode".to_owned(), mode.as_str().into());
        // Microseconds, as the predecessor's clients know it.
        members.insert("timestamp".to_owned(), format!("{}000", utc_text(now)).into());
        let (status, word) = match self.trouble {
            None => (StatusCode::Ok, "healthy"),
            Some(reason) => {
                members.insert("error".to_owned(), reason.into());
                (StatusCode::ServiceUnavailable, "unhealthy")
            }
        };
        members.insert("status".to_owned(), json!(word));
        Answer::json(status, members.into())
    }
}
