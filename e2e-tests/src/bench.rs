//! Measures the cost of the policy, and compares it with the cost of the floor. The floor is a policy that returns the
//! object unchanged, which is the least that a mutating policy must do.
//!
//! [`scenario`] makes the requests, from a small pod to a pod of one megabyte. The fuel of a request is the same on
//! every machine. Time is measured and printed, but no test depends on the time. [`kept`] compares the numbers with
//! the numbers in the repository, [`chart`] draws the fuel by the size of the request, and [`size`] splits the module's
//! size by crate.

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

/// How many times a call is timed.
const RUNS: usize = 31;

/// A module to measure.
pub struct Subject {
    module: Vec<u8>,
    policy: Policy,
}

/// The cost of one request, for the floor and for the policy.
#[derive(Debug, Clone)]
pub struct Measurement {
    /// The name of the request.
    pub scenario: &'static str,
    /// The length of the payload, in bytes.
    pub payload: usize,
    /// The cost of the floor.
    pub floor: Cost,
    /// The cost of the policy.
    pub policy: Cost,
    /// The median time of one call to the floor, which includes the time to create an instance.
    pub floor_time: Duration,
    /// The median time of a call of the policy, including a new instance.
    pub policy_time: Duration,
}

impl Subject {
    /// Loads a module.
    ///
    /// # Errors
    /// Fails if the bytes are not a waPC module.
    pub fn new(module: Vec<u8>) -> Result<Self> {
        let policy = Policy::from_module(&module, CompilationCache::On)?;
        Ok(Self { module, policy })
    }

    /// The module's length, in bytes.
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
    /// Measures the floor and the policy in a scenario.
    ///
    /// # Errors
    /// Fails if a call of the floor or of the policy fails.
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

    /// The policy's fuel, as a multiple of the floor's fuel.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the ratio is shown with two digits")]
    pub fn ratio(&self) -> f64 {
        self.policy.call as f64 / self.floor.call as f64
    }
}

/// The head of the table, in Markdown.
pub const HEAD: &str = "| request | payload, bytes | floor, fuel | policy, fuel | ratio | pages | floor, µs | policy, µs |\n\
                        |---|---:|---:|---:|---:|---:|---:|---:|";

impl fmt::Display for Measurement {
    /// A row of the table, in Markdown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, payload, floor, policy, .. } = self;
        write!(f, "| {scenario} | {payload} | {} | {} | {:.2} ", floor.call, policy.call, self.ratio())?;
        let [floor_time, policy_time] = [self.floor_time, self.policy_time].map(|time| time.as_micros());
        write!(f, "| {} | {floor_time} | {policy_time} |", policy.memory_pages)
    }
}
