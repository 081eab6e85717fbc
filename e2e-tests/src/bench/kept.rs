//! The costs of an earlier version of the policy. They are kept in the repository, so that `policy-host bench --check`
//! can report a cost that has grown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::golden::Spread;
use super::{Measurement, Subject};

/// How much a number may grow before the kept number must be updated, in percent.
pub const TOLERANCE: u32 = 2;

/// The numbers that are stored in the repository.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Kept {
    /// The compiler that built the module. Another version of the compiler builds a different module.
    pub compiler: String,
    /// The module's length, in bytes.
    pub module_bytes: u64,
    /// The fuel to start an instance.
    pub startup_fuel: u64,
    /// The fuel of each request.
    pub fuel: BTreeMap<String, u64>,
    /// The policy's fuel for the golden pods, as a multiple of the floor's fuel.
    pub golden: BTreeMap<String, Spread>,
}

impl Kept {
    /// Returns the numbers of the measurements to store in the repository.
    #[must_use]
    pub fn new(
        compiler: &str,
        policy: &Subject,
        measurements: &[Measurement],
        golden: &[(&'static str, Spread)],
    ) -> Self {
        Self {
            compiler: compiler.to_owned(),
            module_bytes: policy.bytes() as u64,
            startup_fuel: measurements.first().map_or(0, |first| first.policy.startup),
            fuel: measurements.iter().map(|one| (one.scenario.to_owned(), one.policy.call)).collect(),
            golden: golden.iter().map(|(name, spread)| ((*name).to_owned(), *spread)).collect(),
        }
    }

    /// Compares the kept numbers with the new ones. Returns a line for each number that has grown by more than
    /// [`TOLERANCE`], or that is not kept yet.
    #[must_use]
    pub fn grown_to(&self, now: &Self) -> Vec<String> {
        let mut grown = Vec::new();
        let mut compare = |what: &str, before: Option<u64>, now: u64| match before {
            None => grown.push(format!("{what}: not kept yet, now {now}")),
            Some(before) if now * 100 > before * u64::from(100 + TOLERANCE) => {
                grown.push(format!("{what}: {before}, now {now}"));
            }
            Some(_) => {}
        };
        compare("bytes of the module", Some(self.module_bytes), now.module_bytes);
        compare("fuel of an instance", Some(self.startup_fuel), now.startup_fuel);
        for (scenario, fuel) in &now.fuel {
            compare(&format!("fuel of {scenario}"), self.fuel.get(scenario).copied(), *fuel);
        }
        for (name, spread) in &now.golden {
            let before = self.golden.get(name);
            let mut compare = |what: &str, ratio: fn(&Spread) -> f64| {
                let now = ratio(spread);
                match before.map(ratio) {
                    None => {
                        grown.push(format!("fuel of the golden pods `{name}`, {what}: not recorded yet, now {now} times the floor's fuel"));
                    }
                    Some(before) if now * 100.0 > before * f64::from(100 + TOLERANCE) => {
                        grown.push(format!("fuel of the golden pods `{name}`, {what}: was {before} times the floor's fuel, is now {now} times"));
                    }
                    Some(_) => {}
                }
            };
            compare("median", |spread| spread.median);
            compare("90th percentile", |spread| spread.percentile90);
            compare("worst", |spread| spread.worst);
        }
        grown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(module_bytes: u64, fuel: &[(&str, u64)]) -> Kept {
        let fuel = fuel.iter().map(|(name, fuel)| ((*name).to_owned(), *fuel)).collect();
        Kept { compiler: "rustc".to_owned(), module_bytes, startup_fuel: 100, fuel, golden: BTreeMap::new() }
    }

    #[test]
    fn reports_numbers_that_grow_by_more_than_the_tolerance() {
        let before = kept(1000, &[("a pod", 100), ("gone", 1)]);
        assert_eq!(before.grown_to(&kept(1020, &[("a pod", 102)])), [""; 0]);
        assert_eq!(
            before.grown_to(&kept(1021, &[("a pod", 103), ("new", 1)])),
            ["bytes of the module: 1000, now 1021", "fuel of a pod: 100, now 103", "fuel of new: not kept yet, now 1"]
        );
    }
    #[test]
    fn reports_golden_pods_that_cost_more() {
        let kept = |median| {
            let spread = Spread { requests: 3, median, percentile90: 2.0, worst: 3.0 };
            Kept { golden: BTreeMap::from([("with a role".to_owned(), spread)]), ..kept(1000, &[]) }
        };
        assert_eq!(kept(1.8).grown_to(&kept(1.83)), [""; 0]);
        assert_eq!(
            kept(1.8).grown_to(&kept(1.84)),
            ["fuel of the golden pods `with a role`, median: was 1.8 times the floor's fuel, is now 1.84 times"]
        );
    }
}
