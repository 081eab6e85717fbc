//! Measures the golden pods: for each pod, the policy's fuel as a multiple of the floor's fuel. `golden/README.md`
//! describes the files.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::Subject;
use crate::admission::{self, Request};
use crate::cluster::Cluster;
use crate::fuel::Meter;
use crate::host::Host;
use crate::policy::CompilationCache;
use crate::settings::Settings;

/// The name of the group of golden pods that AWS's webhook changes.
pub const WITH_ROLE: &str = "with a role";

/// The name of the group of golden pods that AWS's webhook does not change.
pub const WITHOUT_ROLE: &str = "nothing to add";

/// The distribution of the costs of many requests. A cost is the policy's fuel as a multiple of the floor's fuel.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spread {
    /// The number of requests.
    pub requests: usize,
    /// The median cost.
    pub median: f64,
    /// The 90th percentile of the costs.
    pub percentile90: f64,
    /// The highest cost.
    pub worst: f64,
}

/// The first line of a file: the configuration of all its cases.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    settings: Value,
    service_accounts: Vec<Value>,
    config_maps: Vec<Value>,
}

/// Each line after the first: a case.
#[derive(Deserialize)]
struct Case {
    id: String,
    request: Box<RawValue>,
    webhook: Option<Value>,
}

/// Measures all pods in the files of a folder. Returns the costs in two groups: the pods that the webhook changes
/// ([`WITH_ROLE`]), and the pods that the webhook does not change ([`WITHOUT_ROLE`]).
///
/// # Errors
/// Fails if a file can't be read, or if a call fails.
pub fn measure(folder: &Path, floor: &Subject, policy: &Subject) -> Result<[(&'static str, Spread); 2]> {
    let meters = [floor, policy].map(|subject| Meter::new(&subject.module, CompilationCache::On));
    let [floor, policy] = meters;
    let (floor, policy) = (floor?, policy?);
    let (mut with_role, mut without_role) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let mut lines = text.lines();
        let first = lines.next().with_context(|| format!("`{}` is empty", path.display()))?;
        let configuration: Configuration = serde_json::from_str(first)?;
        let settings = Settings::from_json(&configuration.settings.to_string())?;
        let cluster = Cluster::new([configuration.service_accounts, configuration.config_maps].concat());
        let host = Arc::new(Host::permissive(Arc::new(cluster)));
        for line in lines {
            let case: Case = serde_json::from_str(line).with_context(|| format!("`{}`", path.display()))?;
            let payload = admission::payload(&Request::from_json(case.request)?, &settings);
            let cost = |meter: &Meter| {
                let cost = meter.measure("validate", &payload, Arc::clone(&host));
                cost.map(|cost| cost.call).with_context(|| case.id.clone())
            };
            let costs = (cost(&floor)?, cost(&policy)?);
            let group = if case.webhook.is_some() { &mut with_role } else { &mut without_role };
            group.push(costs);
        }
    }
    Ok([(WITH_ROLE, Spread::of(&with_role)?), (WITHOUT_ROLE, Spread::of(&without_role)?)])
}

impl Spread {
    /// Computes the distribution of the costs. Each pair has the fuel of the floor and the fuel of the policy for one
    /// request.
    ///
    /// # Errors
    /// Fails if there is no pair.
    pub fn of(costs: &[(u64, u64)]) -> Result<Self> {
        ensure!(!costs.is_empty(), "the files contain no golden pod of this group");
        #[expect(clippy::cast_precision_loss, reason = "the ratio has three digits")]
        let mut ratios: Vec<f64> = costs.iter().map(|(floor, policy)| *policy as f64 / *floor as f64).collect();
        ratios.sort_by(f64::total_cmp);
        // The percentile by the nearest-rank method, rounded to three decimals.
        let at = |percent: usize| {
            let rank = (ratios.len() * percent).div_ceil(100).max(1);
            (ratios[rank - 1] * 1000.0).round() / 1000.0
        };
        Ok(Self { requests: ratios.len(), median: at(50), percentile90: at(90), worst: at(100) })
    }
}

/// The head of the table, in Markdown.
pub const HEAD: &str = "| golden pods | number | median | 90th percentile | worst |\n|---|---:|---:|---:|---:|";

impl fmt::Display for Spread {
    /// Writes the cells of a row of the table, without the first cell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, median, percentile90, worst } = self;
        write!(f, "{requests} | {median:.2} | {percentile90:.2} | {worst:.2} |")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_median_the_90th_percentile_and_the_worst() {
        let costs: Vec<(u64, u64)> = (1..=10).rev().map(|times| (7, 7 * times)).collect();
        let expected = Spread { requests: 10, median: 5.0, percentile90: 9.0, worst: 10.0 };
        assert_eq!(Spread::of(&costs).unwrap(), expected);
        let one = Spread { requests: 1, median: 1.333, percentile90: 1.333, worst: 1.333 };
        assert_eq!(Spread::of(&[(3, 4)]).unwrap(), one);
        assert!(Spread::of(&[]).is_err());
    }
}
