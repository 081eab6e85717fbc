//! JSON: reading it, in one pass, with positions; and writing strings.
//!
//! A [`Reader`] pulls values out of a text and tells where each stood, so that an object can later be added to
//! without being written anew: what is not read is not touched. Beside that there are:
//!
//! - errors that name the JSON path at fault and never hold any of the text ([`Unreadable`]);
//! - members that may be absent, `null`, or there, and must not be there twice ([`Field`]).
//!
//! Limits: nesting deeper than [200 levels](DEPTH_LIMIT) is an error. The text must be UTF-8, which the caller has checked.

mod field;
mod reader;
mod scan;
mod string;
mod unreadable;
mod value;
mod write;

pub use field::{Field, List};
pub use reader::{Attempt, Brackets, Reader, Span};
pub use scan::DEPTH_LIMIT;
pub use string::RawStr;
pub use unreadable::{Result, Segment, Unreadable, path_text};
pub use value::Value;
pub use write::write_string;
