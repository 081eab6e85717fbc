;; A waPC guest that sends the payload of its call to the host, as a `kubernetes/get_resource` request, and returns the
;; host's answer or error. A second call of the same instance fails.
(module
  (import "wapc" "__guest_request" (func $guest_request (param i32 i32)))
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (import "wapc" "__guest_error" (func $guest_error (param i32 i32)))
  (import "wapc" "__host_call" (func $host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wapc" "__host_response_len" (func $host_response_len (result i32)))
  (import "wapc" "__host_response" (func $host_response (param i32)))
  (import "wapc" "__host_error_len" (func $host_error_len (result i32)))
  (import "wapc" "__host_error" (func $host_error (param i32)))

  (memory (export "memory") 2)
  (data (i32.const 0) "kubewarden")
  (data (i32.const 16) "kubernetes")
  (data (i32.const 32) "get_resource")
  (data (i32.const 48) "called twice")
  (global $called (mut i32) (i32.const 0))

  (func (export "__guest_call") (param $operation_length i32) (param $length i32) (result i32)
    (if (global.get $called)
      (then
        (call $guest_error (i32.const 48) (i32.const 12))
        (return (i32.const 0))))
    (global.set $called (i32.const 1))
    (call $guest_request (i32.const 64) (i32.const 1024))
    (if (result i32)
      (call $host_call
        (i32.const 0) (i32.const 10)
        (i32.const 16) (i32.const 10)
        (i32.const 32) (i32.const 12)
        (i32.const 1024) (local.get $length))
      (then
        (call $host_response (i32.const 65536))
        (call $guest_response (i32.const 65536) (call $host_response_len))
        (i32.const 1))
      (else
        (call $host_error (i32.const 65536))
        (call $guest_error (i32.const 65536) (call $host_error_len))
        (i32.const 0)))))
