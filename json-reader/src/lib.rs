//! Reads JSON in one pass, with the position of each value, and writes JSON strings.
//!
//! A [`Reader`] reads values one after the other, and reports the position of each. So a caller can insert members into
//! an object and copy everything else unchanged. Every field and value is kept, including those that the caller did not
//! read.
//!
//! - [`Unreadable`]: an error with the JSON path of the value. The error does not contain the value, which may be a
//!   secret.
//! - [`Field`]: a member that can be missing, `null` or present, and must not occur twice.
//! - [`Reader::members`]: reads an object by a table of its members.
//! - [`RawStr`]: a string that is decoded only on use.
//!
//! Limits: at most [200 levels](DEPTH_LIMIT) of nesting. Time and memory grow linearly with the length of the text.
//! The text must be UTF-8, which `&str` ensures.
//!
//! Why not a library: `docs/decisions/0001-own-json-reader.md`.

#![cfg_attr(not(test), no_std)]

extern crate alloc;

mod bytes;
mod field;
mod invariant;
mod reader;
mod scan;
mod string;
mod unreadable;
mod value;
mod write;

pub use bytes::{is_same, is_utf8, printable_length};
pub use field::{Array, Element, Field, Member, Read};
pub use reader::{Attempt, Brackets, Reader, Span};
pub use scan::DEPTH_LIMIT;
pub use string::RawStr;
pub use unreadable::{KEY_LIMIT, NAME_LIMIT, Result, Segment, Unreadable, path_text};
pub use value::Value;
pub use write::write_string;
