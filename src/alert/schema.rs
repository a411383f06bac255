//! Checks documents against `schema/alert.v1.json` in tests: the keywords that the schema uses, and no others.

use regex::Regex;
use serde_json::Value;

/// Panics with the path of the first member that does not fit.
pub(crate) fn assert_valid(document: &str) {
    let text = include_str!("../../schema/alert.v1.json");
    let schema: Value = serde_json::from_str(text).expect("the schema is JSON");
    let document: Value = serde_json::from_str(document).expect("the document is JSON");
    if let Err(problem) = check(&document, &schema, &schema, "$") {
        panic!("{problem}\nin {document:#}");
    }
}

fn check(value: &Value, schema: &Value, root: &Value, at: &str) -> Result<(), String> {
    for (keyword, wanted) in schema
        .as_object()
        .ok_or_else(|| format!("{at}: the schema is no object"))?
    {
        let fits = match keyword.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" | "additionalProperties" => true,
            "$ref" => {
                let path = wanted.as_str().and_then(|path| path.strip_prefix('#'));
                let found = path
                    .and_then(|path| root.pointer(path))
                    .ok_or("a reference to nothing")?;
                check(value, found, root, at)?;
                true
            }
            "type" => has_type(value, wanted),
            "const" => value == wanted,
            "enum" => wanted.as_array().is_some_and(|words| words.contains(value)),
            "minimum" => value.as_f64() >= wanted.as_f64(),
            "minLength" => characters(value) >= wanted.as_u64(),
            "maxLength" => characters(value) <= wanted.as_u64(),
            "pattern" => matches(value, wanted)?,
            "required" => missing(value, wanted).is_none(),
            "properties" => {
                members(value, wanted, schema, root, at)?;
                true
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(item, wanted, root, &format!("{at}[{index}]"))?;
                }
                true
            }
            other => {
                return Err(format!(
                    "{at}: the test does not know the keyword `{other}`"
                ));
            }
        };
        if !fits {
            return Err(format!(
                "{at}: `{keyword}` is {wanted}, but the value is {value}"
            ));
        }
    }
    Ok(())
}

fn members(
    value: &Value,
    wanted: &Value,
    schema: &Value,
    root: &Value,
    at: &str,
) -> Result<(), String> {
    for (name, member) in value.as_object().into_iter().flatten() {
        match wanted.get(name) {
            Some(schema) => check(member, schema, root, &format!("{at}.{name}"))?,
            None if schema["additionalProperties"] == false => {
                return Err(format!("{at}.{name} is not in the schema"));
            }
            None => {}
        }
    }
    Ok(())
}

fn missing<'a>(value: &Value, wanted: &'a Value) -> Option<&'a str> {
    let mut names = wanted
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    names.find(|name| value.get(name).is_none())
}

fn has_type(value: &Value, wanted: &Value) -> bool {
    match wanted.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        _ => false,
    }
}

fn characters(value: &Value) -> Option<u64> {
    value.as_str().map(|text| text.chars().count() as u64)
}

fn matches(value: &Value, wanted: &Value) -> Result<bool, String> {
    let pattern =
        Regex::new(wanted.as_str().unwrap_or_default()).map_err(|error| error.to_string())?;
    Ok(value.as_str().is_some_and(|text| pattern.is_match(text)))
}
