//! Writes types that derive `Serialize` as JSON.
//!
//! Supports the types that the protocol uses: strings, booleans, `u16`, arrays, objects, and JSON text that is copied
//! unchanged ([`JSON_TEXT`]). Other types are an error.
//!
//! `serde_json` would cost 3.6 % more fuel for a typical pod, and make the module 2 KB larger. The numbers are in
//! `docs/decisions/0001-own-json-reader.md`.

use alloc::string::{String, ToString};
use core::fmt::{self, Display, Write as _};

use irsa::json::write_string;
use serde::Serialize;
use serde::ser::{Error as _, Impossible, SerializeMap, SerializeSeq, SerializeStruct, Serializer};

/// The name of a newtype struct whose content is JSON text. The text is copied to the output without quotes.
pub(crate) const JSON_TEXT: &str = "JsonText";

/// Writes a value as JSON. `capacity` is the expected length in bytes.
///
/// INVARIANT: the types of this crate contain only what [`Writer`] supports, so writing them can't fail.
#[expect(clippy::panic, reason = "fails closed: a trap rejects the request, but a wrong answer might accept it")]
pub(crate) fn to_json(value: &impl Serialize, capacity: usize) -> String {
    let mut out = String::with_capacity(capacity);
    match value.serialize(Writer { out: &mut out, is_text: false }) {
        Ok(()) => out,
        Err(Unsupported) => panic!("the JSON writer does not support this type"),
    }
}

/// Appends one value to `out`.
pub(crate) struct Writer<'o> {
    out: &'o mut String,
    /// Whether the value is already JSON text.
    is_text: bool,
}

/// The error for a value whose type is not supported.
#[derive(Debug)]
pub(crate) struct Unsupported;

impl Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unsupported type")
    }
}

impl core::error::Error for Unsupported {}

impl serde::ser::Error for Unsupported {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

/// Defines methods of [`Serializer`] for types that the protocol does not use. They return an error.
macro_rules! unsupported {
    ($($method:ident($($argument:ty),*) -> $output:ty;)*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<$output, Unsupported> {
            Err(Unsupported)
        })*
    };
}

impl<'o> Serializer for Writer<'o> {
    type Ok = ();
    type Error = Unsupported;
    type SerializeSeq = Members<'o>;
    type SerializeMap = Members<'o>;
    type SerializeStruct = Members<'o>;
    type SerializeTuple = Impossible<(), Unsupported>;
    type SerializeTupleStruct = Impossible<(), Unsupported>;
    type SerializeTupleVariant = Impossible<(), Unsupported>;
    type SerializeStructVariant = Impossible<(), Unsupported>;

    fn serialize_bool(self, value: bool) -> Result<(), Unsupported> {
        self.out.push_str(if value { "true" } else { "false" });
        Ok(())
    }

    fn serialize_u16(self, value: u16) -> Result<(), Unsupported> {
        self.out.push_str(&value.to_string());
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), Unsupported> {
        write_string(value, self.out);
        Ok(())
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Unsupported> {
        if !self.is_text {
            return self.serialize_str(&value.to_string());
        }
        write!(self.out, "{value}").map_err(Unsupported::custom)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &str, value: &T) -> Result<(), Unsupported> {
        value.serialize(Writer { is_text: name == JSON_TEXT, ..self })
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unsupported> {
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Members<'o>, Unsupported> {
        Ok(Members::new(self.out, "[", "]"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members<'o>, Unsupported> {
        Ok(Members::new(self.out, "{", "}"))
    }

    fn serialize_struct(self, _: &str, _: usize) -> Result<Members<'o>, Unsupported> {
        self.serialize_map(None)
    }

    unsupported! {
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_unit_variant(&'static str, u32, &'static str) -> ();
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Unsupported> {
        Err(Unsupported)
    }
}

/// Writes the elements of an array, or the members of an object.
pub(crate) struct Members<'o> {
    out: &'o mut String,
    is_first: bool,
    close: &'static str,
}

impl<'o> Members<'o> {
    fn new(out: &'o mut String, open: &str, close: &'static str) -> Self {
        out.push_str(open);
        Self { out, is_first: true, close }
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        value.serialize(Writer { out: self.out, is_text: false })
    }

    fn separate(&mut self) {
        if !core::mem::replace(&mut self.is_first, false) {
            self.out.push(',');
        }
    }

    fn close(self) {
        self.out.push_str(self.close);
    }
}

impl SerializeSeq for Members<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        self.separate();
        self.value(value)
    }

    fn end(self) -> Result<(), Unsupported> {
        self.close();
        Ok(())
    }
}

impl SerializeMap for Members<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unsupported> {
        self.separate();
        self.value(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unsupported> {
        self.out.push(':');
        self.value(value)
    }

    fn end(self) -> Result<(), Unsupported> {
        self.close();
        Ok(())
    }
}

impl SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = Unsupported;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Unsupported> {
        self.separate();
        // The names of fields need no escapes.
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
        self.value(value)
    }

    fn end(self) -> Result<(), Unsupported> {
        self.close();
        Ok(())
    }
}
