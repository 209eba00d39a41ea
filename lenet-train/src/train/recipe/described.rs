//! A group of settings as text.

use serde::Serialize;
use serde_json::Value;

/// Returns the name and the value of each field of a struct, as text: names with spaces, numbers without a trailing ".0",
/// text without quotes.
///
/// # Panics
///
/// Panics if `settings` is not a struct of plain fields.
pub fn described(settings: &impl Serialize) -> impl Iterator<Item = (String, String)> {
    let fields = match serde_json::to_value(settings) {
        Ok(Value::Object(fields)) => fields,
        other => panic!("expected a struct of plain fields, found {other:?}"),
    };
    fields.into_iter().map(|(name, value)| (name.replace('_', " "), plain(&value)))
}

fn plain(value: &Value) -> String {
    match (value.as_str(), value.as_u64(), value.as_f64()) {
        (Some(text), ..) => text.to_owned(),
        (None, Some(count), _) => count.to_string(),
        (None, None, Some(number)) => number.to_string(),
        (None, None, None) => value.to_string(),
    }
}
