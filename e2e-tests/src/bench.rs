//! What the policy costs, beside the least that a mutating policy has to do: the floor, which finds the object and answers with
//! it as it is.
//!
//! [`scenario`] makes the requests, from a small pod to one of a megabyte; [`golden`] takes pods as users have them. Fuel is counted, so it is the same on every
//! machine; time is measured, and told but never judged. [`kept`] is what is held against the last numbers, [`chart`] draws, and
//! [`size`] tells what the module is made of.

pub mod chart;
pub mod golden;
pub mod kept;
pub mod scenario;
pub mod size;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::admission;
use crate::bench::scenario::Scenario;
use crate::fuel::{self, Cost};
use crate::host::Host;
use crate::policy::{CompilationCache, Policy};

/// How often a call is timed.
const RUNS: usize = 31;

/// A module that is measured.
pub struct Subject {
    module: Vec<u8>,
    policy: Policy,
}

/// What one call of both modules costs.
#[derive(Debug, Clone)]
pub struct Measurement {
    /// What was asked.
    pub scenario: &'static str,
    /// The length of the payload, in bytes.
    pub payload: usize,
    /// What the floor costs.
    pub floor: Cost,
    /// What the policy costs.
    pub policy: Cost,
    /// The median time of a call of the floor, a new instance included.
    pub floor_time: Duration,
    /// The same of the policy.
    pub policy_time: Duration,
}

impl Subject {
    /// Loads a module.
    ///
    /// # Errors
    /// Where it is no waPC module.
    pub fn new(module: Vec<u8>) -> Result<Self> {
        let policy = Policy::from_module(&module, CompilationCache::On)?;
        Ok(Self { module, policy })
    }

    /// The module's length.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.module.len()
    }

    fn measure(&self, payload: &str, host: &Arc<Host>) -> Result<(Cost, Duration)> {
        let cost = fuel::measure(&self.module, CompilationCache::On, "validate", payload, Arc::clone(host))?;
        let mut times = Vec::with_capacity(RUNS);
        for _ in 0..RUNS {
            let since = Instant::now();
            self.policy.validate(payload, host)?;
            times.push(since.elapsed());
        }
        times.sort_unstable();
        Ok((cost, times[RUNS / 2]))
    }
}

impl Measurement {
    /// Measures both modules.
    ///
    /// # Errors
    /// Where one of them fails.
    pub fn new(scenario: Scenario, floor: &Subject, policy: &Subject) -> Result<Self> {
        let name = scenario.name;
        let host = Arc::new(Host::permissive(Arc::new(scenario.cluster)));
        let payload = admission::payload(&scenario.request, &scenario.settings);
        let (floor_cost, floor_time) = floor.measure(&payload, &host).with_context(|| format!("the floor: {name}"))?;
        let (policy_cost, policy_time) =
            policy.measure(&payload, &host).with_context(|| format!("the policy: {name}"))?;
        Ok(Self {
            scenario: name,
            payload: payload.len(),
            floor: floor_cost,
            policy: policy_cost,
            floor_time,
            policy_time,
        })
    }

    /// How many times the floor's fuel the policy takes.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the ratio is shown with two digits")]
    pub fn ratio(&self) -> f64 {
        self.policy.call as f64 / self.floor.call as f64
    }
}

/// A table's head, in Markdown.
pub const HEAD: &str = "| request | payload, bytes | floor, fuel | policy, fuel | ratio | pages | floor, µs | policy, µs |\n\
                        |---|---:|---:|---:|---:|---:|---:|---:|";

impl fmt::Display for Measurement {
    /// A row of the table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, payload, floor, policy, .. } = self;
        write!(f, "| {scenario} | {payload} | {} | {} | {:.2} ", floor.call, policy.call, self.ratio())?;
        let [floor_time, policy_time] = [self.floor_time, self.policy_time].map(|time| time.as_micros());
        write!(f, "| {} | {floor_time} | {policy_time} |", policy.memory_pages)
    }
}
