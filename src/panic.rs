//! What a panic does in the module: it traps, and the host refuses the request.
//!
//! The standard library would write a message to WASI's standard error, and takes a tenth of the module for that.

use core::arch::wasm32::unreachable;
use core::panic::PanicInfo;

// Has the functions that compare and copy memory. The standard library would link it.
#[expect(unsafe_code, reason = "declares nothing")]
#[link(name = "c")]
unsafe extern "C" {}

#[panic_handler]
fn trap(_: &PanicInfo<'_>) -> ! {
    unreachable()
}
