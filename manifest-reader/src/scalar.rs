//! Finds the type of a plain (unquoted) scalar, by the rules of `sigs.k8s.io/yaml` (`goyaml.v2/resolve.go`), which
//! kubectl uses.
//!
//! As in kubectl, dates are strings. Integers of more than 64 bits keep their digits.

use std::borrow::Cow;

use crate::node::Value;

/// Returns the value of a plain scalar.
pub fn resolve(text: Cow<'_, str>) -> Value<'_> {
    match text.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Value::Bool(false);
        }
        _ => {}
    }
    match text.bytes().next() {
        Some(b'0'..=b'9' | b'+' | b'-') => {
            let plain = text.replace('_', "");
            integer(&plain).or_else(|| float(&plain)).map_or(Value::String(text), Value::Number)
        }
        // A number that starts with a decimal point must not contain underscores.
        Some(b'.') => float(&text).map_or(Value::String(text), Value::Number),
        _ => Value::String(text),
    }
}

/// Reads an integer: decimal, or with one of the prefixes `0x`, `0o`, `0` and `0b`. Returns JSON. `None` for any other
/// text.
fn integer(text: &str) -> Option<String> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let sign = if is_negative { "-" } else { "" };
    let prefixes = [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2), ("0", 8)];
    for (prefix, radix) in prefixes {
        let Some(rest) = digits.strip_prefix(prefix).filter(|rest| !rest.is_empty()) else { continue };
        if rest.starts_with(['+', '-']) {
            return None;
        }
        let number = u128::from_str_radix(rest, radix).ok()?;
        return Some(if number == 0 { "0".to_owned() } else { format!("{sign}{number}") });
    }
    let is_decimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits {
        "0" => Some("0".to_owned()),
        _ if is_decimal => Some(format!("{sign}{digits}")),
        _ => None,
    }
}

/// Reads a finite decimal number, which can have a fraction and an exponent. Returns JSON. `None` for any other text.
fn float(text: &str) -> Option<String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_is_valid = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && are_digits(exponent)
    });
    if !are_digits(whole) || !are_digits(fraction) || (whole.is_empty() && fraction.is_empty()) || !exponent_is_valid {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    if !number.is_finite() {
        return None;
    }
    // Go writes whole numbers without a fraction in JSON.
    if number.fract() == 0.0 && number.abs() < 1e21 {
        return Some(format!("{number:.0}"));
    }
    serde_json::Number::from_f64(number).map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        let mut json = String::new();
        resolve(Cow::Borrowed(text)).write_json(&mut json);
        json
    }

    /// The expected values were printed by `kubectl annotate --local -o json`.
    #[test]
    fn resolves_scalars_as_kubectl_does() {
        for (text, expected) in [
            ("yes", "true"),
            ("y", "true"),
            ("On", "true"),
            ("n", "false"),
            ("NO", "false"),
            ("tRue", "\"tRue\""),
            ("~", "null"),
            ("Null", "null"),
            ("0777", "511"),
            ("1_000", "1000"),
            ("0o17", "15"),
            ("0x1F", "31"),
            ("0x_1F", "31"),
            ("-0x1F", "-31"),
            ("0b11", "3"),
            ("+0b1", "1"),
            ("0_7", "7"),
            ("08", "8"),
            ("00", "0"),
            ("-0", "0"),
            ("+5", "5"),
            ("4_", "4"),
            ("_1", "\"_1\""),
            ("0x", "\"0x\""),
            ("0o", "\"0o\""),
            ("1e3", "1000"),
            ("1E5", "100000"),
            ("3.", "3"),
            (".5", "0.5"),
            ("-.5", "-0.5"),
            ("1.10", "1.1"),
            ("1.5_0", "1.5"),
            ("1e400", "\"1e400\""),
            ("1.2.3", "\"1.2.3\""),
            (".", "\".\""),
            ("-", "\"-\""),
            ("1e", "\"1e\""),
            ("12:30:45", "\"12:30:45\""),
            ("2001-12-14", "\"2001-12-14\""),
            ("18446744073709551615", "18446744073709551615"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("111122223333", "111122223333"),
            ("<<", "\"<<\""),
            ("=", "\"=\""),
        ] {
            assert_eq!(json(text), expected, "{text}");
        }
    }
}
