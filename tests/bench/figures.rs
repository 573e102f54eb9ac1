//! Samples, percentiles and lines of the table. Whole microseconds: no fractions are needed, and none are kept.

use std::io::Write;
use std::time::Duration;

/// Goes above the rows.
pub(crate) const HEADER: &str = "\n                              p50      p99   beside                          p50   ratio";

/// Prints a line.
pub(crate) fn say(line: &str) {
    // Nothing better can be done when even this cannot be written.
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Durations in µs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(Vec<u64>);

impl Samples {
    pub(crate) fn add(&mut self, took: Duration) {
        self.add_us(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    pub(crate) fn add_us(&mut self, us: u64) {
        let at = self.0.partition_point(|&other| other < us);
        self.0.insert(at, us);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn p50(&self) -> u64 {
        self.percentile(50)
    }

    pub(crate) fn p99(&self) -> u64 {
        self.percentile(99)
    }

    fn percentile(&self, percent: usize) -> u64 {
        self.0.get(self.0.len().saturating_sub(1) * percent / 100).copied().unwrap_or(0)
    }
}

/// A figure of the daemon's beside the least that could do the same.
pub(crate) struct Row<'a> {
    pub(crate) what: &'a str,
    pub(crate) ours: &'a Samples,
    pub(crate) bare: &'a str,
    pub(crate) floor_us: u64,
}

impl Row<'_> {
    pub(crate) fn print(&self) {
        let Row { what, ours, bare, floor_us } = self;
        let (p50, p99) = (ours.p50(), ours.p99());
        say(&format!("  {what:<22} {p50:>8} {p99:>8}   {bare:<28} {floor_us:>6}   {}", ratio(p50, *floor_us)));
    }
}

/// A line without a comparison.
pub(crate) fn line(what: &str, samples: &Samples) -> String {
    format!("    {what:<25} {:>8} {:>8}  ({} samples)", samples.p50(), samples.p99(), samples.len())
}

/// `1.07×`.
pub(crate) fn ratio(ours: u64, floor: u64) -> String {
    let hundredths = (ours * 100).checked_div(floor).unwrap_or(0);
    format!("{}.{:02}×", hundredths / 100, hundredths % 100)
}
