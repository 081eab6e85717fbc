//! Checks whether an API server would accept a pod.
//!
//! A pod is decoded into the types of `k8s-openapi`, and encoded again. A field or value that gets lost does not exist
//! in the API. With strict field validation, `kubectl` and API servers reject such a field or value, and duplicate
//! keys.

use std::collections::BTreeSet;
use std::fmt;

use k8s_openapi::api::core::v1::Pod;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// Returns the reasons why an API server would reject the pod. Empty if the API server would accept the pod.
pub fn faults(pod: &str) -> Vec<String> {
    let sent: Value = match serde_json::from_str::<UniqueKeys>(pod).and_then(|_| serde_json::from_str(pod)) {
        Ok(sent) => sent,
        Err(error) => return vec![format!("the object is not valid JSON: {error}")],
    };
    match serde_json::from_str::<Pod>(pod) {
        Ok(decoded) => {
            let kept = serde_json::to_value(decoded).expect("a pod can be encoded");
            let mut faults = Vec::new();
            compare(&sent, &kept, "$", &mut faults);
            faults
        }
        Err(error) => vec![format!("the object is not a pod: {error}")],
    }
}

fn compare(sent: &Value, kept: &Value, path: &str, faults: &mut Vec<String>) {
    match (sent, kept) {
        (Value::Object(sent), Value::Object(kept)) => {
            for (key, value) in sent.iter().filter(|(_, value)| !value.is_null()) {
                match kept.get(key) {
                    Some(kept) => compare(value, kept, &format!("{path}.{key}"), faults),
                    None => faults.push(format!("the API has no field `{path}.{key}`")),
                }
            }
        }
        (Value::Array(sent), Value::Array(kept)) if sent.len() == kept.len() => {
            for (index, (sent, kept)) in sent.iter().zip(kept).enumerate() {
                compare(sent, kept, &format!("{path}[{index}]"), faults);
            }
        }
        _ if sent == kept => {}
        _ => faults.push(format!("the API reads `{path}` as {kept}, but the pod has {sent}")),
    }
}

/// JSON without duplicate keys.
struct UniqueKeys;

impl<'de> Deserialize<'de> for UniqueKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for UniqueKeys {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut keys = BTreeSet::new();
        while let Some((key, _)) = map.next_entry::<String, Self>()? {
            if keys.contains(&key) {
                return Err(Error::custom(format!("duplicate key `{key}`")));
            }
            keys.insert(key);
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self, A::Error> {
        while sequence.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }
}
