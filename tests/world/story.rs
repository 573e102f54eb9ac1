//! What happened, for whoever reads a failing test.

use super::{START, World};

impl World {
    /// The last lines of the log, for a failing test.
    pub fn story(&self) -> String {
        let from = self.said.len().saturating_sub(120);
        let log: Vec<String> = (0..self.lines.len())
            .map(|at| {
                self.book(at, |sim, _| {
                    let entries = sim.log.entries.iter().rev().take(110).collect::<Vec<_>>();
                    entries
                        .into_iter()
                        .rev()
                        .map(|entry| {
                            let named =
                                |name: &str| entry.params.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
                            format!(
                                "{:>8} {} {} {} {} -> {} {:?} {:?}",
                                entry.at as i64 - START as i64,
                                entry.method,
                                entry.path,
                                named("symbol"),
                                [named("newClientOrderId"), named("origClientOrderId"), named("clientAlgoId"), named("batchOrders")]
                                    .concat(),
                                entry.status,
                                entry.code,
                                entry.fault
                            )
                        })
                        .collect::<Vec<_>>()
                })
                .join("\n")
            })
            .collect();
        let trades: Vec<String> = self.desk.memory().trades.values().map(|trade| format!("{trade:?}")).collect();
        let said = self.said.get(from..).unwrap_or_default().join("\n");
        format!(
            "log:\n{said}\nexchange:\n{}\ntrades:\n{}\norders: {:?}",
            log.join("\n----\n"),
            trades.join("\n"),
            self.desk.memory().orders
        )
    }
}
