//! A panic in the module traps, and the host rejects the request.
//!
//! The standard library would write a message to WASI's standard error. It takes a tenth of the module for that.

use core::arch::wasm32::unreachable;
use core::panic::PanicInfo;

// The functions that copy and compare memory. Otherwise, the standard library links them.
#[expect(unsafe_code, reason = "the block declares nothing")]
#[link(name = "c")]
unsafe extern "C" {}

#[panic_handler]
fn trap(_: &PanicInfo<'_>) -> ! {
    unreachable()
}
