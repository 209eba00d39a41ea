//! Serialization of seeds. Those that exceed `i64`, which TOML cannot represent as integers, are written as text.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum Seed {
    Number(u64),
    Text(String),
}

pub(super) fn serialize<S: Serializer>(seed: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    match i64::try_from(*seed) {
        Ok(_) => serializer.serialize_u64(*seed),
        Err(_) => serializer.collect_str(seed),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    match Seed::deserialize(deserializer) {
        Ok(Seed::Number(seed)) => Ok(seed),
        Ok(Seed::Text(text)) => text.parse().map_err(D::Error::custom),
        Err(_) => Err(D::Error::custom("seed: expected an integer from 0 to 18446744073709551615")),
    }
}
