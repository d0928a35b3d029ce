//! The schema of `--json`, and the part of JSON Schema that it is written in.
//!
//! A keyword that is not known here fails the test, so that no part of the schema goes unchecked.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Map, Value};
use std::fs;
use std::path::Path;

pub(crate) struct Schema(Value);

impl Schema {
    pub(crate) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/events.schema.json");
        Self(serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
    }

    /// Whether a line is one object that the schema allows.
    pub(crate) fn check(&self, line: &str) -> Result<(), String> {
        let value: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        // Every kind has its own schema; errors of the right one say more than "none fits".
        let kind = value["type"].as_str().ok_or("no type")?;
        let own = &self.0["$defs"][kind];
        self.valid(own, &value, kind)?;
        self.valid(&self.0, &value, "")
    }

    fn valid(&self, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
        let schema = schema
            .as_object()
            .ok_or(format!("{at}: not in the schema"))?;
        for (keyword, rule) in schema {
            let fits = match keyword.as_str() {
                "$schema" | "$id" | "$defs" | "title" | "description" => true,
                "$ref" => {
                    let name = rule.as_str().and_then(|path| path.strip_prefix("#/$defs/"));
                    self.valid(&self.0["$defs"][name.unwrap()], value, at)?;
                    true
                }
                "oneOf" => {
                    let rules = rule.as_array().unwrap().iter();
                    rules
                        .filter(|rule| self.valid(rule, value, at).is_ok())
                        .count()
                        == 1
                }
                "const" => value == rule,
                "enum" => rule.as_array().unwrap().contains(value),
                "type" => match rule {
                    Value::Array(names) => names.iter().any(|name| is(name, value)),
                    name => is(name, value),
                },
                "minimum" => value
                    .as_f64()
                    .is_none_or(|number| number >= rule.as_f64().unwrap()),
                "pattern" => unpatterned(rule, value),
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.valid(rule, item, &format!("{at}[{index}]"))?;
                    }
                    true
                }
                "required" => {
                    let has = |key: &Value| value.get(key.as_str().unwrap()).is_some();
                    !value.is_object() || rule.as_array().unwrap().iter().all(has)
                }
                "properties" => {
                    for (key, rule) in rule.as_object().unwrap() {
                        if let Some(value) = value.get(key) {
                            self.valid(rule, value, &format!("{at}.{key}"))?;
                        }
                    }
                    true
                }
                "additionalProperties" => self.others(schema, rule, value, at)?,
                other => return Err(format!("{at}: keyword `{other}` is not checked")),
            };
            if !fits {
                return Err(format!("{at}: {value} does not fit {keyword} {rule}"));
            }
        }
        Ok(())
    }

    fn others(
        &self,
        schema: &Map<String, Value>,
        rule: &Value,
        value: &Value,
        at: &str,
    ) -> Result<bool, String> {
        let known = |key: &String| {
            schema
                .get("properties")
                .is_some_and(|all| all.get(key).is_some())
        };
        for (key, value) in value.as_object().into_iter().flatten() {
            if known(key) {
                continue;
            }
            match rule {
                Value::Bool(false) => return Err(format!("{at}: `{key}` is not in the schema")),
                rule => self.valid(rule, value, &format!("{at}.{key}"))?,
            }
        }
        Ok(true)
    }
}

fn is(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        other => panic!("type `{other}`"),
    }
}

/// The two patterns that the schema has.
fn unpatterned(rule: &Value, value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    match rule.as_str().unwrap() {
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$" => {
            shape == "0000-00-00T00:00:00.000Z"
        }
        "^[0-9a-f]{64}$" => {
            text.len() == 64
                && text
                    .chars()
                    .all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
        }
        other => panic!("pattern `{other}`"),
    }
}
