//! Runs a step many times, on several clients at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Runs the step `count` times on several clients. The step gets the number of the repetition, from 0.
pub fn share(count: usize, clients: usize, step: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        break;
                    }
                    step(index);
                }
            });
        }
    });
}
