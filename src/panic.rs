//! A panic in the module traps, and the host rejects the request.
//!
//! The module does not use the standard library. Its code that writes a panic's message to WASI's standard error would
//! take up a tenth of the module.

use core::arch::wasm32::unreachable;
use core::panic::PanicInfo;

// Links the functions that copy and compare memory, which the standard library would otherwise link.
#[expect(unsafe_code, reason = "the block declares nothing")]
#[link(name = "c")]
unsafe extern "C" {}

#[panic_handler]
fn trap(_: &PanicInfo<'_>) -> ! {
    unreachable()
}
