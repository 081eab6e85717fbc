//! Measures the cost of a call in wasmtime's fuel: about one unit per instruction. The fuel is the same on every
//! machine, and does not depend on other load.
//!
//! wasmtime-provider does not expose its store. So this module implements the host's side of the waPC protocol, with a
//! store that counts fuel. <https://wapc.io/docs/spec/> defines the functions.

use std::sync::Arc;

use anyhow::anyhow;
use wapc::{HOST_NAMESPACE, wapc_functions};
use wasmtime_provider::wasmtime::{Caller, Config, Engine, Error, Extern, Linker, Memory, Module, Result, Store};
use wasmtime_provider::wasmtime_wasi::{WasiCtxBuilder, p1};

use crate::host::Host;
use crate::policy::{CompilationCache, compile};

/// The cost of one call in a new instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The fuel to make the instance: its start functions, and `wapc_init`.
    pub startup: u64,
    /// The fuel of the call itself.
    pub call: u64,
    /// The memory of the instance after the call, in pages of 64 KiB.
    pub memory_pages: u64,
}

/// Calls an operation of a module, and measures the call.
///
/// # Errors
/// Fails if the module is not a waPC module, or if the call fails.
pub fn measure(
    module: &[u8],
    cache: CompilationCache,
    operation: &str,
    payload: &str,
    host: Arc<Host>,
) -> anyhow::Result<Cost> {
    Meter::new(module, cache)?.measure(operation, payload, host)
}

/// A compiled module whose calls are measured.
pub struct Meter {
    engine: Engine,
    module: Module,
}

impl Meter {
    /// Compiles a module.
    ///
    /// # Errors
    /// Fails if the bytes are not a Wasm module.
    pub fn new(module: &[u8], cache: CompilationCache) -> anyhow::Result<Self> {
        let mut config = Config::new();
        config.consume_fuel(true);
        let (engine, module) = compile(module, config, cache).map_err(|error| anyhow!("{error:#}"))?;
        Ok(Self { engine, module })
    }

    /// Calls an operation in a new instance, and measures the call.
    ///
    /// # Errors
    /// Fails if the module is not a waPC module, or if the call fails.
    pub fn measure(&self, operation: &str, payload: &str, host: Arc<Host>) -> anyhow::Result<Cost> {
        run(self, operation, payload, host).map_err(|error| anyhow!("{error:#}"))
    }
}

/// The state of a waPC call.
struct Conversation {
    wasi: p1::WasiP1Ctx,
    host: Arc<Host>,
    operation: String,
    payload: String,
    host_answer: std::result::Result<Vec<u8>, String>,
    guest_error: Option<String>,
}

fn run(Meter { engine, module }: &Meter, operation: &str, payload: &str, host: Arc<Host>) -> Result<Cost> {
    let conversation = Conversation {
        wasi: WasiCtxBuilder::new().build_p1(),
        host,
        operation: operation.to_owned(),
        payload: payload.to_owned(),
        host_answer: Ok(Vec::new()),
        guest_error: None,
    };
    let mut store = Store::new(engine, conversation);
    store.set_fuel(u64::MAX)?;

    let instance = linker(engine)?.instantiate(&mut store, module)?;
    for name in wapc_functions::REQUIRED_STARTS {
        if let Ok(start) = instance.get_typed_func::<(), ()>(&mut store, name) {
            start.call(&mut store, ())?;
        }
    }
    let startup = u64::MAX - store.get_fuel()?;

    let guest_call = instance.get_typed_func::<(u32, u32), u32>(&mut store, wapc_functions::GUEST_CALL)?;
    let lengths = (length(operation.as_bytes())?, length(payload.as_bytes())?);
    let succeeded = guest_call.call(&mut store, lengths)?;
    if succeeded == 0 {
        let error = store.into_data().guest_error.unwrap_or_default();
        return Err(Error::msg(format!("Guest call failure: {error}")));
    }
    let memory = instance.get_memory(&mut store, "memory").ok_or_else(no_memory)?;
    Ok(Cost { startup, call: u64::MAX - store.get_fuel()? - startup, memory_pages: memory.size(&store) })
}

fn linker(engine: &Engine) -> Result<Linker<Conversation>> {
    type Call<'a> = Caller<'a, Conversation>;

    let mut linker = Linker::new(engine);
    p1::add_to_linker_sync(&mut linker, |conversation: &mut Conversation| &mut conversation.wasi)?;
    linker.func_wrap(
        HOST_NAMESPACE,
        wapc_functions::GUEST_REQUEST_FN,
        |mut call: Call, operation: u32, payload: u32| {
            let conversation = call.data();
            let (operation_text, payload_text) = (conversation.operation.clone(), conversation.payload.clone());
            write(&mut call, operation, operation_text.as_bytes())?;
            write(&mut call, payload, payload_text.as_bytes())
        },
    )?;
    // The content of the answer is not used.
    linker.func_wrap(HOST_NAMESPACE, wapc_functions::GUEST_RESPONSE_FN, |_: Call, _: u32, _: u32| {})?;
    linker.func_wrap(HOST_NAMESPACE, wapc_functions::GUEST_ERROR_FN, |mut call: Call, at: u32, length: u32| {
        let text = read(&mut call, at, length)?;
        call.data_mut().guest_error = Some(text);
        Result::Ok(())
    })?;
    linker.func_wrap(
        HOST_NAMESPACE,
        wapc_functions::HOST_CALL,
        |mut call: Call, b: u32, b_len: u32, n: u32, n_len: u32, o: u32, o_len: u32, p: u32, p_len: u32| {
            let binding = read(&mut call, b, b_len)?;
            let namespace = read(&mut call, n, n_len)?;
            let operation = read(&mut call, o, o_len)?;
            let payload = read(&mut call, p, p_len)?;
            let conversation = call.data_mut();
            conversation.host_answer = conversation.host.call(&binding, &namespace, &operation, payload.as_bytes());
            Result::Ok(u32::from(conversation.host_answer.is_ok()))
        },
    )?;
    linker.func_wrap(HOST_NAMESPACE, wapc_functions::HOST_RESPONSE_LEN_FN, |call: Call| {
        length(call.data().host_answer.as_deref().unwrap_or_default())
    })?;
    linker.func_wrap(HOST_NAMESPACE, wapc_functions::HOST_RESPONSE_FN, |mut call: Call, at: u32| {
        let answer = call.data().host_answer.clone().unwrap_or_default();
        write(&mut call, at, &answer)
    })?;
    linker.func_wrap(HOST_NAMESPACE, wapc_functions::HOST_ERROR_LEN_FN, |call: Call| {
        length(call.data().host_answer.as_ref().err().map_or(&[], |error| error.as_bytes()))
    })?;
    linker.func_wrap(HOST_NAMESPACE, wapc_functions::HOST_ERROR_FN, |mut call: Call, at: u32| {
        let error = call.data().host_answer.clone().err().unwrap_or_default();
        write(&mut call, at, error.as_bytes())
    })?;
    linker.func_wrap(HOST_NAMESPACE, wapc_functions::HOST_CONSOLE_LOG, |_: Call, _: u32, _: u32| {})?;
    Ok(linker)
}

fn memory(call: &mut Caller<Conversation>) -> Result<Memory> {
    call.get_export("memory").and_then(Extern::into_memory).ok_or_else(no_memory)
}

fn no_memory() -> Error {
    Error::msg("the module exports no memory")
}

fn write(call: &mut Caller<Conversation>, at: u32, bytes: &[u8]) -> Result<()> {
    memory(call)?.write(call, at as usize, bytes)?;
    Ok(())
}

fn read(call: &mut Caller<Conversation>, at: u32, length: u32) -> Result<String> {
    let mut bytes = vec![0; length as usize];
    memory(call)?.read(call, at as usize, &mut bytes)?;
    Ok(String::from_utf8(bytes)?)
}

fn length(bytes: &[u8]) -> Result<u32> {
    Ok(u32::try_from(bytes.len())?)
}
