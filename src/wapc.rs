//! waPC: the protocol by which the host calls the policy, and the policy calls the host.
//!
//! Bytes are exchanged in the memory of the module. Before the host writes, the module gets the number of bytes, and
//! reserves memory.
//!
//! Source: <https://wapc.io/docs/spec/>.
#![expect(unsafe_code, reason = "the host reads and writes the memory of the module")]

use alloc::vec::Vec;

use crate::allocator::ALLOCATOR;
use crate::cluster::Host;

#[link(wasm_import_module = "wapc")]
unsafe extern "C" {
    /// Lets the host write the name of the called function to `function`, and its payload to `payload`.
    fn __guest_request(function: *mut u8, payload: *mut u8);
    /// Passes the answer of the function to the host.
    fn __guest_response(answer: *const u8, length: usize);
    /// Passes the error of the function to the host.
    fn __guest_error(error: *const u8, length: usize);
    /// Calls the host. Returns 1 if the call succeeded.
    fn __host_call(
        binding: *const u8,
        binding_length: usize,
        namespace: *const u8,
        namespace_length: usize,
        operation: *const u8,
        operation_length: usize,
        payload: *const u8,
        payload_length: usize,
    ) -> usize;
    /// Returns the length of the host's answer.
    fn __host_response_len() -> usize;
    /// Lets the host write its answer to `answer`.
    fn __host_response(answer: *mut u8);
    /// Returns the length of the host's error.
    fn __host_error_len() -> usize;
    /// Lets the host write its error to `error`.
    fn __host_error(error: *mut u8);
}

/// Calls a function of the policy. Returns 1 if the call succeeded.
#[unsafe(no_mangle)]
extern "C" fn __guest_call(function_length: usize, payload_length: usize) -> usize {
    // SAFETY: nothing that the previous call allocated is used any more, and no static value allocates.
    unsafe { ALLOCATOR.reset() };
    let mut function = Vec::with_capacity(function_length);
    let mut payload = Vec::with_capacity(payload_length);
    // SAFETY: the host writes exactly the announced number of bytes, for which the module has reserved memory.
    unsafe {
        __guest_request(function.as_mut_ptr(), payload.as_mut_ptr());
        function.set_len(function_length);
        payload.set_len(payload_length);
    }
    match crate::call(&function, &payload, &mut Host::new(get_resource)) {
        Ok(answer) => {
            // SAFETY: the host reads this text before it returns.
            unsafe { __guest_response(answer.as_ptr(), answer.len()) };
            1
        }
        Err(error) => {
            // SAFETY: the host reads this text before it returns.
            unsafe { __guest_error(error.as_ptr(), error.len()) };
            0
        }
    }
}

/// Calls `kubernetes/get_resource`.
///
/// # Errors
/// Fails with the host's message.
fn get_resource(request: &str) -> Result<Vec<u8>, Vec<u8>> {
    let [binding, namespace, operation] = ["kubewarden", "kubernetes", "get_resource"];
    // SAFETY: the host reads these texts before it returns.
    let result = unsafe {
        __host_call(
            binding.as_ptr(),
            binding.len(),
            namespace.as_ptr(),
            namespace.len(),
            operation.as_ptr(),
            operation.len(),
            request.as_ptr(),
            request.len(),
        )
    };
    if result == 1 {
        // SAFETY: the host has an answer, because the call succeeded.
        Ok(unsafe { receive(__host_response_len(), __host_response) })
    } else {
        // SAFETY: the host has an error, because the call failed.
        Err(unsafe { receive(__host_error_len(), __host_error) })
    }
}

/// Receives bytes from the host.
///
/// # Safety
/// `write` must write `length` bytes.
unsafe fn receive(length: usize, write: unsafe extern "C" fn(*mut u8)) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    // SAFETY: there is room for `length` bytes, and `write` fills it.
    unsafe {
        write(bytes.as_mut_ptr());
        bytes.set_len(length);
    }
    bytes
}
